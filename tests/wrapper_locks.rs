//! What mutexes, reader-writer locks and condition variables order, and what they do not.
#![cfg(race_engine)]

mod wrapper_case;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use race::sync::{Condvar, Mutex, RwLock, RwLockWriteGuard};
use race::thread;
use wrapper_case::{Place, Steps, one_then_other};

static X: Place = Place::new();
static Y: Place = Place::new();
static STEPS: Steps = Steps::new();

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
}
