//! A thread's last step, noticed where nobody else announces it: the destructor of a key of the C library's, which runs
//! after the destructors of thread-locals and puts itself off to the last round, because other keys' destructors run
//! the program's code too.
//!
//! Can miss: accesses of another key's destructor that also waits for the last round.

use std::ffi::c_void;
use std::sync::OnceLock;

use super::current;

/// Rounds of key destructors that the C library runs.
const ROUNDS: usize = 4;

/// From now on the running thread's end is noticed. Takes no lock and allocates nothing once the key exists, so it may
/// be called from within an allocation.
pub fn watch() {
    // SAFETY: the key is valid; the value counts the rounds of destructors.
    unsafe { libc::pthread_setspecific(key(), ROUNDS as *const c_void) };
}

/// The key, made when the engine starts, while few others exist: the C library keeps the values of the first ones in
/// the thread itself.
pub fn key() -> libc::pthread_key_t {
    static KEY: OnceLock<libc::pthread_key_t> = OnceLock::new();
    *KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the destructor has the right type.
        unsafe { libc::pthread_key_create(&mut key, Some(round)) };
        key
    })
}

extern "C" fn round(left: *mut c_void) {
    match left as usize {
        0 | 1 => current::end(),
        // SAFETY: the key is valid; a value that is not null brings another round.
        left => unsafe {
            libc::pthread_setspecific(key(), (left - 1) as *const c_void);
        },
    }
}
