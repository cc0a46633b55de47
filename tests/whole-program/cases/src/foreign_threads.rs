//! Threads of the C library, made and joined as C code does it.

use std::ffi::{c_int, c_void};

use crate::case::{Place, cases, earlier, later};
use crate::invisible;

cases! {
    clean_c11_thread race_c11_thread_detached clean_try_join race_failed_try_join
}

unsafe extern "C" {
    fn thrd_create(thread: *mut usize, start: extern "C" fn(*mut c_void) -> c_int, argument: *mut c_void) -> c_int;
    fn thrd_join(thread: usize, result: *mut c_int) -> c_int;
    fn thrd_detach(thread: usize) -> c_int;
    fn pthread_tryjoin_np(thread: usize, result: *mut *mut c_void) -> c_int;
}

static PLACE: Place<u64> = Place::new(0);

fn create(start: extern "C" fn(*mut c_void) -> c_int) -> usize {
    let mut thread = 0;
    // SAFETY: the function wants no argument.
    assert_eq!(unsafe { thrd_create(&mut thread, start, std::ptr::null_mut()) }, 0);
    thread
}

extern "C" fn write(_: *mut c_void) -> c_int {
    PLACE.write(PLACE.read() + 1);
    -7
}

fn clean_c11_thread() {
    PLACE.write(1);
    let thread = create(write);
    let mut result = 0;
    // SAFETY: the thread is joined once.
    assert_eq!(unsafe { thrd_join(thread, &mut result) }, 0);
    assert_eq!((result, PLACE.read()), (-7, 2));
}

extern "C" fn write_early_and_stay(_: *mut c_void) -> c_int {
    earlier(|| PLACE.write(1));
    invisible::meet(2);
    0
}

fn race_c11_thread_detached() {
    let thread = create(write_early_and_stay);
    // SAFETY: the thread is not joined.
    assert_eq!(unsafe { thrd_detach(thread) }, 0);
    invisible::wait(1);
    later(|| PLACE.write(2));
    invisible::advance();
}

fn clean_try_join() {
    let thread = create(write);
    // SAFETY: the thread is joined once.
    while unsafe { pthread_tryjoin_np(thread, std::ptr::null_mut()) } != 0 {
        std::thread::yield_now();
    }
    PLACE.write(2);
}

/// Not to have joined yet orders nothing.
fn race_failed_try_join() {
    let thread = create(write_early_and_stay);
    invisible::wait(1);
    // SAFETY: the thread has not ended, so it is not joined here.
    assert_ne!(unsafe { pthread_tryjoin_np(thread, std::ptr::null_mut()) }, 0);
    later(|| PLACE.write(2));
    invisible::advance();
    // SAFETY: the thread is joined once.
    assert_eq!(unsafe { thrd_join(thread, std::ptr::null_mut()) }, 0);
}
