//! The ways in which threads of C code end, other than by returning.

use std::ffi::{c_int, c_uint, c_void};

use crate::case::{Place, cases};
use crate::foreign_object::Object;
use crate::invisible;
use crate::pthread;

cases! {
    clean_cancelled_wait clean_thread_exit clean_dead_owner
}

unsafe extern "C-unwind" {
    fn pthread_mutex_init(lock: *mut c_void, attributes: *const c_void) -> c_int;
    fn pthread_mutex_lock(lock: *mut c_void) -> c_int;
    fn pthread_mutex_unlock(lock: *mut c_void) -> c_int;
    fn pthread_mutexattr_init(attributes: *mut c_void) -> c_int;
    fn pthread_mutexattr_setrobust(attributes: *mut c_void, robust: c_int) -> c_int;
    fn pthread_mutex_consistent(lock: *mut c_void) -> c_int;
    fn pthread_detach(thread: usize) -> c_int;
    fn sem_init(semaphore: *mut c_void, shared: c_int, value: c_uint) -> c_int;
    fn sem_wait(semaphore: *mut c_void) -> c_int;
}

static PLACE: Place<u64> = Place::new(0);
static LOCK: Object = Object::new();
static OTHER: Object = Object::new();

extern "C-unwind" fn wait_for_ever(_: *mut c_void) -> *mut c_void {
    PLACE.write(1);
    invisible::advance();
    LOCK.does(sem_wait);
    unreachable!("nobody posts");
}

/// A thread that is cancelled in a wait unwinds through the engine, and its join still orders.
fn clean_cancelled_wait() {
    const CANCELED: *mut c_void = std::ptr::without_provenance_mut(usize::MAX);
    // SAFETY: the object is large enough.
    assert_eq!(unsafe { sem_init(LOCK.address(), 0, 0) }, 0);
    let thread = pthread::create(wait_for_ever);
    invisible::wait(1);
    pthread::cancel(thread);
    assert_eq!(pthread::join(thread), CANCELED);
    PLACE.write(2);
}

extern "C-unwind" fn exit_early(_: *mut c_void) -> *mut c_void {
    PLACE.write(1);
    pthread::exit()
}

fn clean_thread_exit() {
    assert!(pthread::join(pthread::create(exit_early)).is_null());
    PLACE.write(2);
}

extern "C-unwind" fn end_with_lock(_: *mut c_void) -> *mut c_void {
    LOCK.does(pthread_mutex_lock);
    PLACE.write(1);
    invisible::advance();
    std::ptr::null_mut()
}

/// The owner ends without an unlock, and nobody joins it.
fn clean_dead_owner() {
    const ROBUST: c_int = 1;
    const OWNER_DEAD: c_int = 130;
    // SAFETY: the object is large enough for either.
    unsafe {
        assert_eq!(pthread_mutexattr_init(OTHER.address()), 0);
        assert_eq!(pthread_mutexattr_setrobust(OTHER.address(), ROBUST), 0);
        assert_eq!(pthread_mutex_init(LOCK.address(), OTHER.address()), 0);
    }
    let thread = pthread::create(end_with_lock);
    // SAFETY: the thread was created here and is not joined.
    assert_eq!(unsafe { pthread_detach(thread) }, 0);
    invisible::wait(1);
    assert_eq!(LOCK.call(pthread_mutex_lock), OWNER_DEAD);
    PLACE.write(2);
    LOCK.does(pthread_mutex_consistent);
    LOCK.does(pthread_mutex_unlock);
}
