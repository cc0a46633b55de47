//! A test that has the process's slots, and its own thread's state, to itself.

use std::sync::{Mutex, MutexGuard};

use race_rt::start;
use race_rt::thread::{Thread, current};

/// Slots are the process's: one test at a time.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Runs `action` on the running thread's state.
pub fn with<R>(action: impl FnOnce(&mut Thread) -> R) -> R {
    start::ensure();
    action(&mut current::enter().expect("a test's thread is watched"))
}
