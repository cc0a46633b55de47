//! `sync_test.go`: a condition variable, and functions that timers call.

use std::time::Duration;

use race::channel::{self, Sender};
use race::sync::{Condvar, Mutex};
use race::time;

use crate::case::{go, variable};
use crate::wrapper_case::Steps;

/// A pointer, or a function that has some, for other threads.
#[derive(Clone, Copy)]
struct Carried<T>(T);

// SAFETY: what the pointers point to is never freed, and the cases are about whether it is shared rightly.
unsafe impl<T> Send for Carried<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Carried<T> {}

impl<F: Fn()> Carried<F> {
    fn call(&self) {
        (self.0)();
    }
}

/// What the timer calls: counts down, and arms another one until there is nothing left to count.
#[race::instrument]
fn count_down(count: Carried<*mut i32>, done: Sender<bool>) {
    let Carried(place) = count;
    // SAFETY: one call at a time: the next one is armed by this one.
    let is_over = unsafe {
        *place -= 1;
        *place < 0
    };
    if is_over {
        done.send(true).unwrap();
    } else {
        time::after_func(Duration::ZERO, move || count_down(count, done.clone()));
    }
}

crate::suite! {
    "sync_test.go";

    "TestRaceCond" => fn race_cond() {
        static CONDITION: Mutex<bool> = Mutex::new(false);
        static CHANGED: Condvar = Condvar::new();
        static STEPS: Steps = Steps::new();
        let (done, finished) = channel::bounded(0);
        let x = variable(0);
        go(move || {
            let mut condition = CONDITION.lock().unwrap();
            *x = 1;
            *condition = true;
            CHANGED.notify_one();
            drop(condition);
            // The sleep of the original.
            STEPS.wait_for(1);
            let condition = CONDITION.lock().unwrap();
            *x = 1;
            drop(condition);
            done.send(true).unwrap();
        });
        let mut condition = CONDITION.lock().unwrap();
        while !*condition {
            condition = CHANGED.wait(condition).unwrap();
        }
        drop(condition);
        *x = 2;
        STEPS.take();
        finished.recv().unwrap();
    }

    "TestNoRaceAfterFunc1" => fn no_race_after_func_1() {
        let (done, finished) = channel::bounded(0);
        let i = Carried(variable(2));
        time::after_func(Duration::ZERO, move || count_down(i, done.clone()));
        finished.recv().unwrap();
    }

    "TestNoRaceAfterFunc2" => fn no_race_after_func_2() {
        static STEPS: Steps = Steps::new();
        let x = variable(0);
        let work = Carried(move || *x = 1);
        let timer = time::after_func(Duration::from_nanos(10), move || {
            work.call();
            STEPS.take();
        });
        // The sleep of the original.
        STEPS.wait_for(1);
        timer.stop();
    }

    "TestNoRaceAfterFunc3" => fn no_race_after_func_3() {
        let (done, finished) = channel::bounded(1);
        let x = variable(0);
        *x = 1;
        let work = Carried(move || *x = 2);
        time::after_func(Duration::from_millis(10), move || {
            work.call();
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
    }
}
