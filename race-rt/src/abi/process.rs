//! Ends of the process that skip its exit handlers, and `vfork`, interposed.
//!
//! A report has been written by then, but the count has not been told and the status does not say that there was one.
//! `abort` and signals that kill need nothing: their status is a failure already.

use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::Relaxed;

use libc::{c_int, pid_t};

use super::next::Next;
use super::told::real;
use crate::finale;
use crate::report::exit;

/// What the program wants to end with, from `quick_exit` to the last of its handlers.
static STATUS: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" {
    fn at_quick_exit(handler: extern "C" fn()) -> c_int;
}

/// Asks the C library to run the end of the engine at a quick exit too: handlers run in reverse, so this one is the last.
pub fn install() {
    // SAFETY: the handler has the right type and lives as long as the process.
    unsafe { at_quick_exit(at_quick_end) };
}

extern "C" fn at_quick_end() {
    exit::leave(finale::at_once(STATUS.load(Relaxed)))
}

/// `_exit`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _exit(status: c_int) -> ! {
    exit::leave(finale::at_once(status))
}

/// `_Exit`, interposed: the same as `_exit`.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _Exit(status: c_int) -> ! {
    exit::leave(finale::at_once(status))
}

/// `quick_exit`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quick_exit(status: c_int) {
    static NEXT: Next = Next::new(c"quick_exit");
    STATUS.store(status, Relaxed);
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(c_int) -> ())(status) }
}

/// `vfork`, interposed: a fork, for what the child does in its parent's memory would pass for the parent's doing.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vfork() -> pid_t {
    // SAFETY: more is allowed to the child of a fork.
    unsafe { libc::fork() }
}
