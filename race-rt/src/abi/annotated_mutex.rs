//! Locks that announce themselves: ThreadSanitizer's mutex annotations, by which C and C++ code says what a lock of its own
//! making does.
//!
//! An unlock happens before every later lock; a reader's before later write locks only, kept at the lock's second byte as
//! for the C library's read-write locks. What the lock does inside, between `pre` and `post`, is not looked at: neither its
//! accesses nor its atomics, which would order too much or too little. Where it turns to something else meanwhile, it says
//! so (`divert`).
//!
//! Recursion needs no account: who unlocks a lock that is still held orders nobody before the last unlock does.

use std::ffi::{c_int, c_uint};

use super::told::tell;
use crate::sync::addressed;
use crate::thread::ignoring::Ignored;

/// The lock's object does nothing at its end: it may be used afterwards.
const NEVER_ENDS: c_uint = 1 << 0;
/// For a reader.
const READS: c_uint = 1 << 3;
/// The attempt failed.
const FAILED: c_uint = 1 << 5;
/// At the end of the lock's object: it counts only if the lock began with the same flag, which nobody remembers.
const PERHAPS_ENDS: c_uint = 1 << 8;

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Beside other readers.
    Reads,
    /// Alone.
    Writes,
}

impl Hold {
    /// A writer's, or a reader's.
    pub fn of_writer(writes: bool) -> Hold {
        if writes { Hold::Writes } else { Hold::Reads }
    }

    fn of(flags: c_uint) -> Hold {
        Hold::of_writer(flags & READS == 0)
    }
}

/// The lock begins or ends.
pub fn forget(lock: usize) {
    tell(|_| addressed::forget(lock..lock.saturating_add(2)));
}

/// The running thread has the lock now.
pub fn taken(lock: usize, hold: Hold) {
    tell(|thread| {
        thread.acquire_at(lock);
        if hold == Hold::Writes {
            thread.acquire_at(lock.wrapping_add(1));
        }
    });
}

/// The running thread is about to give the lock back.
pub fn given_back(lock: usize, hold: Hold) {
    tell(|thread| thread.release_at(if hold == Hold::Writes { lock } else { lock.wrapping_add(1) }));
}

fn look_away() {
    tell(|thread| {
        thread.ignore();
        thread.begin_ignoring(Ignored::Synchronisation);
    });
}

fn look_again() {
    tell(|thread| {
        thread.heed();
        thread.end_ignoring(Ignored::Synchronisation);
    });
}

/// `__tsan_mutex_create`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_create(lock: usize, _flags: c_uint) {
    forget(lock);
}

/// `__tsan_mutex_destroy`. In doubt the lock lives on: an order too many hides a race, one too few makes a false report.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_destroy(lock: usize, flags: c_uint) {
    if flags & (NEVER_ENDS | PERHAPS_ENDS) == 0 {
        forget(lock);
    }
}

/// `__tsan_mutex_pre_lock`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_pre_lock(_lock: usize, _flags: c_uint) {
    look_away();
}

/// `__tsan_mutex_post_lock`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_post_lock(lock: usize, flags: c_uint, _levels: c_int) {
    look_again();
    if flags & FAILED == 0 {
        taken(lock, Hold::of(flags));
    }
}

/// `__tsan_mutex_pre_unlock`. Returns how many levels of a recursive lock are given back, for the lock to pass on.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_pre_unlock(lock: usize, flags: c_uint) -> c_int {
    given_back(lock, Hold::of(flags));
    look_away();
    1
}

/// `__tsan_mutex_post_unlock`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_post_unlock(_lock: usize, _flags: c_uint) {
    look_again();
}

/// `__tsan_mutex_pre_signal`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_pre_signal(_lock: usize, _flags: c_uint) {
    look_away();
}

/// `__tsan_mutex_post_signal`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_post_signal(_lock: usize, _flags: c_uint) {
    look_again();
}

/// `__tsan_mutex_pre_divert`: within a lock's own doing, something else begins.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_pre_divert(_lock: usize, _flags: c_uint) {
    look_again();
}

/// `__tsan_mutex_post_divert`.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_mutex_post_divert(_lock: usize, _flags: c_uint) {
    look_away();
}
