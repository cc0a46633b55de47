//! What threads wait for in the C library, used as C code uses it: conditions, initialisation, barriers, semaphores.

use std::ffi::{c_int, c_uint, c_void};

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::foreign_object::Object;
use crate::invisible;

cases! {
    clean_foreign_condition clean_c11_condition race_foreign_condition_outside_mutex clean_foreign_once
    race_after_foreign_once clean_call_once clean_foreign_barrier race_after_foreign_barrier
    clean_foreign_semaphore race_foreign_semaphore_with_a_permit race_after_foreign_post clean_foreign_try_wait
    clean_foreign_semaphore_as_lock
}

unsafe extern "C-unwind" {
    fn pthread_mutex_lock(lock: *mut c_void) -> c_int;
    fn pthread_mutex_unlock(lock: *mut c_void) -> c_int;
    fn mtx_lock(lock: *mut c_void) -> c_int;
    fn mtx_unlock(lock: *mut c_void) -> c_int;
    fn cnd_wait(condition: *mut c_void, lock: *mut c_void) -> c_int;
    fn cnd_signal(condition: *mut c_void) -> c_int;
    fn call_once(control: *mut c_void, routine: extern "C" fn());
    fn pthread_cond_wait(condition: *mut c_void, lock: *mut c_void) -> c_int;
    fn pthread_cond_broadcast(condition: *mut c_void) -> c_int;
    fn pthread_once(control: *mut c_void, routine: extern "C" fn()) -> c_int;
    fn pthread_barrier_init(barrier: *mut c_void, attributes: *const c_void, count: c_uint) -> c_int;
    fn pthread_barrier_wait(barrier: *mut c_void) -> c_int;
    fn sem_init(semaphore: *mut c_void, shared: c_int, value: c_uint) -> c_int;
    fn sem_wait(semaphore: *mut c_void) -> c_int;
    fn sem_trywait(semaphore: *mut c_void) -> c_int;
    fn sem_post(semaphore: *mut c_void) -> c_int;
}

static PLACE: Place<u64> = Place::new(0);
static LOCK: Object = Object::new();

fn add() {
    PLACE.write(PLACE.read() + 1);
}

static CHANGED: Object = Object::new();
static READY: Place<bool> = Place::new(false);

fn clean_foreign_condition() {
    let write = || {
        PLACE.write(1);
        LOCK.does(pthread_mutex_lock);
        READY.write(true);
        CHANGED.does(pthread_cond_broadcast);
        LOCK.does(pthread_mutex_unlock);
    };
    let read = || {
        LOCK.does(pthread_mutex_lock);
        invisible::advance();
        while !READY.read() {
            // SAFETY: the mutex is locked.
            assert_eq!(unsafe { pthread_cond_wait(CHANGED.address(), LOCK.address()) }, 0);
        }
        LOCK.does(pthread_mutex_unlock);
        PLACE.write(2);
    };
    let late = || {
        invisible::wait(1);
        write();
    };
    side_by_side(read, late);
}

fn clean_c11_condition() {
    LOCK.begin_c11_mutex();
    let write = || {
        invisible::wait(1);
        PLACE.write(1);
        LOCK.does(mtx_lock);
        READY.write(true);
        CHANGED.does(cnd_signal);
        LOCK.does(mtx_unlock);
    };
    let read = || {
        LOCK.does(mtx_lock);
        invisible::advance();
        while !READY.read() {
            // SAFETY: the mutex is locked.
            assert_eq!(unsafe { cnd_wait(CHANGED.address(), LOCK.address()) }, 0);
        }
        LOCK.does(mtx_unlock);
        PLACE.write(2);
    };
    side_by_side(write, read);
}

/// The notification itself orders nothing: only the mutex does, and the write comes after its unlock.
fn race_foreign_condition_outside_mutex() {
    let write = || {
        LOCK.does(pthread_mutex_lock);
        READY.write(true);
        LOCK.does(pthread_mutex_unlock);
        PLACE.write(1);
        CHANGED.does(pthread_cond_broadcast);
    };
    let read = || {
        LOCK.does(pthread_mutex_lock);
        while !READY.read() {
            // SAFETY: the mutex is locked.
            assert_eq!(unsafe { pthread_cond_wait(CHANGED.address(), LOCK.address()) }, 0);
        }
        LOCK.does(pthread_mutex_unlock);
        PLACE.write(2);
    };
    in_order(write, read);
}

extern "C" fn initialise() {
    PLACE.write(1);
}

fn once() {
    // SAFETY: the object is one for initialisation.
    assert_eq!(unsafe { pthread_once(LOCK.address(), initialise) }, 0);
}

fn clean_foreign_once() {
    in_order(once, || {
        once();
        _ = PLACE.read();
    });
}

fn clean_call_once() {
    let once = || {
        // SAFETY: the object is one for initialisation.
        unsafe { call_once(LOCK.address(), initialise) };
        _ = PLACE.read();
    };
    side_by_side(once, once);
}

/// Only the initialisation is ordered before the returns, not what comes after it.
fn race_after_foreign_once() {
    let write = || {
        once();
        PLACE.write(2);
    };
    in_order(write, || {
        once();
        PLACE.write(3);
    });
}

fn begin_barrier() {
    // SAFETY: the object is large enough.
    assert_eq!(unsafe { pthread_barrier_init(LOCK.address(), std::ptr::null(), 2) }, 0);
}

fn meet() {
    assert!(matches!(LOCK.call(pthread_barrier_wait), 0 | -1));
}

fn clean_foreign_barrier() {
    begin_barrier();
    let one = || {
        for _ in 0..100 {
            add();
            meet();
            meet();
        }
    };
    let other = || {
        for _ in 0..100 {
            meet();
            add();
            meet();
        }
    };
    side_by_side(one, other);
    assert_eq!(PLACE.read(), 200);
}

fn race_after_foreign_barrier() {
    begin_barrier();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            meet();
            earlier(|| PLACE.write(1));
            invisible::meet(2);
        });
        meet();
        invisible::wait(1);
        later(|| PLACE.write(2));
        invisible::advance();
    });
}

fn begin_semaphore(value: c_uint) {
    // SAFETY: the object is large enough.
    assert_eq!(unsafe { sem_init(LOCK.address(), 0, value) }, 0);
}

fn write_and_post() {
    PLACE.write(1);
    LOCK.does(sem_post);
}

fn wait_and_write() {
    LOCK.does(sem_wait);
    PLACE.write(2);
}

fn clean_foreign_semaphore() {
    begin_semaphore(0);
    side_by_side(write_and_post, wait_and_write);
}

/// The wait may just as well have taken the permit that was there from the beginning.
fn race_foreign_semaphore_with_a_permit() {
    begin_semaphore(1);
    in_order(write_and_post, wait_and_write);
}

fn race_after_foreign_post() {
    begin_semaphore(0);
    let post_and_write = || {
        LOCK.does(sem_post);
        PLACE.write(1);
    };
    in_order(post_and_write, wait_and_write);
}

fn clean_foreign_try_wait() {
    begin_semaphore(0);
    let read = || {
        while LOCK.call(sem_trywait) != 0 {
            std::thread::yield_now();
        }
        PLACE.write(2);
    };
    side_by_side(write_and_post, read);
}

fn clean_foreign_semaphore_as_lock() {
    begin_semaphore(1);
    let add_held = || {
        for _ in 0..500 {
            LOCK.does(sem_wait);
            add();
            LOCK.does(sem_post);
        }
    };
    side_by_side(add_held, add_held);
}
