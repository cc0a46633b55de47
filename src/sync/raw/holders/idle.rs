//! In a build without the engine: nothing is kept.

use std::backtrace::Backtrace;
use std::io::Write;
use std::time::Duration;

/// How a lock is held.
#[derive(Clone, Copy, Debug)]
pub(in crate::sync::raw) enum LockKind {
    Mutex,
    Read,
    Write,
}

#[derive(Debug)]
pub(in crate::sync::raw) struct Holders;

impl Holders {
    #[inline(always)]
    pub(in crate::sync::raw) const fn new() -> Holders {
        Holders
    }

    #[inline(always)]
    pub(in crate::sync::raw) fn add(&self, _lock: usize, _kind: LockKind) {}

    #[inline(always)]
    pub(in crate::sync::raw) fn remove(&self) {}

    #[inline(always)]
    pub(in crate::sync::raw) fn lock_again(&self, _wanted: LockKind, _attempt: impl Fn(Duration) -> bool) -> bool {
        false
    }

    /// Ends the process.
    #[cold]
    pub(in crate::sync::raw) fn nothing_to_unlock(&self, kind: LockKind) -> ! {
        let text = format!("fatal: {}\n{}\n", super::unlock_of_unlocked(kind), Backtrace::force_capture());
        // Not the printing macros: a test's output may be captured, and is lost with the process. Nothing is left to be
        // done if stderr is closed.
        let _ = std::io::stderr().write_all(text.as_bytes());
        std::process::exit(2)
    }
}
