//! What semaphores order, and what they do not.
#![cfg(race_engine)]

mod wrapper_case;

use std::time::Duration;

use race::sync::Semaphore;
use race::thread;
use wrapper_case::{Place, Steps, one_then_other};

static X: Place = Place::new();
static Y: Place = Place::new();
static STEPS: Steps = Steps::new();

/// Writes `place` under so many permits.
fn write_under(semaphore: &Semaphore, permits: usize, place: &Place) {
    let _permits = semaphore.access(permits);
    place.write(1);
}

cases! {
    fn clean_semaphore_of_one() {
        let semaphore = Semaphore::new(1);
        one_then_other(|| write_under(&semaphore, 1, &X), || write_under(&semaphore, 1, &X));
    }

    fn race_semaphore_of_two() {
        let semaphore = Semaphore::new(2);
        one_then_other(|| write_under(&semaphore, 1, &X), || write_under(&semaphore, 1, &X));
    }

    fn clean_all_permits_at_once() {
        let semaphore = Semaphore::new(100);
        one_then_other(|| write_under(&semaphore, 100, &X), || write_under(&semaphore, 100, &X));
    }

    /// 60 + 60 > 100: the two exclude each other.
    fn clean_overlap() {
        let semaphore = Semaphore::new(100);
        one_then_other(|| write_under(&semaphore, 60, &X), || write_under(&semaphore, 60, &X));
    }

    /// 50 + 50 = 100: they do not.
    fn race_no_overlap() {
        let semaphore = Semaphore::new(100);
        one_then_other(|| write_under(&semaphore, 50, &X), || write_under(&semaphore, 50, &X));
    }

    fn clean_readers_and_writer() {
        let semaphore = Semaphore::new(2);
        write_under(&semaphore, 2, &X);
        one_then_other(
            || {
                let _reader = semaphore.access(1);
                X.read();
            },
            || {
                let _reader = semaphore.access(1);
                X.read();
            },
        );
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let _reader = semaphore.access(1);
                X.read();
                STEPS.take();
            });
            STEPS.wait_for(1);
            write_under(&semaphore, 2, &X);
            reader.join().unwrap();
        });
    }

    fn race_write_among_readers() {
        let semaphore = Semaphore::new(2);
        write_under(&semaphore, 2, &X);
        one_then_other(
            || {
                let _reader = semaphore.access(1);
                X.read();
            },
            || write_under(&semaphore, 1, &X),
        );
    }

    fn clean_waits_for_its_permit() {
        let semaphore = Semaphore::new(1);
        thread::scope(|scope| {
            let holder = semaphore.access(1);
            scope.spawn(|| write_under(&semaphore, 1, &X));
            scope.spawn(|| write_under(&semaphore, 1, &X));
            X.write(1);
            drop(holder);
        });
        X.read();
    }

    /// The permits that come back in parts are those that were taken together.
    fn clean_given_back_in_parts() {
        let semaphore = Semaphore::new(2);
        one_then_other(
            || {
                semaphore.acquire(2);
                X.write(1);
                semaphore.release(1);
                semaphore.release(1);
            },
            || write_under(&semaphore, 1, &X),
        );
    }

    /// The second part is given back after the permit that the other has got.
    fn race_between_the_parts() {
        let semaphore = Semaphore::new(2);
        one_then_other(
            || {
                semaphore.acquire(2);
                semaphore.release(1);
                X.write(1);
                semaphore.release(1);
            },
            || write_under(&semaphore, 1, &X),
        );
    }

    fn clean_released_by_another() {
        let semaphore = Semaphore::new(1);
        semaphore.acquire(1);
        one_then_other(
            || {
                X.write(1);
                semaphore.release(1);
            },
            || write_under(&semaphore, 1, &X),
        );
    }

    fn race_after_release() {
        let semaphore = Semaphore::new(1);
        one_then_other(
            || {
                drop(semaphore.access(1));
                X.write(1);
            },
            || write_under(&semaphore, 1, &X),
        );
    }

    fn race_attempts_that_fail() {
        let semaphore = Semaphore::new(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _permit = semaphore.access(1);
                X.write(1);
                STEPS.take();
                STEPS.wait_for(2);
            });
            STEPS.wait_for(1);
            assert!(!semaphore.try_acquire(1) && semaphore.try_access(1).is_none());
            assert!(!semaphore.acquire_timeout(1, Duration::from_millis(1)));
            assert_eq!(semaphore.available(), 0);
            X.write(2);
            STEPS.take();
        });
    }

    fn clean_attempts_that_succeed() {
        let semaphore = Semaphore::new(1);
        one_then_other(
            || {
                assert!(semaphore.try_acquire(1));
                X.write(1);
                semaphore.release(1);
            },
            || {
                assert!(semaphore.acquire_timeout(1, Duration::from_secs(60)));
                X.write(2);
                semaphore.release(1);
                drop(semaphore.try_access(1).unwrap());
            },
        );
    }

    /// Asking for no permit orders nothing.
    fn race_no_permit() {
        let semaphore = Semaphore::new(1);
        one_then_other(|| write_under(&semaphore, 0, &X), || write_under(&semaphore, 0, &X));
    }

    /// A permit goes on with what its former holders passed on to each other.
    fn clean_passed_on() {
        let semaphore = Semaphore::new(1);
        thread::scope(|scope| {
            scope.spawn(|| {
                write_under(&semaphore, 1, &X);
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(1);
                write_under(&semaphore, 1, &Y);
                STEPS.take();
            });
            STEPS.wait_for(2);
            let _permit = semaphore.access(1);
            assert_eq!(X.read() + Y.read(), 2);
        });
    }

    /// Three of four permits exclude each other, whoever else holds the fourth.
    fn clean_busy() {
        let semaphore = Semaphore::new(4);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..100).for_each(|_| write_under(&semaphore, 3, &X)));
                scope.spawn(|| (0..100).for_each(|_| drop(semaphore.access(1))));
            }
        });
    }
}
