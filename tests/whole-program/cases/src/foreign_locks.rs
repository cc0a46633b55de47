//! Locks of the C library, used as C code uses them, without a word of std's between.

use std::ffi::{c_int, c_void};

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::foreign_object::Object;
use crate::invisible;

cases! {
    clean_foreign_mutex race_two_foreign_mutexes race_foreign_mutex_on_one_side race_failed_foreign_try_lock
    race_after_foreign_unlock clean_foreign_recursive_mutex clean_c11_mutex race_c11_mutex_on_one_side
    clean_spin_lock race_after_spin_unlock clean_foreign_read_write_lock clean_foreign_writer_then_reader
    clean_foreign_reader_then_writer race_under_foreign_read_locks race_foreign_readers_do_not_order_readers
    race_new_foreign_mutex_in_old_place clean_foreign_mutex_in_turn
}

unsafe extern "C-unwind" {
    fn pthread_mutex_init(lock: *mut c_void, attributes: *const c_void) -> c_int;
    fn pthread_mutex_destroy(lock: *mut c_void) -> c_int;
    fn pthread_mutex_lock(lock: *mut c_void) -> c_int;
    fn pthread_mutex_trylock(lock: *mut c_void) -> c_int;
    fn pthread_mutex_unlock(lock: *mut c_void) -> c_int;
    fn pthread_mutexattr_init(attributes: *mut c_void) -> c_int;
    fn pthread_mutexattr_settype(attributes: *mut c_void, kind: c_int) -> c_int;
    fn mtx_lock(lock: *mut c_void) -> c_int;
    fn mtx_unlock(lock: *mut c_void) -> c_int;
    fn pthread_spin_init(lock: *mut c_void, shared: c_int) -> c_int;
    fn pthread_spin_lock(lock: *mut c_void) -> c_int;
    fn pthread_spin_unlock(lock: *mut c_void) -> c_int;
    fn pthread_rwlock_rdlock(lock: *mut c_void) -> c_int;
    fn pthread_rwlock_wrlock(lock: *mut c_void) -> c_int;
    fn pthread_rwlock_unlock(lock: *mut c_void) -> c_int;
}

static PLACE: Place<u64> = Place::new(0);
static LOCK: Object = Object::new();
static OTHER: Object = Object::new();

fn add() {
    PLACE.write(PLACE.read() + 1);
}

fn add_locked() {
    for _ in 0..1000 {
        LOCK.does(pthread_mutex_lock);
        add();
        LOCK.does(pthread_mutex_unlock);
    }
}

fn clean_foreign_mutex() {
    side_by_side(add_locked, add_locked);
    assert_eq!(PLACE.read(), 2000);
}

fn clean_foreign_mutex_in_turn() {
    in_order(add_locked, add_locked);
}

fn race_two_foreign_mutexes() {
    let write = || {
        OTHER.does(pthread_mutex_lock);
        PLACE.write(1);
        OTHER.does(pthread_mutex_unlock);
    };
    in_order(write, add_locked);
}

fn race_foreign_mutex_on_one_side() {
    in_order(add_locked, || PLACE.write(1));
}

fn race_after_foreign_unlock() {
    let write = || {
        LOCK.does(pthread_mutex_lock);
        LOCK.does(pthread_mutex_unlock);
        PLACE.write(1);
    };
    in_order(write, add_locked);
}

/// A destroyed mutex passes nothing on to the next one at its address.
fn race_new_foreign_mutex_in_old_place() {
    let second = || {
        LOCK.does(pthread_mutex_destroy);
        // SAFETY: the memory is the mutex's, and nobody uses it.
        assert_eq!(unsafe { pthread_mutex_init(LOCK.address(), std::ptr::null()) }, 0);
        LOCK.does(pthread_mutex_lock);
        PLACE.write(1);
        LOCK.does(pthread_mutex_unlock);
    };
    in_order(add_locked, second);
}

/// To fail to get a lock orders nothing.
fn race_failed_foreign_try_lock() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            LOCK.does(pthread_mutex_lock);
            LOCK.does(pthread_mutex_unlock);
            earlier(|| PLACE.write(1));
            LOCK.does(pthread_mutex_lock);
            invisible::meet(2);
            LOCK.does(pthread_mutex_unlock);
        });
        invisible::wait(1);
        assert_ne!(LOCK.call(pthread_mutex_trylock), 0);
        later(|| PLACE.write(2));
        invisible::advance();
    });
}

fn clean_foreign_recursive_mutex() {
    const RECURSIVE: c_int = 1;
    // SAFETY: the object is large enough for either.
    unsafe {
        assert_eq!(pthread_mutexattr_init(OTHER.address()), 0);
        assert_eq!(pthread_mutexattr_settype(OTHER.address(), RECURSIVE), 0);
        assert_eq!(pthread_mutex_init(LOCK.address(), OTHER.address()), 0);
    }
    let add_twice_locked = || {
        for _ in 0..1000 {
            LOCK.does(pthread_mutex_lock);
            LOCK.does(pthread_mutex_lock);
            add();
            LOCK.does(pthread_mutex_unlock);
            add();
            LOCK.does(pthread_mutex_unlock);
        }
    };
    side_by_side(add_twice_locked, add_twice_locked);
    assert_eq!(PLACE.read(), 4000);
}

fn c11_add() {
    for _ in 0..1000 {
        LOCK.does(mtx_lock);
        add();
        LOCK.does(mtx_unlock);
    }
}

fn clean_c11_mutex() {
    LOCK.begin_c11_mutex();
    side_by_side(c11_add, c11_add);
}

fn race_c11_mutex_on_one_side() {
    LOCK.begin_c11_mutex();
    in_order(c11_add, || PLACE.write(1));
}

fn begin_spin_lock() {
    // SAFETY: the object is large enough.
    assert_eq!(unsafe { pthread_spin_init(LOCK.address(), 0) }, 0);
}

fn add_spinning() {
    for _ in 0..100 {
        LOCK.does(pthread_spin_lock);
        add();
        LOCK.does(pthread_spin_unlock);
    }
}

fn clean_spin_lock() {
    begin_spin_lock();
    side_by_side(add_spinning, add_spinning);
}

fn race_after_spin_unlock() {
    begin_spin_lock();
    let write = || {
        LOCK.does(pthread_spin_lock);
        LOCK.does(pthread_spin_unlock);
        PLACE.write(1);
    };
    in_order(write, add_spinning);
}

fn locked_for_reading(action: impl FnOnce()) {
    LOCK.does(pthread_rwlock_rdlock);
    action();
    LOCK.does(pthread_rwlock_unlock);
}

fn locked_for_writing(action: impl FnOnce()) {
    LOCK.does(pthread_rwlock_wrlock);
    action();
    LOCK.does(pthread_rwlock_unlock);
}

fn clean_foreign_read_write_lock() {
    let use_it = || {
        for _ in 0..300 {
            locked_for_writing(add);
            locked_for_reading(|| _ = PLACE.read());
        }
    };
    side_by_side(use_it, use_it);
    assert_eq!(PLACE.read(), 600);
}

fn clean_foreign_writer_then_reader() {
    in_order(|| locked_for_writing(add), || locked_for_reading(|| _ = PLACE.read()));
}

fn clean_foreign_reader_then_writer() {
    in_order(|| locked_for_reading(|| _ = PLACE.read()), || locked_for_writing(add));
}

fn race_under_foreign_read_locks() {
    in_order(|| locked_for_reading(|| PLACE.write(1)), || locked_for_reading(|| _ = PLACE.read()));
}

/// What was done before a read lock is not ordered before what is done after another reader's.
fn race_foreign_readers_do_not_order_readers() {
    let write = || {
        PLACE.write(1);
        locked_for_reading(|| {});
    };
    let read = || {
        locked_for_reading(|| {});
        PLACE.write(2);
    };
    in_order(write, read);
}
