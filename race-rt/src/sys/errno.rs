//! The running thread's `errno`, which the program must find as it left it.

/// Its value.
pub fn current() -> libc::c_int {
    // SAFETY: the address is that of the running thread's own errno.
    unsafe { *libc::__errno_location() }
}

/// Tells the program of an error.
pub fn set(value: libc::c_int) {
    // SAFETY: as for `current`.
    unsafe { *libc::__errno_location() = value }
}

/// Runs `action` and puts `errno` back to what it was before.
pub fn keep<R>(action: impl FnOnce() -> R) -> R {
    let before = current();
    let result = action();
    set(before);
    result
}
