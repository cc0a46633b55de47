//! Raw locks, with or without the engine: whom they let in, and how a process ends that unlocks what is not locked.

mod wrapper_case;

use std::sync::atomic::{AtomicUsize, Ordering};

use race::sync::raw;
use race::thread;
use wrapper_case::{Outcome, Steps, in_own_process};

static MUTEX: raw::Mutex = raw::Mutex::new();
static LOCK: raw::RwLock = raw::RwLock::new();

/// The case `name` must end with status 2, and with `message` and a stack from `function` on on stderr.
fn fatal(name: &str, body: fn(), message: &str, function: &str) {
    let Some(Outcome { status, text }) = in_own_process(name, body) else { return };
    assert_eq!(status, 2, "{name}:\n{text}");
    let (_, after) = text.split_once(&format!("fatal: {message}\n")).unwrap_or_else(|| panic!("{name}:\n{text}"));
    let stack = after.lines().next().unwrap_or_default();
    if cfg!(race_engine) {
        assert_eq!(stack, format!("  wrapper_raw::{function}()"), "{name}:\n{text}");
    } else {
        assert!(after.contains(&format!("wrapper_raw::{function}\n")), "{name}:\n{text}");
    }
}

#[test]
fn an_unlock_of_an_unlocked_mutex_is_fatal() {
    #[inline(never)]
    fn unlock_twice() {
        MUTEX.lock();
        MUTEX.unlock();
        let caught = std::panic::catch_unwind(|| MUTEX.unlock());
        unreachable!("caught {caught:?}");
    }
    fatal(
        "an_unlock_of_an_unlocked_mutex_is_fatal",
        unlock_twice,
        "unlock of unlocked mutex",
        "an_unlock_of_an_unlocked_mutex_is_fatal::unlock_twice::{{closure}}",
    );
}

#[test]
fn a_read_unlock_of_an_unread_lock_is_fatal() {
    #[inline(never)]
    fn unlock_wrongly() {
        LOCK.write_lock();
        LOCK.read_unlock();
    }
    fatal(
        "a_read_unlock_of_an_unread_lock_is_fatal",
        unlock_wrongly,
        "read unlock of unlocked rwlock",
        "a_read_unlock_of_an_unread_lock_is_fatal::unlock_wrongly",
    );
}

#[test]
fn a_write_unlock_of_an_unwritten_lock_is_fatal() {
    #[inline(never)]
    fn unlock_wrongly() {
        LOCK.read_lock();
        LOCK.write_unlock();
    }
    fatal(
        "a_write_unlock_of_an_unwritten_lock_is_fatal",
        unlock_wrongly,
        "write unlock of unlocked rwlock",
        "a_write_unlock_of_an_unwritten_lock_is_fatal::unlock_wrongly",
    );
}

#[test]
fn of_two_unlocks_at_once_one_is_fatal() {
    const NAME: &str = "of_two_unlocks_at_once_one_is_fatal";
    fn unlock_at_once() {
        let ready = Steps::new();
        MUTEX.lock();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    ready.take();
                    ready.wait_for(2);
                    MUTEX.unlock();
                });
            }
        });
        unreachable!("both passed");
    }
    let Some(Outcome { status, text }) = in_own_process(NAME, unlock_at_once) else { return };
    assert_eq!((status, text.matches("fatal: unlock of unlocked mutex\n").count()), (2, 1), "{text}");
}

#[test]
fn one_at_a_time_has_the_mutex() {
    let lock = raw::Mutex::new();
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    lock.lock();
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    lock.unlock();
                }
            });
        }
    });
    assert_eq!(most.into_inner(), 1);
    assert_eq!(format!("{lock:?}"), "Mutex { locked: false, .. }");
}

#[test]
fn attempts_succeed_where_nothing_is_in_the_way() {
    let lock = raw::Mutex::default();
    assert!(lock.try_lock());
    assert!(!lock.try_lock());
    lock.unlock();
    assert!(lock.try_lock());

    let lock = raw::RwLock::default();
    assert!(lock.try_read_lock() && lock.try_read_lock() && !lock.try_write_lock());
    assert_eq!(format!("{lock:?}"), "RwLock { readers: 2, written: false, .. }");
    lock.read_unlock();
    assert!(!lock.try_write_lock());
    lock.read_unlock();
    assert!(lock.try_write_lock() && !lock.try_read_lock() && !lock.try_write_lock());
    assert_eq!(format!("{lock:?}"), "RwLock { readers: 0, written: true, .. }");
    lock.write_unlock();
    lock.read_lock();
}

#[test]
fn readers_wait_behind_a_waiting_writer() {
    let lock = raw::RwLock::new();
    let written = AtomicUsize::new(0);
    lock.read_lock();
    thread::scope(|scope| {
        scope.spawn(|| {
            lock.write_lock();
            written.store(1, Ordering::SeqCst);
            lock.write_unlock();
        });
        while lock.try_read_lock() {
            lock.read_unlock();
            thread::yield_now();
        }
        scope.spawn(|| {
            lock.read_lock();
            assert_eq!(written.load(Ordering::SeqCst), 1);
            lock.read_unlock();
        });
        lock.read_unlock();
    });
}

#[test]
fn any_thread_may_unlock() {
    let (mutex, lock) = (raw::Mutex::new(), raw::RwLock::new());
    mutex.lock();
    lock.write_lock();
    thread::scope(|scope| {
        scope.spawn(|| {
            mutex.unlock();
            lock.write_unlock();
        });
    });
    mutex.lock();
    lock.read_lock();
    lock.read_lock();
    thread::scope(|scope| {
        scope.spawn(|| lock.read_unlock());
        scope.spawn(|| lock.read_unlock());
    });
    lock.write_lock();
}
