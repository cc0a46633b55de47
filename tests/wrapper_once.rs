//! What initialisation and barriers order, and what they do not.
#![cfg(race_engine)]

mod wrapper_case;

use std::panic::{AssertUnwindSafe, catch_unwind};

use race::sync::{Barrier, LazyLock, Mutex, Once, OnceLock};
use race::thread;
use wrapper_case::{Place, Steps, one_then_other};

static X: Place = Place::new();
static Y: Place = Place::new();
static STEPS: Steps = Steps::new();

cases! {
    fn clean_once() {
        let once = Once::new();
        one_then_other(
            || once.call_once(|| X.write(1)),
            || {
                once.call_once(|| unreachable!());
                X.read();
            },
        );
    }

    fn clean_once_is_completed() {
        let once = Once::new();
        one_then_other(
            || once.call_once(|| X.write(1)),
            || {
                assert!(once.is_completed());
                X.read();
            },
        );
    }

    fn race_after_once() {
        let once = Once::new();
        one_then_other(
            || {
                once.call_once(|| ());
                X.write(1);
            },
            || {
                once.call_once(|| ());
                X.read();
            },
        );
    }

    fn race_once_not_asked() {
        let once = Once::new();
        one_then_other(|| once.call_once(|| X.write(1)), || assert_eq!(X.read(), 1));
    }

    fn clean_once_poisoned() {
        let once = Once::new();
        one_then_other(
            || {
                let panicking = || {
                    X.write(1);
                    std::panic::resume_unwind(Box::new(()));
                };
                assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(panicking))).is_err());
            },
            || {
                assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(|| ()))).is_err());
                X.write(2);
            },
        );
    }

    fn clean_once_forced() {
        let once = Once::new();
        one_then_other(
            || {
                let panicking = || {
                    X.write(1);
                    std::panic::resume_unwind(Box::new(()));
                };
                assert!(catch_unwind(AssertUnwindSafe(|| once.call_once(panicking))).is_err());
            },
            || {
                once.call_once_force(|state| {
                    assert!(state.is_poisoned());
                    X.write(2);
                });
            },
        );
    }

    fn clean_once_lock() {
        let cell = OnceLock::new();
        one_then_other(
            || {
                cell.get_or_init(|| X.write(1));
            },
            || {
                assert!(cell.get().is_some());
                X.read();
            },
        );
    }

    fn clean_once_lock_set_twice() {
        let cell = OnceLock::new();
        one_then_other(
            || {
                X.write(1);
                cell.set(1).unwrap();
            },
            || {
                assert_eq!(cell.set(2), Err(2));
                X.read();
            },
        );
    }

    fn race_after_once_lock_set() {
        let cell = OnceLock::new();
        one_then_other(
            || {
                cell.set(1).unwrap();
                X.write(1);
            },
            || {
                assert_eq!(cell.get_or_init(|| 2), &1);
                X.read();
            },
        );
    }

    fn race_once_lock_empty() {
        let cell: OnceLock<i32> = OnceLock::new();
        one_then_other(
            || {
                X.write(1);
                assert!(cell.get().is_none());
            },
            || {
                assert!(cell.get().is_none());
                X.read();
            },
        );
    }

    fn clean_lazy_lock() {
        static LAZY: LazyLock<u64> = LazyLock::new(|| {
            X.write(1);
            7
        });
        one_then_other(|| assert_eq!(*LAZY, 7), || assert_eq!(*LAZY + X.read(), 8));
    }

    fn race_after_lazy_lock() {
        static LAZY: LazyLock<u64> = LazyLock::new(|| 7);
        one_then_other(
            || {
                assert_eq!(*LAZY, 7);
                X.write(1);
            },
            || assert_eq!(*LAZY + X.read(), 8),
        );
    }

    fn clean_lazy_lock_poisoned() {
        static LAZY: LazyLock<u64> = LazyLock::new(|| {
            X.write(1);
            std::panic::resume_unwind(Box::new(()))
        });
        one_then_other(
            || assert!(catch_unwind(|| *LAZY).is_err()),
            || {
                assert!(catch_unwind(|| *LAZY).is_err());
                X.write(2);
            },
        );
    }

    fn clean_barrier() {
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                X.write(1);
                barrier.wait();
                Y.read();
            });
            Y.write(1);
            barrier.wait();
            X.read();
        });
    }

    fn race_after_barrier() {
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                X.write(1);
                STEPS.take();
            });
            barrier.wait();
            STEPS.wait_for(1);
            X.write(2);
        });
    }

    /// Two pairs meet at one barrier, one pair after the other: the pairs do not order each other.
    fn race_barrier_of_another_generation() {
        let barrier = Barrier::new(2);
        let pair_is_through = Steps::new();
        thread::scope(|scope| {
            for pair in 0..2 {
                for member in 0..2 {
                    let (barrier, pair_is_through) = (&barrier, &pair_is_through);
                    scope.spawn(move || {
                        pair_is_through.wait_for(2 * pair);
                        if (pair, member) == (0, 0) {
                            X.write(1);
                        }
                        barrier.wait();
                        if (pair, member) == (1, 0) {
                            X.write(2);
                        }
                        pair_is_through.take();
                    });
                }
            }
        });
    }

    fn clean_barrier_again_and_again() {
        let barrier = Barrier::new(2);
        let leaders = Mutex::new(0);
        thread::scope(|scope| {
            for member in 0..2 {
                let (barrier, leaders) = (&barrier, &leaders);
                scope.spawn(move || {
                    for round in 0..50 {
                        if round % 2 == member {
                            X.write(round);
                        }
                        let leads = barrier.wait().is_leader();
                        assert_eq!(X.read(), round);
                        *leaders.lock().unwrap() += usize::from(leads);
                        barrier.wait();
                    }
                });
            }
        });
        assert_eq!(*leaders.lock().unwrap(), 50);
    }
}
