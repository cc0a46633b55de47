//! `slice_test.go`, first part: elements, copies, ranges, indices and strings.
//!
//! A variable that holds a slice and the slice's elements are memory of two kinds: an access to an element reads the
//! variable first ([`go_slice`](crate::go_slice)).

use std::ptr::null_mut;

use race::cell::UnsafeCell;
use race::channel;

use crate::case::{consume, go, variable};
use crate::go_slice::{at, capacity, copy, len, make, part};

/// A place for numbers.
type Pointer = *mut i32;

#[derive(Clone, Copy)]
struct TwoSlices {
    one: crate::go_slice::Slice<i32>,
    other: crate::go_slice::Slice<i32>,
}

crate::suite! {
    "slice_test.go";

    "TestRaceSliceWW" => fn race_slice_ww() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0, 10, 10));
        go(move || {
            *at(*a, 1) = 1;
            done.send(true).unwrap();
        });
        *at(*a, 1) = 2;
        finished.recv().unwrap();
    }

    "TestNoRaceArrayWW" => fn no_race_array_ww() {
        let (done, finished) = channel::bounded(1);
        let a = variable([0; 5]);
        go(move || {
            (*a)[0] = 1;
            done.send(true).unwrap();
        });
        (*a)[1] = 2;
        finished.recv().unwrap();
    }

    "TestRaceArrayWW" => fn race_array_ww() {
        let (done, finished) = channel::bounded(1);
        let a = variable([0; 5]);
        go(move || {
            (*a)[1] = 1;
            done.send(true).unwrap();
        });
        (*a)[1] = 2;
        finished.recv().unwrap();
    }

    "TestNoRaceSliceWriteLen" => fn no_race_slice_write_len() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(false, 1, 1));
        go(move || {
            *at(*a, 0) = true;
            done.send(true).unwrap();
        });
        consume(len(*a));
        finished.recv().unwrap();
    }

    "TestNoRaceSliceWriteCap" => fn no_race_slice_write_cap() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0_u64, 100, 200));
        go(move || {
            *at(*a, 50) = 123;
            done.send(true).unwrap();
        });
        consume(capacity(*a));
        finished.recv().unwrap();
    }

    "TestRaceSliceCopyRead" => fn race_slice_copy_read() {
        let (done, finished) = channel::bounded(1);
        let (a, b) = (variable(make(0, 10, 10)), variable(make(0, 10, 10)));
        go(move || {
            consume(*at(*a, 5));
            done.send(true).unwrap();
        });
        copy(*a, *b);
        finished.recv().unwrap();
    }

    "TestNoRaceSliceWriteCopy" => fn no_race_slice_write_copy() {
        let (done, finished) = channel::bounded(1);
        let (a, b) = (variable(make(0, 10, 10)), variable(make(0, 10, 10)));
        go(move || {
            *at(*a, 5) = 1;
            done.send(true).unwrap();
        });
        copy(part(*a, 0..5), *b);
        finished.recv().unwrap();
    }

    "TestRaceSliceCopyWrite3" => fn race_slice_copy_write_3() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0_u8, 10, 10));
        go(move || {
            *at(*a, 7) = 1;
            done.send(true).unwrap();
        });
        let text = "ten bytes!";
        std::ptr::copy_nonoverlapping(text.as_ptr(), at(*a, 0), len(*a));
        finished.recv().unwrap();
    }

    "TestNoRaceSliceCopyRead" => fn no_race_slice_copy_read() {
        let (done, finished) = channel::bounded(1);
        let (a, b) = (variable(make(0, 10, 10)), variable(make(0, 10, 10)));
        go(move || {
            consume(*at(*b, 5));
            done.send(true).unwrap();
        });
        copy(*a, *b);
        finished.recv().unwrap();
    }

    "TestRacePointerSliceCopyRead" => fn race_pointer_slice_copy_read() {
        let (done, finished) = channel::bounded(1);
        let (a, b) = (variable(make(null_mut(), 10, 10)), variable(make(null_mut::<i32>(), 10, 10)));
        go(move || {
            consume(*at(*a, 5));
            done.send(true).unwrap();
        });
        copy(*a, *b);
        finished.recv().unwrap();
    }

    "TestNoRacePointerSliceWriteCopy" => fn no_race_pointer_slice_write_copy() {
        let (done, finished) = channel::bounded(1);
        let (a, b) = (variable(make(null_mut(), 10, 10)), variable(make(null_mut(), 10, 10)));
        go(move || {
            *at(*a, 5) = variable(1);
            done.send(true).unwrap();
        });
        copy(part(*a, 0..5), *b);
        finished.recv().unwrap();
    }

    "TestRacePointerSliceCopyWrite2" => fn race_pointer_slice_copy_write_2() {
        let (done, finished) = channel::bounded(1);
        let (a, b) = (variable(make(null_mut(), 10, 10)), variable(make(null_mut(), 10, 10)));
        go(move || {
            *at(*b, 5) = variable(1);
            done.send(true).unwrap();
        });
        copy(*a, *b);
        finished.recv().unwrap();
    }

    "TestNoRacePointerSliceCopyRead" => fn no_race_pointer_slice_copy_read() {
        let (done, finished) = channel::bounded(1);
        let (a, b) = (variable(make(null_mut(), 10, 10)), variable(make(null_mut::<i32>(), 10, 10)));
        go(move || {
            consume::<Pointer>(*at(*b, 5));
            done.send(true).unwrap();
        });
        copy(*a, *b);
        finished.recv().unwrap();
    }

    "TestNoRaceSliceWriteSlice2" => fn no_race_slice_write_slice_2() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0.0, 10, 10));
        go(move || {
            *at(*a, 2) = 1.0;
            done.send(true).unwrap();
        });
        consume(part(*a, 0..5));
        finished.recv().unwrap();
    }

    "TestRaceSliceWriteSlice" => fn race_slice_write_slice() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0.0, 10, 10));
        go(move || {
            *at(*a, 1) = 1.0;
            done.send(true).unwrap();
        });
        *a = part(*a, 5..10);
        finished.recv().unwrap();
    }

    "TestNoRaceSliceWriteSlice" => fn no_race_slice_write_slice() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0.0, 10, 10));
        go(move || {
            *at(*a, 1) = 1.0;
            done.send(true).unwrap();
        });
        consume(part(*a, 5..10));
        finished.recv().unwrap();
    }

    "TestNoRaceSliceLenCap" => fn no_race_slice_len_cap() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make((), 10, 10));
        go(move || {
            consume(len(*a));
            done.send(true).unwrap();
        });
        consume(capacity(*a));
        finished.recv().unwrap();
    }

    "TestNoRaceStructSlicesRangeWrite" => fn no_race_struct_slices_range_write() {
        let (done, finished) = channel::bounded(1);
        let both = variable(TwoSlices { one: make(0, 10, 10), other: make(0, 10, 10) });
        go(move || {
            let one = (*both).one;
            for index in 0..len(one) {
                consume(*at(one, index));
            }
            done.send(true).unwrap();
        });
        *at((*both).other, 5) = 5;
        finished.recv().unwrap();
    }

    "TestRaceSliceDifferent" => fn race_slice_different() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0, 10, 10));
        let b = variable(*a);
        go(move || {
            *at(*a, 3) = 3;
            done.send(true).unwrap();
        });
        *at(*b, 3) = 3;
        finished.recv().unwrap();
    }

    "TestNoRaceSliceRangeWrite" => fn no_race_slice_range_write() {
        let (done, finished) = channel::bounded(1);
        let a = variable(make(0, 10, 10));
        go(move || {
            *at(*a, 3) = 3;
            done.send(true).unwrap();
        });
        for index in 0..len(*a) {
            consume(index);
        }
        finished.recv().unwrap();
    }

    "TestNoRaceSliceIndexAccess2" => fn no_race_slice_index_access_2() {
        let (done, finished) = channel::bounded(1);
        let (a, index) = (variable(make(0, 10, 10)), variable(0));
        go(move || {
            consume(*at(*a, *index));
            done.send(true).unwrap();
        });
        consume(*index);
        finished.recv().unwrap();
    }

    "TestRaceSliceIndexAccess2" => fn race_slice_index_access_2() {
        let (done, finished) = channel::bounded(1);
        let (a, index) = (variable(make(0, 10, 10)), variable(0));
        go(move || {
            consume(*at(*a, *index));
            done.send(true).unwrap();
        });
        *index = 1;
        finished.recv().unwrap();
    }

    // What std reads by itself is not seen in this tier: the cell announces all the bytes that std is given.
    "TestRaceSliceByteToString" => fn race_slice_byte_to_string() {
        let (done, finished) = channel::bounded(0);
        let bytes = variable(UnsafeCell::new(*b"ten bytes!"));
        go(move || {
            consume((*bytes).with(|bytes| String::from_utf8_lossy(&*bytes).into_owned()));
            done.send(true).unwrap();
        });
        (*(*bytes).get())[0] = b'T';
        finished.recv().unwrap();
    }

    "TestRaceSliceRuneToString" => fn race_slice_rune_to_string() {
        let (done, finished) = channel::bounded(0);
        let runes = variable(make('r', 10, 10));
        go(move || {
            let slice = *runes;
            consume((0..len(slice)).map(|index| *at(slice, index)).collect::<String>());
            done.send(true).unwrap();
        });
        *at(*runes, 9) = 'R';
        finished.recv().unwrap();
    }

    "TestRaceConcatString" => fn race_concat_string() {
        let (done, finished) = channel::bounded(1);
        let text = variable("one");
        go(move || {
            consume(String::from(*text) + "two");
            done.send(true).unwrap();
        });
        *text = "six";
        finished.recv().unwrap();
    }

    "TestRaceCompareString" => fn race_compare_string() {
        let (done, finished) = channel::bounded(1);
        let text = variable("one");
        go(move || {
            consume(*text == "two");
            done.send(true).unwrap();
        });
        *text = "six";
        finished.recv().unwrap();
    }
}
