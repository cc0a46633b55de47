//! What raw locks order, and what they do not.
#![cfg(race_engine)]

mod wrapper_case;

use race::sync::raw;
use race::thread;
use wrapper_case::{Place, Steps, one_then_other};

static MUTEX: raw::Mutex = raw::Mutex::new();
static LOCK: raw::RwLock = raw::RwLock::new();
static X: Place = Place::new();
static STEPS: Steps = Steps::new();

cases! {
    fn clean_mutex() {
        let write = || {
            MUTEX.lock();
            X.write(1);
            MUTEX.unlock();
        };
        one_then_other(write, write);
    }

    fn race_after_unlock() {
        one_then_other(
            || {
                MUTEX.lock();
                MUTEX.unlock();
                X.write(1);
            },
            || {
                MUTEX.lock();
                X.write(2);
                MUTEX.unlock();
            },
        );
    }

    fn clean_try_lock() {
        one_then_other(
            || {
                assert!(MUTEX.try_lock());
                X.write(1);
                MUTEX.unlock();
            },
            || {
                assert!(MUTEX.try_lock());
                X.write(2);
            },
        );
    }

    fn race_try_lock_failed() {
        one_then_other(
            || {
                X.write(1);
                MUTEX.lock();
                MUTEX.unlock();
                MUTEX.lock();
            },
            || {
                assert!(!MUTEX.try_lock());
                X.write(2);
            },
        );
    }

    /// Who unlocks for another hands its work over, also to who locked before.
    fn clean_handover() {
        MUTEX.lock();
        let worker = thread::spawn(|| {
            X.write(1);
            MUTEX.unlock();
        });
        MUTEX.lock();
        X.write(2);
        worker.join().unwrap();
    }

    fn race_after_handover() {
        MUTEX.lock();
        let worker = thread::spawn(|| {
            MUTEX.unlock();
            X.write(1);
            STEPS.take();
        });
        STEPS.wait_for(1);
        MUTEX.lock();
        X.write(2);
        worker.join().unwrap();
    }

    /// Locking releases nothing: what the holder did is not published by the other who unlocks.
    fn race_unlock_by_another_is_its_own_release() {
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                MUTEX.lock();
                X.write(1);
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(2);
                MUTEX.unlock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(3);
                MUTEX.lock();
                X.write(2);
            });
            STEPS.take();
        });
    }

    /// An unlock reaches every later lock, not only the next.
    fn clean_unlock_by_another_keeps_former_unlocks() {
        thread::scope(|scope| {
            scope.spawn(|| {
                X.write(1);
                MUTEX.lock();
                MUTEX.unlock();
                MUTEX.lock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(1);
                MUTEX.unlock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(2);
                MUTEX.lock();
                X.write(2);
            });
        });
    }

    fn clean_writer_then_reader() {
        one_then_other(
            || {
                LOCK.write_lock();
                X.write(1);
                LOCK.write_unlock();
            },
            || {
                LOCK.read_lock();
                X.read();
            },
        );
    }

    fn clean_reader_then_writer() {
        one_then_other(
            || {
                assert!(LOCK.try_read_lock());
                X.read();
                LOCK.read_unlock();
            },
            || {
                assert!(LOCK.try_write_lock());
                X.write(1);
            },
        );
    }

    fn race_readers_do_not_order_readers() {
        let write = || {
            LOCK.read_lock();
            X.write(1);
            LOCK.read_unlock();
        };
        one_then_other(write, write);
    }

    /// What the lock keeps of its holders grows and shrinks in threads that nothing orders.
    fn clean_many_readers_at_once() {
        for _ in 0..3 {
            let lock = raw::RwLock::new();
            let inside = Steps::new();
            thread::scope(|scope| {
                for _ in 0..12 {
                    scope.spawn(|| {
                        lock.read_lock();
                        inside.take();
                        inside.wait_for(12);
                        lock.read_unlock();
                    });
                }
            });
        }
    }

    fn race_try_read_lock_failed() {
        one_then_other(
            || {
                X.write(1);
                LOCK.write_lock();
                LOCK.write_unlock();
                LOCK.write_lock();
            },
            || {
                assert!(!LOCK.try_read_lock());
                X.write(2);
            },
        );
    }

    /// The writer's lock is given back by one who knows nothing of the reader.
    fn clean_write_unlock_by_another_keeps_readers() {
        thread::scope(|scope| {
            scope.spawn(|| {
                LOCK.read_lock();
                X.read();
                LOCK.read_unlock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(1);
                LOCK.write_lock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(2);
                LOCK.write_unlock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(3);
                LOCK.write_lock();
                X.write(1);
            });
        });
    }

    /// The twin of the one above: one more reader does not learn of the first.
    fn race_write_unlock_by_another_publishes_no_readers() {
        thread::scope(|scope| {
            scope.spawn(|| {
                STEPS.wait_for(1);
                LOCK.read_lock();
                X.read();
                LOCK.read_unlock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(2);
                LOCK.write_lock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(3);
                LOCK.write_unlock();
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(4);
                LOCK.read_lock();
                X.write(1);
            });
            STEPS.take();
        });
    }

    /// The holder waits for much longer than it takes to look for a self-deadlock, and is handed the lock.
    fn clean_handover_that_takes_long() {
        for _ in 0..2 {
            MUTEX.lock();
            let worker = thread::spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(300));
                MUTEX.unlock();
            });
            MUTEX.lock();
            MUTEX.unlock();
            worker.join().unwrap();
        }
    }

    /// Places of the code are what tells races apart, not the locks held there.
    fn race_under_ever_other_locks_is_one() {
        let locks = [const { raw::Mutex::new() }; 4];
        let places = [const { Place::new() }; 4];
        let write_all = || {
            for (lock, place) in locks.iter().zip(&places) {
                lock.lock();
                place.write(1);
                lock.unlock();
            }
        };
        let others = [const { raw::Mutex::new() }; 4];
        one_then_other(write_all, || {
            for (lock, place) in others.iter().zip(&places) {
                lock.lock();
                place.write(1);
                lock.unlock();
            }
        });
    }
}
