//! Locks and their like of the C library, used as C code uses them, without a word of std's between.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_uint, c_void};

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::invisible;

cases! {
    clean_foreign_mutex race_two_foreign_mutexes race_foreign_mutex_on_one_side race_failed_foreign_try_lock
    race_after_foreign_unlock clean_foreign_recursive_mutex clean_c11_mutex race_c11_mutex_on_one_side
    clean_spin_lock race_after_spin_unlock
    clean_foreign_read_write_lock clean_foreign_writer_then_reader clean_foreign_reader_then_writer
    race_under_foreign_read_locks race_foreign_readers_do_not_order_readers
    clean_foreign_condition clean_c11_condition race_foreign_condition_outside_mutex
    clean_foreign_once race_after_foreign_once clean_call_once
    clean_foreign_barrier race_after_foreign_barrier
    clean_foreign_semaphore race_foreign_semaphore_with_a_permit race_after_foreign_post clean_foreign_try_wait
    clean_foreign_semaphore_as_lock clean_cancelled_wait clean_thread_exit clean_dead_owner race_new_foreign_mutex_in_old_place
    clean_foreign_mutex_in_turn
}

unsafe extern "C-unwind" {
    fn pthread_mutex_init(lock: *mut c_void, attributes: *const c_void) -> c_int;
    fn pthread_mutex_destroy(lock: *mut c_void) -> c_int;
    fn pthread_mutex_lock(lock: *mut c_void) -> c_int;
    fn pthread_mutex_trylock(lock: *mut c_void) -> c_int;
    fn pthread_mutex_unlock(lock: *mut c_void) -> c_int;
    fn pthread_mutexattr_init(attributes: *mut c_void) -> c_int;
    fn pthread_mutexattr_settype(attributes: *mut c_void, kind: c_int) -> c_int;
    fn pthread_mutexattr_setrobust(attributes: *mut c_void, robust: c_int) -> c_int;
    fn pthread_mutex_consistent(lock: *mut c_void) -> c_int;
    fn pthread_detach(thread: usize) -> c_int;
    fn mtx_init(lock: *mut c_void, kind: c_int) -> c_int;
    fn mtx_lock(lock: *mut c_void) -> c_int;
    fn mtx_unlock(lock: *mut c_void) -> c_int;
    fn cnd_wait(condition: *mut c_void, lock: *mut c_void) -> c_int;
    fn cnd_signal(condition: *mut c_void) -> c_int;
    fn call_once(control: *mut c_void, routine: extern "C" fn());
    fn pthread_spin_init(lock: *mut c_void, shared: c_int) -> c_int;
    fn pthread_spin_lock(lock: *mut c_void) -> c_int;
    fn pthread_spin_unlock(lock: *mut c_void) -> c_int;
    fn pthread_rwlock_rdlock(lock: *mut c_void) -> c_int;
    fn pthread_rwlock_wrlock(lock: *mut c_void) -> c_int;
    fn pthread_rwlock_unlock(lock: *mut c_void) -> c_int;
    fn pthread_cond_wait(condition: *mut c_void, lock: *mut c_void) -> c_int;
    fn pthread_cond_broadcast(condition: *mut c_void) -> c_int;
    fn pthread_once(control: *mut c_void, routine: extern "C" fn()) -> c_int;
    fn pthread_barrier_init(barrier: *mut c_void, attributes: *const c_void, count: c_uint) -> c_int;
    fn pthread_barrier_wait(barrier: *mut c_void) -> c_int;
    fn sem_init(semaphore: *mut c_void, shared: c_int, value: c_uint) -> c_int;
    fn sem_wait(semaphore: *mut c_void) -> c_int;
    fn sem_trywait(semaphore: *mut c_void) -> c_int;
    fn sem_post(semaphore: *mut c_void) -> c_int;
    fn pthread_create(
        thread: *mut usize,
        attributes: *const c_void,
        start: extern "C-unwind" fn(*mut c_void) -> *mut c_void,
        argument: *mut c_void,
    ) -> c_int;
    fn pthread_exit(result: *mut c_void) -> !;
    fn pthread_cancel(thread: usize) -> c_int;
    fn pthread_join(thread: usize, result: *mut *mut c_void) -> c_int;
}

/// Room for any object of the C library; all zero is a mutex, a condition, a lock that nobody holds.
#[repr(C, align(64))]
struct Object(UnsafeCell<[u8; 64]>);

// SAFETY: only the C library's functions work on it, which are made for several threads.
unsafe impl Sync for Object {}

impl Object {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; 64]))
    }

    /// What `operation` returns for this object.
    fn call(&self, operation: unsafe extern "C-unwind" fn(*mut c_void) -> c_int) -> c_int {
        // SAFETY: the object is of the operation's type, and lives.
        unsafe { operation(self.0.get().cast()) }
    }

    /// Runs `operation`, which succeeds.
    fn does(&self, operation: unsafe extern "C-unwind" fn(*mut c_void) -> c_int) {
        assert_eq!(self.call(operation), 0);
    }

    fn address(&self) -> *mut c_void {
        self.0.get().cast()
    }
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

fn begin_c11_mutex() {
    // SAFETY: the object is large enough, and zero is the plain kind.
    assert_eq!(unsafe { mtx_init(LOCK.address(), 0) }, 0);
}

fn clean_c11_mutex() {
    begin_c11_mutex();
    side_by_side(c11_add, c11_add);
}

fn race_c11_mutex_on_one_side() {
    begin_c11_mutex();
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
    begin_c11_mutex();
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

extern "C-unwind" fn wait_for_ever(_: *mut c_void) -> *mut c_void {
    PLACE.write(1);
    invisible::advance();
    LOCK.does(sem_wait);
    unreachable!("nobody posts");
}

/// A thread that is cancelled in a wait unwinds through the engine, and its join still orders.
fn clean_cancelled_wait() {
    const CANCELED: *mut c_void = std::ptr::without_provenance_mut(usize::MAX);
    begin_semaphore(0);
    let thread = create(wait_for_ever);
    invisible::wait(1);
    // SAFETY: the thread lives, and its function holds nothing that has to be dropped.
    assert_eq!(unsafe { pthread_cancel(thread) }, 0);
    assert_eq!(join(thread), CANCELED);
    PLACE.write(2);
}

extern "C-unwind" fn exit_early(_: *mut c_void) -> *mut c_void {
    PLACE.write(1);
    // SAFETY: the function holds nothing that has to be dropped.
    unsafe { pthread_exit(std::ptr::null_mut()) }
}

fn clean_thread_exit() {
    assert!(join(create(exit_early)).is_null());
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
    let thread = create(end_with_lock);
    // SAFETY: the thread was created here and is not joined.
    assert_eq!(unsafe { pthread_detach(thread) }, 0);
    invisible::wait(1);
    assert_eq!(LOCK.call(pthread_mutex_lock), OWNER_DEAD);
    PLACE.write(2);
    LOCK.does(pthread_mutex_consistent);
    LOCK.does(pthread_mutex_unlock);
}

fn create(start: extern "C-unwind" fn(*mut c_void) -> *mut c_void) -> usize {
    let mut thread = 0;
    // SAFETY: the function wants no argument.
    assert_eq!(unsafe { pthread_create(&mut thread, std::ptr::null(), start, std::ptr::null_mut()) }, 0);
    thread
}

fn join(thread: usize) -> *mut c_void {
    let mut result = std::ptr::null_mut();
    // SAFETY: the thread was created here and is joined once.
    assert_eq!(unsafe { pthread_join(thread, &mut result) }, 0);
    result
}
