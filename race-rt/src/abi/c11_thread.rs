//! C11's threads, interposed: POSIX threads by other names, whose function returns a number.

use libc::{c_int, c_void, pthread_t};

use super::pthread::{self, Start, pthread_detach, pthread_join};
use super::with_return_address;

/// What C11's function says instead of an error number.
#[derive(Clone, Copy, Debug)]
#[repr(i32)]
enum Outcome {
    Success = 0,
    Error = 2,
    NoMemory = 3,
}

impl Outcome {
    fn of(status: c_int) -> c_int {
        let outcome = match status {
            0 => Outcome::Success,
            libc::ENOMEM => Outcome::NoMemory,
            _ => Outcome::Error,
        };
        outcome as c_int
    }
}

extern "C" fn create(
    to: *mut pthread_t,
    start: extern "C" fn(*mut c_void) -> c_int,
    argument: *mut c_void,
    pc: usize,
) -> c_int {
    // SAFETY: the number is returned in the register of the pointer; who asks for the result looks at the number's half.
    let start = unsafe { std::mem::transmute::<extern "C" fn(*mut c_void) -> c_int, Start>(start) };
    Outcome::of(pthread::create(to, std::ptr::null(), start, argument, pc))
}

/// `thrd_join`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thrd_join(thread: pthread_t, result: *mut c_int) -> c_int {
    let mut pointer = std::ptr::null_mut();
    // SAFETY: the caller's thread, and a place of our own.
    let status = unsafe { pthread_join(thread, &mut pointer) };
    if status == 0 && !result.is_null() {
        // SAFETY: the caller's place for the result.
        unsafe { result.write(pointer as usize as c_int) };
    }
    Outcome::of(status)
}

/// `thrd_detach`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn thrd_detach(thread: pthread_t) -> c_int {
    // SAFETY: passed on from the caller.
    Outcome::of(unsafe { pthread_detach(thread) })
}

with_return_address! {
    thrd_create => create, "rcx";
}
