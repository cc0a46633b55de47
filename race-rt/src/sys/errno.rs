//! The running thread's `errno`, which the program must find as it left it.

/// Its value.
pub fn current() -> libc::c_int {
    // SAFETY: the address is that of the running thread's own errno.
    unsafe { *libc::__errno_location() }
}

/// Runs `action` and puts `errno` back to what it was before.
pub fn keep<R>(action: impl FnOnce() -> R) -> R {
    // SAFETY: the address is that of the running thread's own errno.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: as above; it stays valid as long as the thread runs.
    let before = unsafe { *place };
    let result = action();
    // SAFETY: as above.
    unsafe { *place = before };
    result
}
