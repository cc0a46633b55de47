//! Barriers of the C library, interposed: every arrival happens before every departure of the same generation.
//!
//! Can miss: a thread that is slow to depart may also learn of arrivals of the next generation.

use libc::{c_int, c_uint, pthread_barrier_t, pthread_barrierattr_t};

use super::next::Next;
use super::told::{acquires, forgets, real, releases};

type Barrier = *mut pthread_barrier_t;

/// `pthread_barrier_wait`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_barrier_wait(barrier: Barrier) -> c_int {
    static NEXT: Next = Next::new(c"pthread_barrier_wait");
    releases(barrier);
    // SAFETY: the type is right and the arguments are the caller's.
    let result = unsafe { real!(NEXT: fn(Barrier) -> c_int)(barrier) };
    acquires(barrier);
    result
}

/// `pthread_barrier_init`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_barrier_init(
    barrier: Barrier,
    attributes: *const pthread_barrierattr_t,
    count: c_uint,
) -> c_int {
    static NEXT: Next = Next::new(c"pthread_barrier_init");
    forgets(barrier, size_of::<pthread_barrier_t>());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Barrier, *const pthread_barrierattr_t, c_uint) -> c_int)(barrier, attributes, count) }
}
