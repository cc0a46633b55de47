//! What the locks order, and what they do not.
#![cfg(race_engine)]

mod wrapper_case;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use race::sync::{Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, RwLockWriteGuard};
use race::thread;
use wrapper_case::{Place, Steps};

static X: Place = Place::new();
static Y: Place = Place::new();
static STEPS: Steps = Steps::new();

/// Runs the two in threads of their own, one after the other in time, and unordered as far as the detector sees.
fn one_then_other(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    static TURN: Steps = Steps::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            one();
            TURN.take();
        });
        scope.spawn(|| {
            TURN.wait_for(1);
            other();
        });
    });
}

cases! {
    fn race_no_lock() {
        one_then_other(|| X.write(1), || X.write(2));
    }

    fn clean_mutex() {
        let lock = Mutex::new(());
        one_then_other(
            || {
                let _guard = lock.lock().unwrap();
                X.write(1);
            },
            || {
                let _guard = lock.lock().unwrap();
                X.write(2);
            },
        );
    }

    fn clean_mutex_before_and_after() {
        let lock = Mutex::new(());
        one_then_other(
            || {
                X.write(1);
                drop(lock.lock().unwrap());
            },
            || {
                drop(lock.lock().unwrap());
                X.write(2);
            },
        );
    }

    fn race_after_unlock() {
        let lock = Mutex::new(());
        one_then_other(
            || {
                drop(lock.lock().unwrap());
                X.write(1);
            },
            || {
                let _guard = lock.lock().unwrap();
                X.write(2);
            },
        );
    }

    fn race_two_mutexes() {
        let (one, other) = (Mutex::new(()), Mutex::new(()));
        one_then_other(
            || {
                let _guard = one.lock().unwrap();
                X.write(1);
            },
            || {
                let _guard = other.lock().unwrap();
                X.write(2);
            },
        );
    }

    fn clean_try_lock() {
        let lock = Mutex::new(());
        one_then_other(
            || {
                let _guard = lock.try_lock().unwrap();
                X.write(1);
            },
            || {
                let _guard = lock.try_lock().unwrap();
                X.write(2);
            },
        );
    }

    fn race_try_lock_failed() {
        let lock = Mutex::new(());
        one_then_other(
            || {
                X.write(1);
                drop(lock.lock().unwrap());
                std::mem::forget(lock.lock());
            },
            || {
                assert!(lock.try_lock().is_err());
                X.write(2);
            },
        );
    }

    fn clean_mutex_poisoned() {
        let lock = Mutex::new(());
        one_then_other(
            || {
                let panicked = catch_unwind(AssertUnwindSafe(|| {
                    let _guard = lock.lock().unwrap();
                    X.write(1);
                    std::panic::resume_unwind(Box::new(()));
                }));
                assert!(panicked.is_err());
            },
            || {
                let _guard = lock.lock().unwrap_err().into_inner();
                X.write(2);
            },
        );
        assert!(lock.is_poisoned());
    }

    /// Formatting looks into the mutex, in order.
    fn clean_mutex_debug() {
        struct Shown(Place);
        impl std::fmt::Debug for Shown {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.read().fmt(formatter)
            }
        }
        let lock = Mutex::new(Shown(Place::new()));
        one_then_other(
            || lock.lock().unwrap().0.write(7),
            || assert_eq!(format!("{lock:?}"), "Mutex { data: 7, poisoned: false, .. }"),
        );
    }

    fn clean_writer_then_reader() {
        let lock = RwLock::new(());
        one_then_other(
            || {
                let _guard = lock.write().unwrap();
                X.write(1);
            },
            || {
                let _guard = lock.read().unwrap();
                X.read();
            },
        );
    }

    fn clean_reader_then_writer() {
        let lock = RwLock::new(());
        one_then_other(
            || {
                let _guard = lock.read().unwrap();
                X.read();
            },
            || {
                let _guard = lock.write().unwrap();
                X.write(1);
            },
        );
    }

    fn clean_writers() {
        let lock = RwLock::new(());
        one_then_other(
            || {
                let _guard = lock.try_write().unwrap();
                X.write(1);
            },
            || {
                let _guard = lock.write().unwrap();
                X.write(2);
            },
        );
    }

    fn race_readers_do_not_order_readers() {
        let lock = RwLock::new(());
        one_then_other(
            || {
                let _guard = lock.read().unwrap();
                X.write(1);
            },
            || {
                let _guard = lock.read().unwrap();
                X.write(2);
            },
        );
    }

    /// Each reader's unlock reaches the writer, not the last one's only.
    fn clean_many_readers_then_writer() {
        let lock = RwLock::new(());
        let done = Steps::new();
        thread::scope(|scope| {
            for place in [&X, &Y] {
                let (lock, done) = (&lock, &done);
                scope.spawn(move || {
                    let guard = lock.read().unwrap();
                    place.write(1);
                    drop(guard);
                    done.take();
                });
            }
            done.wait_for(2);
            let _guard = lock.write().unwrap();
            X.write(2);
            Y.write(2);
        });
    }

    /// A reader's unlock reaches a later reader through a writer.
    fn clean_reader_writer_reader() {
        let lock = RwLock::new(());
        one_then_other(
            || {
                X.write(1);
                drop(lock.read().unwrap());
            },
            || {
                drop(lock.write().unwrap());
                drop(lock.try_read().unwrap());
                X.write(2);
            },
        );
    }

    fn race_try_write_failed() {
        let lock = RwLock::new(());
        one_then_other(
            || {
                X.write(1);
                drop(lock.write().unwrap());
                std::mem::forget(lock.read());
            },
            || {
                assert!(lock.try_write().is_err());
                X.write(2);
            },
        );
    }

    fn clean_downgrade() {
        let lock = RwLock::new(());
        let reading = Steps::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = lock.write().unwrap();
                X.write(1);
                let _guard = RwLockWriteGuard::downgrade(guard);
                reading.take();
                reading.wait_for(2);
            });
            reading.wait_for(1);
            let guard = lock.read().unwrap();
            X.read();
            drop(guard);
            reading.take();
        });
    }

    fn race_after_downgrade() {
        let lock = RwLock::new(());
        let reading = Steps::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _guard = RwLockWriteGuard::downgrade(lock.write().unwrap());
                X.write(1);
                reading.take();
                reading.wait_for(2);
            });
            reading.wait_for(1);
            let guard = lock.read().unwrap();
            X.read();
            drop(guard);
            reading.take();
        });
    }

    fn clean_condvar() {
        let (lock, changed) = (Mutex::new(false), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = changed.wait_while(lock.lock().unwrap(), |ready| !*ready).unwrap();
                X.write(2);
                drop(guard);
            });
            let mut guard = lock.lock().unwrap();
            X.write(1);
            *guard = true;
            drop(guard);
            changed.notify_all();
        });
    }

    /// While one waits, the lock is free: what the waiter did before reaches who has it then.
    fn clean_condvar_wait_unlocks() {
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut guard = lock.lock().unwrap();
                X.write(1);
                *guard = 1;
                while *guard == 1 {
                    let (next, timeout) = changed.wait_timeout(guard, Duration::from_secs(60)).unwrap();
                    assert!(!timeout.timed_out());
                    guard = next;
                }
                X.write(3);
            });
            loop {
                let mut guard = lock.lock().unwrap();
                if *guard == 1 {
                    X.write(2);
                    *guard = 2;
                    changed.notify_one();
                    break;
                }
            }
        });
    }

    fn race_notified_without_lock() {
        let (lock, changed) = (Mutex::new(false), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = lock.lock().unwrap();
                STEPS.take();
                let guard = changed.wait(guard).unwrap();
                drop(guard);
                X.write(2);
            });
            STEPS.wait_for(1);
            drop(lock.lock().unwrap());
            X.write(1);
            changed.notify_all();
        });
    }

    fn clean_condvar_by_time() {
        let (lock, changed) = (Mutex::new(()), Condvar::new());
        one_then_other(
            || {
                X.write(1);
                drop(lock.lock().unwrap());
            },
            || {
                let guard = lock.lock().unwrap();
                let (guard, timeout) =
                    changed.wait_timeout_while(guard, Duration::from_millis(1), |()| true).unwrap();
                assert!(timeout.timed_out());
                drop(guard);
                X.write(2);
            },
        );
    }

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
