//! `mop_test.go`, part: what calls return into several places, locks that a callee takes and leaves held, unwinding.

use std::hint::black_box;
use std::panic::catch_unwind;

use race::channel::bounded;
use race::sync::raw::Mutex;

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

fn two_numbers() -> (i32, i32) {
    (42, 43)
}

/// Takes the lock and leaves it held.
fn lock_and_double(lock: &Mutex, number: i32) -> i32 {
    lock.lock();
    number * 2
}

/// Writes when it is dropped.
struct Deferred(*mut i32);

impl Drop for Deferred {
    #[race::instrument]
    fn drop(&mut self) {
        // SAFETY: nothing orders it with the other's, which is what the case is about.
        unsafe { *self.0 += 1 };
    }
}

/// Divides by zero, and writes while that unwinds and after.
#[race::instrument]
fn divide_and_recover(x: usize) {
    let x = x as *mut i32;
    let panicked = catch_unwind(move || {
        let _deferred = Deferred(x);
        consume(black_box(1) / black_box(0));
    });
    assert!(panicked.is_err());
    // SAFETY: as above.
    unsafe { *x += 2 };
}

crate::suite! {
    "mop_test.go";

    "TestRacePanic" => fn race_panic() {
        std::panic::set_hook(Box::new(|_| {}));
        let x = variable(0_i32).expose_provenance();
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            divide_and_recover(x);
            done.send(true).unwrap();
        });
        go(move || {
            divide_and_recover(x);
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceFuncUnlock" => fn no_race_func_unlock() {
        static LOCK: Mutex = Mutex::new();
        let x = variable(0_i32);
        let (done, finished) = bounded(1);
        go(move || {
            *x = lock_and_double(&LOCK, 21);
            LOCK.unlock();
            done.send(true).unwrap();
        });
        *x = lock_and_double(&LOCK, 42);
        LOCK.unlock();
        finished.recv().unwrap();
    }

    "TestRaceFuncCall" => fn race_func_call() {
        let add = |one: i32, other: i32| one + other;
        let (x, y) = (1_i32, variable(0_i32));
        let (done, finished) = bounded(1);
        go(move || {
            *y = 2;
            done.send(true).unwrap();
        });
        consume(add(x, *y));
        finished.recv().unwrap();
    }

    "TestRaceBlockCall1" => fn race_block_call_1() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            (*x, *y) = two_numbers();
            done.send(true).unwrap();
        });
        consume(*x);
        finished.recv().unwrap();
    }

    "TestRaceBlockCall2" => fn race_block_call_2() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            (*x, *y) = two_numbers();
            done.send(true).unwrap();
        });
        consume(*y);
        finished.recv().unwrap();
    }

    "TestRaceBlockCall3" => fn race_block_call_3() {
        let (x, y) = (variable(variable(0_i32)), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            (**x, *y) = two_numbers();
            done.send(true).unwrap();
        });
        consume(**x);
        finished.recv().unwrap();
    }

    "TestRaceBlockCall5" => fn race_block_call_5() {
        let (x, y) = (variable(variable(0_i32)), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            (**x, *y) = two_numbers();
            done.send(true).unwrap();
        });
        consume(*y);
        finished.recv().unwrap();
    }

    "TestRaceBlockCall6" => fn race_block_call_6() {
        let (x, y) = (variable(variable(0_i32)), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            (*y, **x) = two_numbers();
            done.send(true).unwrap();
        });
        consume(**x);
        finished.recv().unwrap();
    }

    "TestRaceAsFunc1" => fn race_as_func_1() {
        fn bytes_and_error() -> (&'static [u8], Option<i32>) {
            (b"text", None)
        }
        let (bytes, error) = (variable::<&[u8]>(&[]), variable(None));
        let (done, finished) = bounded(1);
        go(move || {
            (*bytes, *error) = bytes_and_error();
            done.send(true).unwrap();
        });
        consume(String::from_utf8_lossy(*bytes));
        finished.recv().unwrap();
    }

    // The reader comes second in time: the lock would order it, had it come first.
    "TestRaceAsFunc3" => fn race_as_func_3() {
        static LOCK: Mutex = Mutex::new();
        static WRITTEN: Steps = Steps::new();
        let (x, result) = (variable(1_i32), variable(0_i32));
        let (done, finished) = bounded(1);
        go(move || {
            WRITTEN.wait_for(1);
            *result = lock_and_double(&LOCK, *x);
            LOCK.unlock();
            done.send(true).unwrap();
        });
        LOCK.lock();
        *x = 2;
        LOCK.unlock();
        WRITTEN.take();
        finished.recv().unwrap();
    }

    "TestNoRaceAsFunc4" => fn no_race_as_func_4() {
        static LOCK: Mutex = Mutex::new();
        let x = variable(1_i32);
        let (done, finished) = bounded(1);
        go(move || {
            *x = lock_and_double(&LOCK, 42);
            LOCK.unlock();
            done.send(true).unwrap();
        });
        LOCK.lock();
        *x = 2;
        LOCK.unlock();
        finished.recv().unwrap();
    }
}
