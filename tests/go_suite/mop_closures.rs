//! `mop_test.go`, part: numbers that functions and closures share, and what operators read.

use race::channel::{Sender, bounded};

use crate::case::{consume, go, variable};

static mut SHARED: i32 = 0;
static mut COPIED: i32 = 0;

#[race::instrument]
fn read_shared(done: Sender<bool>) {
    // SAFETY: nothing orders it with the write, which is what the case is about.
    unsafe { COPIED = SHARED };
    done.send(true).unwrap();
}

#[race::instrument]
fn write_shared(done: Sender<bool>) {
    // SAFETY: as above.
    unsafe { SHARED = 1 };
    done.send(true).unwrap();
}

crate::suite! {
    "mop_test.go";

    "TestRaceIntRWGlobalFuncs" => fn race_int_rw_global_funcs() {
        let (done, finished) = bounded(2);
        let reader = done.clone();
        go(move || read_shared(reader));
        go(move || write_shared(done));
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceIntRWClosures" => fn race_int_rw_closures() {
        let (x, y) = (variable(0_i64), variable(0_i64));
        let (done, finished) = bounded(2);
        let reader = done.clone();
        go(move || {
            *y = *x;
            reader.send(true).unwrap();
        });
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceIntRWClosures" => fn no_race_int_rw_closures() {
        let (x, y) = (variable(0_i64), variable(0_i64));
        let (done, finished) = bounded(1);
        let reader = done.clone();
        go(move || {
            *y = *x;
            reader.send(true).unwrap();
        });
        finished.recv().unwrap();
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
    }

    "TestRaceInt32RWClosures" => fn race_int32_rw_closures() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let reader = done.clone();
        go(move || {
            *y = *x;
            reader.send(true).unwrap();
        });
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRacePlus" => fn race_plus() {
        let (x, y, z) = (variable(1_i32), variable(0_i32), variable(2_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *y = *x + *z;
            done.send(true).unwrap();
        });
        go(move || {
            *y = *x + *z + *z;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    // Rust has no unary plus.
    "TestRacePlus2" => fn race_plus_2() {
        let (x, y, z) = (variable(1_i32), variable(0_i32), variable(2_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        go(move || {
            *y = *x + *z;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRacePlus" => fn no_race_plus() {
        let (x, y, z, sum) = (variable(1_i32), variable(0_i32), variable(2_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *y = *x + *z;
            done.send(true).unwrap();
        });
        go(move || {
            *sum = *z + *x;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceComplement" => fn race_complement() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = !*y;
            done.send(true).unwrap();
        });
        go(move || {
            *y = !*y;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceDiv" => fn race_div() {
        let (x, y, z) = (variable(0_i32), variable(9_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = *y / (*z + 1);
            done.send(true).unwrap();
        });
        go(move || {
            *z = 1;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceDivConst" => fn race_div_const() {
        let (x, y) = (variable(0_u32), variable(9_u32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = *y / 3;
            done.send(true).unwrap();
        });
        go(move || {
            *y = 1;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceMod" => fn race_mod() {
        let (x, y, z) = (variable(0_i32), variable(9_i32), variable(0_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = *y % (*z + 1);
            done.send(true).unwrap();
        });
        go(move || {
            *z = 1;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceModConst" => fn race_mod_const() {
        let (x, y) = (variable(0_i32), variable(9_i32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = *y % 3;
            done.send(true).unwrap();
        });
        go(move || {
            *y = 1;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    // As a function: what a method does with the place that it is called on is the method's own matter.
    "TestRaceRotate" => fn race_rotate() {
        let (x, y) = (variable(0_u32), variable(9_u32));
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = u32::rotate_left(*y, 12);
            done.send(true).unwrap();
        });
        go(move || {
            *y = 1;
            other_done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceFuncArgument" => fn race_func_argument() {
        let x = variable(0_i32);
        let (done, finished) = bounded(1);
        go(move || {
            consume(*x);
            done.send(true).unwrap();
        });
        *x = 1;
        finished.recv().unwrap();
    }

    "TestRaceFuncArgument2" => fn race_func_argument_2() {
        unsafe fn start(argument: i32, done: Sender<bool>) {
            // SAFETY: a number and a sender may go elsewhere.
            unsafe {
                go(move || {
                    consume(argument);
                    done.send(true).unwrap();
                });
            }
        }
        let x = variable(0_i32);
        let (done, finished) = bounded(2);
        let other_done = done.clone();
        go(move || {
            *x = 42;
            done.send(true).unwrap();
        });
        start(*x, other_done);
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceAnd" => fn race_and() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        if *x == 1 && *y == 1 {
            consume("it is so");
        }
        finished.recv().unwrap();
    }

    "TestRaceAnd2" => fn race_and_2() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        if *y == 0 && *x == 1 {
            consume("it is so");
        }
        finished.recv().unwrap();
    }

    "TestNoRaceAnd" => fn no_race_and() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        if *y == 1 && *x == 1 {
            consume("it is so");
        }
        finished.recv().unwrap();
    }

    "TestRaceOr" => fn race_or() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        if *x == 1 || *y == 1 {
            consume("it is so");
        }
        finished.recv().unwrap();
    }

    "TestRaceOr2" => fn race_or_2() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        if *y == 1 || *x == 1 {
            consume("it is so");
        }
        finished.recv().unwrap();
    }

    "TestNoRaceOr" => fn no_race_or() {
        let (x, y) = (variable(0_i32), variable(0_i32));
        let (done, finished) = bounded(0);
        go(move || {
            *x = 1;
            done.send(true).unwrap();
        });
        if *y == 0 || *x == 1 {
            consume("it is so");
        }
        finished.recv().unwrap();
    }

    "TestNoRaceShortCalc2" => fn no_race_short_calc_2() {
        let (x, y, z) = (variable(true), variable(false), variable(false));
        let (done, finished) = bounded(0);
        go(move || {
            *y = true;
            done.send(true).unwrap();
        });
        *z = !*x && *y;
        finished.recv().unwrap();
    }
}
