//! Threads of the C library, as C code makes and ends them.

use std::ffi::{c_int, c_void};

/// What a thread does.
pub type Start = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

unsafe extern "C-unwind" {
    fn pthread_create(thread: *mut usize, attributes: *const c_void, start: Start, argument: *mut c_void) -> c_int;
    fn pthread_join(thread: usize, result: *mut *mut c_void) -> c_int;
    fn pthread_cancel(thread: usize) -> c_int;
    fn pthread_exit(result: *mut c_void) -> !;
}

/// A new thread, which gets no argument.
pub fn create(start: Start) -> usize {
    let mut thread = 0;
    // SAFETY: the function wants no argument.
    assert_eq!(unsafe { pthread_create(&mut thread, std::ptr::null(), start, std::ptr::null_mut()) }, 0);
    thread
}

/// Waits for the end of a thread, which is joined once, and returns its result.
pub fn join(thread: usize) -> *mut c_void {
    let mut result = std::ptr::null_mut();
    // SAFETY: the thread was created by `create` and is joined once.
    assert_eq!(unsafe { pthread_join(thread, &mut result) }, 0);
    result
}

/// Asks a thread to end that lives, and has nothing to drop.
pub fn cancel(thread: usize) {
    // SAFETY: as said above.
    assert_eq!(unsafe { pthread_cancel(thread) }, 0);
}

/// Ends the calling thread, none of whose frames has anything to drop.
pub fn exit() -> ! {
    // SAFETY: as said above.
    unsafe { pthread_exit(std::ptr::null_mut()) }
}
