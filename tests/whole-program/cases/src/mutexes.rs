//! Mutex and condition variable.

use std::sync::{Condvar, Mutex};
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::invisible;

cases! {
    clean_mutex race_two_mutexes race_mutex_on_one_side clean_try_lock race_failed_try_lock race_after_unlock
    clean_poisoned_mutex clean_contended_mutex clean_condvar clean_condvar_timeout race_condvar_outside_mutex
}

static PLACE: Place<u64> = Place::new(0);
static LOCK: Mutex<()> = Mutex::new(());

fn add_locked() {
    for _ in 0..1000 {
        let _guard = LOCK.lock().unwrap();
        PLACE.write(PLACE.read() + 1);
    }
}

fn clean_mutex() {
    side_by_side(add_locked, add_locked);
    assert_eq!(PLACE.read(), 2000);
}

fn race_two_mutexes() {
    static OTHER: Mutex<()> = Mutex::new(());
    let write = || {
        let _guard = OTHER.lock().unwrap();
        PLACE.write(1);
    };
    in_order(write, add_locked);
}

fn race_mutex_on_one_side() {
    in_order(add_locked, || PLACE.write(1));
}

fn clean_try_lock() {
    let add = || {
        for _ in 0..1000 {
            let _guard = loop {
                match LOCK.try_lock() {
                    Ok(guard) => break guard,
                    Err(_) => thread::yield_now(),
                }
            };
            PLACE.write(PLACE.read() + 1);
        }
    };
    side_by_side(add, add);
    assert_eq!(PLACE.read(), 2000);
}

/// To fail to get a lock orders nothing.
fn race_failed_try_lock() {
    thread::scope(|scope| {
        scope.spawn(|| {
            earlier(|| PLACE.write(1));
            let _guard = LOCK.lock().unwrap();
            invisible::meet(2);
        });
        invisible::wait(1);
        assert!(LOCK.try_lock().is_err());
        later(|| PLACE.write(2));
        invisible::advance();
    });
}

/// What comes after the unlock is not ordered before the next lock.
fn race_after_unlock() {
    let write = || {
        drop(LOCK.lock().unwrap());
        PLACE.write(1);
    };
    in_order(write, add_locked);
}

fn clean_poisoned_mutex() {
    std::panic::set_hook(Box::new(|_| {}));
    let child = thread::spawn(|| {
        let _guard = LOCK.lock().unwrap();
        PLACE.write(1);
        invisible::advance();
        panic!("expected");
    });
    invisible::wait(1);
    let _guard = LOCK.lock().unwrap_err();
    PLACE.write(2);
    assert!(child.join().is_err());
}

/// Eight threads hold the lock long enough for the others to sleep on it.
fn clean_contended_mutex() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let _guard = LOCK.lock().unwrap();
                    PLACE.write(PLACE.read() + 1);
                    thread::yield_now();
                }
            });
        }
    });
    assert_eq!(PLACE.read(), 800);
}

static CHANGED: Condvar = Condvar::new();
static READY: Mutex<bool> = Mutex::new(false);

fn clean_condvar() {
    let write = || {
        PLACE.write(1);
        *READY.lock().unwrap() = true;
        CHANGED.notify_one();
    };
    let read = || {
        let ready = READY.lock().unwrap();
        let _ready = CHANGED.wait_while(ready, |ready| !*ready).unwrap();
        PLACE.write(2);
    };
    side_by_side(write, read);
}

fn clean_condvar_timeout() {
    let write = || {
        PLACE.write(1);
        *READY.lock().unwrap() = true;
        CHANGED.notify_all();
    };
    let read = || {
        let mut ready = READY.lock().unwrap();
        while !*ready {
            ready = CHANGED.wait_timeout(ready, std::time::Duration::from_millis(1)).unwrap().0;
        }
        PLACE.write(2);
    };
    side_by_side(write, read);
}

/// The notification itself orders nothing: only the mutex does, and the write comes after its unlock.
fn race_condvar_outside_mutex() {
    let write = || {
        *READY.lock().unwrap() = true;
        PLACE.write(1);
        CHANGED.notify_all();
    };
    let read = || {
        let ready = READY.lock().unwrap();
        let ready = CHANGED.wait_while(ready, |ready| !*ready).unwrap();
        drop(ready);
        PLACE.write(2);
    };
    in_order(write, read);
}
