//! `mop_test.go`, part: accesses in the conditions, arms and clauses of `match` and of loops.

use std::any::Any;
use std::hint::black_box;

use race::channel::bounded;

use crate::case::{consume, go, variable};

crate::suite! {
    "mop_test.go";

    "TestNoRaceCase" => fn no_race_case() {
        let y = variable(0_i32);
        for turn in -1..=1 {
            let x = variable(turn);
            match *x {
                -1 => *y = 1,
                1 => *y += 1,
                _ => consume(*x),
            }
        }
        assert_eq!(*y, 2);
    }

    "TestRaceCaseCondition" => fn race_case_condition() {
        let x = variable(0_i32);
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = 2;
            done.send(true).unwrap();
        });
        go(move || {
            match *x < 2 {
                true => *x = 1,
                false => {}
            }
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceCaseCondition2" => fn race_case_condition_2() {
        let x = variable(0_i32);
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = 2;
            done.send(true).unwrap();
        });
        go(move || {
            match *x {
                number if number < 2 => *x = 1,
                7 => *x = 5,
                _ => {}
            }
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceCaseBody" => fn race_case_body() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *y = *x;
            done.send(true).unwrap();
        });
        go(move || {
            match black_box(0) {
                100 => *x = -*x,
                _ => *x = 1,
            }
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    // An arm that continues with the next one is a block that both reach.
    "TestNoRaceCaseFallthrough" => fn no_race_case_fallthrough() {
        let (x, y, z) = (variable(0_i32), variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *y = *x;
            done.send(true).unwrap();
        });
        go(move || {
            'falls: {
                match black_box(2) {
                    1 => {}
                    2 => break 'falls *z = 5,
                    _ => {}
                }
                *x = 1;
            }
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    // As above.
    "TestRaceCaseFallthrough" => fn race_case_fallthrough() {
        let (x, y, z) = (variable(0_i32), variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *y = *x;
            done.send(true).unwrap();
        });
        go(move || {
            'falls: {
                match black_box(1) {
                    1 => *z = 5,
                    2 => {}
                    _ => break 'falls,
                }
                *x = 1;
            }
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceCaseTypeBody" => fn race_case_type_body() {
        let x = variable(0_i32);
        let anything: Box<dyn Any> = Box::new(x);
        let (done, finished) = bounded(1);
        go(move || {
            match anything.downcast_ref::<*mut i32>() {
                Some(x) => **x = 2,
                None => unreachable!("it is one"),
            }
            done.send(true).unwrap();
        });
        *x = 1;
        finished.recv().unwrap();
    }

    // Rust's loop variables are new in each turn: this one is not the loop's own.
    "TestRaceRange" => fn race_range() {
        const COUNT: usize = 2;
        let array = [3_i32; COUNT];
        let x = variable(0_i32);
        let (done, finished) = bounded(COUNT);
        for element in array {
            *x = element;
            let done = done.clone();
            go(move || {
                consume(*x);
                done.send(true).unwrap();
            });
        }
        for _ in 0..COUNT {
            finished.recv().unwrap();
        }
    }

    // The loop's first clause stands before it.
    "TestRaceForInit" => fn race_for_init() {
        let x = variable(0_i32);
        let (sender, receiver) = bounded(0);
        go(move || sender.send(*x).unwrap());
        *x = 42;
        while black_box(false) {}
        receiver.recv().unwrap();
    }

    "TestRaceForTest" => fn race_for_test() {
        let stop = variable(false);
        let (tick, ticks) = bounded(0);
        let (done, finished) = bounded::<bool>(0);
        go(move || {
            ticks.recv().unwrap();
            *stop = true;
            drop(ticks);
            drop(done);
        });
        while !*stop {
            // Refused once the other has gone, which orders nothing.
            let _ = tick.send(true);
        }
        assert!(finished.recv().is_err(), "nothing is sent there");
    }

    // The loop's last clause stands at the end of its body.
    "TestRaceForIncr" => fn race_for_incr() {
        let x = variable(0_i32);
        let (turn, turns) = bounded(0);
        let (done, finished) = bounded::<bool>(0);
        go(move || {
            turns.recv().unwrap();
            *x += 1;
            drop(done);
        });
        for _ in 0..1 {
            turn.send(true).unwrap();
            *x += 1;
        }
        assert!(finished.recv().is_err(), "nothing is sent there");
    }

    // As above.
    "TestNoRaceForIncr" => fn no_race_for_incr() {
        let x = variable(0_i32);
        let (done, finished) = bounded(0);
        go(move || {
            *x += 1;
            done.send(true).unwrap();
        });
        while black_box(false) {
            *x += 1;
        }
        finished.recv().unwrap();
    }
}
