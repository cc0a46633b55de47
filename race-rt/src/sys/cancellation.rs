//! Requests to end the running thread, put off: reading files is a place at which the C library heeds them, and the engine's
//! work must not end half-way, with its locks held.

use libc::c_int;

unsafe extern "C" {
    fn pthread_setcancelstate(new: c_int, old: *mut c_int) -> c_int;
}

/// Runs `action`, in which the thread is not ended.
pub fn put_off<R>(action: impl FnOnce() -> R) -> R {
    const DISABLED: c_int = 1;
    let mut before = 0;
    // SAFETY: the place is valid.
    unsafe { pthread_setcancelstate(DISABLED, &mut before) };
    let result = action();
    // SAFETY: as above.
    unsafe { pthread_setcancelstate(before, &mut before) };
    result
}
