//! Once, OnceLock and LazyLock.

use std::sync::{LazyLock, Once, OnceLock};
use std::thread;

use crate::case::{Place, cases, in_order};
use crate::invisible;

cases! {
    clean_once clean_once_lock clean_lazy_lock clean_once_poisoned clean_once_waiting
    race_after_once race_after_once_lock race_before_lazy_lock race_once_not_completed
}

static PLACE: Place<u64> = Place::new(0);

/// Runs `body` in four threads at once.
fn in_four_threads(body: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(&body);
        }
    });
}

fn clean_once() {
    static ONCE: Once = Once::new();
    in_four_threads(|| {
        ONCE.call_once(|| PLACE.write(1));
        assert_eq!(PLACE.read(), 1);
    });
}

fn clean_once_lock() {
    static CELL: OnceLock<Box<u64>> = OnceLock::new();
    in_four_threads(|| {
        let number = CELL.get_or_init(|| {
            PLACE.write(7);
            Box::new(7)
        });
        assert_eq!(**number, PLACE.read());
    });
    assert_eq!(CELL.get().map(|number| **number), Some(7));
}

fn clean_lazy_lock() {
    static LAZY: LazyLock<Vec<u64>> = LazyLock::new(|| {
        PLACE.write(3);
        vec![1, 2, 3]
    });
    in_four_threads(|| assert_eq!(LAZY.len() as u64, PLACE.read()));
}

/// The threads come while the initialiser is at work, and sleep until it has ended.
fn clean_once_waiting() {
    static ONCE: Once = Once::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            ONCE.call_once(|| {
                invisible::advance();
                invisible::wait(3);
                PLACE.write(1);
            });
        });
        for _ in 0..2 {
            scope.spawn(|| {
                invisible::wait(1);
                invisible::advance();
                ONCE.wait();
                assert_eq!(PLACE.read(), 1);
            });
        }
    });
}

/// A poisoned `Once` still orders what its initialiser did.
fn clean_once_poisoned() {
    static ONCE: Once = Once::new();
    std::panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        let initialiser = scope.spawn(|| {
            let result = std::panic::catch_unwind(|| {
                ONCE.call_once(|| {
                    PLACE.write(1);
                    panic!("expected");
                });
            });
            assert!(result.is_err());
            invisible::meet(2);
        });
        invisible::wait(1);
        ONCE.call_once_force(|state| {
            assert!(state.is_poisoned());
            PLACE.write(PLACE.read() + 1);
        });
        invisible::advance();
        initialiser.join().unwrap();
    });
}

/// What the initialising thread does after the initialiser has ended is not ordered.
fn race_after_once() {
    static ONCE: Once = Once::new();
    let write = || {
        ONCE.call_once(|| ());
        PLACE.write(1);
    };
    let read = || {
        ONCE.call_once(|| unreachable!());
        PLACE.read();
    };
    in_order(write, read);
}

fn race_after_once_lock() {
    static CELL: OnceLock<u64> = OnceLock::new();
    let write = || {
        CELL.set(1).unwrap();
        PLACE.write(1);
    };
    let read = || {
        assert_eq!(CELL.get(), Some(&1));
        PLACE.read();
    };
    in_order(write, read);
}

/// The initialiser is ordered before those who use the value, but nothing is ordered before the initialiser.
fn race_before_lazy_lock() {
    static LAZY: LazyLock<u64> = LazyLock::new(|| PLACE.read());
    in_order(|| PLACE.write(1), || assert_eq!(*LAZY, 1));
}

/// To see that the initialiser is not done yet orders nothing.
fn race_once_not_completed() {
    static ONCE: Once = Once::new();
    let write = || {
        assert!(!ONCE.is_completed());
        PLACE.write(1);
    };
    let read = || {
        assert!(!ONCE.is_completed());
        PLACE.read();
    };
    in_order(write, read);
}
