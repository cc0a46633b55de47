//! `slice_test.go`, second part: appending, and variables that are given another slice.
//!
//! Where one thread would follow a half-written variable into memory that is not its own, the two take turns in time,
//! unseen by the detector.

use std::ptr::null_mut;

use race::channel;

use crate::case::{consume, go, variable};
use crate::go_slice::{append, at, copy, len, make};
use crate::wrapper_case::Steps;

/// Whose turn it is in the process's only case.
static TURN: Steps = Steps::new();

crate::suite! {
    "slice_test.go";

    "TestRaceSliceRangeAppend" => fn race_slice_range_append() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0, 10, 10));
        go(move || {
            for index in 0..len(*s) {
                consume(index);
            }
            done.send(true).unwrap();
        });
        *s = append(*s, make(3, 1, 1));
        finished.recv().unwrap();
    }

    "TestNoRaceSliceRangeAppend" => fn no_race_slice_range_append() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0, 10, 10));
        go(move || {
            for index in 0..len(*s) {
                consume(index);
            }
            done.send(true).unwrap();
        });
        consume(append(*s, make(3, 1, 1)));
        finished.recv().unwrap();
    }

    "TestRaceSliceVarWrite" => fn race_slice_var_write() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0, 10, 10));
        go(move || {
            *at(*s, 3) = 3;
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        *s = make(0, 20, 20);
        finished.recv().unwrap();
    }

    "TestRaceSliceVarRead" => fn race_slice_var_read() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0, 10, 10));
        go(move || {
            consume(*at(*s, 3));
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        *s = make(0, 20, 20);
        finished.recv().unwrap();
    }

    "TestRaceSliceVarAppend" => fn race_slice_var_append() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0, 10, 10));
        go(move || {
            consume(append(*s, make(10, 1, 1)));
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        *s = make(0, 20, 20);
        finished.recv().unwrap();
    }

    "TestRaceSliceVarCopy" => fn race_slice_var_copy() {
        let (done, finished) = channel::bounded(1);
        let (s, t) = (variable(make(0, 10, 10)), variable(make(0, 10, 10)));
        go(move || {
            copy(*s, *t);
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        *s = make(0, 20, 20);
        finished.recv().unwrap();
    }

    "TestRaceSliceVarCopy2" => fn race_slice_var_copy_2() {
        let (done, finished) = channel::bounded(1);
        let (s, t) = (variable(make(0, 10, 10)), variable(make(0, 10, 10)));
        go(move || {
            copy(*t, *s);
            TURN.take();
            done.send(true).unwrap();
        });
        TURN.wait_for(1);
        *s = make(0, 20, 20);
        finished.recv().unwrap();
    }

    "TestRaceSliceAppend" => fn race_slice_append() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0, 10, 20));
        go(move || {
            consume(append(*s, make(1, 1, 1)));
            done.send(true).unwrap();
        });
        consume(append(*s, make(2, 1, 1)));
        finished.recv().unwrap();
    }

    "TestRaceSliceAppendWrite" => fn race_slice_append_write() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0, 10, 10));
        go(move || {
            consume(append(*s, make(1, 1, 1)));
            done.send(true).unwrap();
        });
        *at(*s, 0) = 42;
        finished.recv().unwrap();
    }

    "TestRaceSliceAppendSlice" => fn race_slice_append_slice() {
        let (done, finished) = channel::bounded(1);
        let (s, t) = (variable(make(0, 10, 10)), variable(make(0, 10, 10)));
        go(move || {
            consume(append(*s, *t));
            done.send(true).unwrap();
        });
        *at(*s, 0) = 42;
        finished.recv().unwrap();
    }

    "TestRaceSliceAppendSlice2" => fn race_slice_append_slice_2() {
        let (done, finished) = channel::bounded(1);
        let (s, t) = (variable(make(0, 10, 10)), variable(make(0, 10, 10)));
        go(move || {
            consume(append(*s, *t));
            done.send(true).unwrap();
        });
        *at(*t, 0) = 42;
        finished.recv().unwrap();
    }

    "TestRaceSliceAppendString" => fn race_slice_append_string() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(0_u8, 10, 10));
        go(move || {
            let (text, more) = ("twelve bytes", make(0_u8, 12, 12));
            std::ptr::copy_nonoverlapping(text.as_ptr(), at(more, 0), text.len());
            consume(append(*s, more));
            done.send(true).unwrap();
        });
        *at(*s, 0) = 42;
        finished.recv().unwrap();
    }

    "TestRacePointerSliceAppend" => fn race_pointer_slice_append() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(null_mut(), 10, 20));
        go(move || {
            consume(append(*s, make(variable(1), 1, 1)));
            done.send(true).unwrap();
        });
        consume(append(*s, make(variable(2), 1, 1)));
        finished.recv().unwrap();
    }

    "TestRacePointerSliceAppendWrite" => fn race_pointer_slice_append_write() {
        let (done, finished) = channel::bounded(1);
        let s = variable(make(null_mut(), 10, 10));
        go(move || {
            consume(append(*s, make(variable(1), 1, 1)));
            done.send(true).unwrap();
        });
        *at(*s, 0) = variable(42);
        finished.recv().unwrap();
    }

    "TestRacePointerSliceAppendSlice2" => fn race_pointer_slice_append_slice_2() {
        let (done, finished) = channel::bounded(1);
        let (s, t) = (variable(make(null_mut(), 10, 10)), variable(make(null_mut(), 10, 10)));
        go(move || {
            consume(append(*s, *t));
            done.send(true).unwrap();
        });
        *at(*t, 0) = variable(42);
        finished.recv().unwrap();
    }
}
