//! `mop_test.go`, part: arrays, structs, fields, slices, strings, and literals that are made of what another writes.

use std::collections::HashMap;

use race::cell::UnsafeCell;
use race::channel::bounded;

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

#[derive(Clone, Copy, Default)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Clone, Copy, Default)]
struct NamedPoint {
    name: &'static str,
    point: Point,
}

/// A field deep in a large array.
const DEEP: usize = 1 << 20;

#[derive(Clone, Copy)]
struct Deep {
    point: Point,
    tail: [i32; 2],
}

#[derive(Clone, Copy)]
struct Nested {
    points: [Deep; DEEP],
}

/// 16 MiB of zeros, which no stack has room for.
fn nested() -> *mut Nested {
    let zeroed = Box::<Nested>::new_zeroed();
    // SAFETY: zeros are good numbers.
    Box::into_raw(unsafe { zeroed.assume_init() })
}

/// A part that ends with nothing.
#[derive(Clone, Copy, Default)]
struct Part {
    x: u8,
    nothing: (),
}

#[derive(Clone, Copy, Default)]
struct PartAndMore {
    part: Part,
    more: u8,
}

crate::suite! {
    "mop_test.go";

    "TestRaceArrayCopy" => fn race_array_copy() {
        let array = variable([0_i32; 5]);
        let (done, finished) = bounded(1);
        go(move || {
            (*array)[2] = 1;
            done.send(true).unwrap();
        });
        *array = [1, 2, 3, 4, 5];
        finished.recv().unwrap();
    }

    // `*to = *from` has a copy on the stack, which is too small for it.
    "TestRaceNestedArrayCopy" => fn race_nested_array_copy() {
        let (array, other, middle) = (nested(), nested(), DEEP / 2);
        let (done, finished) = bounded(1);
        go(move || {
            (*array).points[middle].point.y = 1;
            done.send(true).unwrap();
        });
        std::ptr::copy_nonoverlapping(array, other, 1);
        finished.recv().unwrap();
        consume((*other).points[1].tail);
    }

    "TestRaceStructRW" => fn race_struct_rw() {
        let point = variable(Point::default());
        let (done, finished) = bounded(1);
        go(move || {
            *point = Point { x: 1, y: 1 };
            done.send(true).unwrap();
        });
        consume(*point);
        finished.recv().unwrap();
    }

    "TestNoRaceStructFieldRW1" => fn no_race_struct_field_rw_1() {
        let point = variable(Point::default());
        let (done, finished) = bounded(1);
        go(move || {
            (*point).x = 1;
            done.send(true).unwrap();
        });
        (*point).y = 1;
        finished.recv().unwrap();
        consume(*point);
    }

    "TestNoRaceStructFieldRW2" => fn no_race_struct_field_rw_2() {
        let point = variable(Point::default());
        let (done, finished) = bounded(1);
        go(move || {
            (*point).x = 1;
            done.send(true).unwrap();
        });
        (*point).y = 1;
        finished.recv().unwrap();
        consume(*point);
    }

    "TestRaceStructFieldRW2" => fn race_struct_field_rw_2() {
        let point = &mut *variable(Point::default());
        let (done, finished) = bounded(1);
        let writer = &raw mut *point;
        go(move || {
            (*writer).x = 1;
            done.send(true).unwrap();
        });
        consume(point.x);
        finished.recv().unwrap();
    }

    "TestRaceStructFieldRW3" => fn race_struct_field_rw_3() {
        let named = variable(NamedPoint { name: "a", point: Point::default() });
        let (done, finished) = bounded(1);
        go(move || {
            (*named).point.x = 1;
            done.send(true).unwrap();
        });
        consume((*named).point.x);
        finished.recv().unwrap();
        consume((*named).name);
    }

    "TestNoRaceBlank" => fn no_race_blank() {
        let array = variable([0_i32; 2]);
        let (done, finished) = bounded(1);
        go(move || {
            let _unused = ((*array)[0], (*array)[1]);
            done.send(true).unwrap();
        });
        let _unused = ((*array)[0], (*array)[1]);
        finished.recv().unwrap();
        (*array)[1] = 1;
    }

    "TestRaceNestedStruct" => fn race_nested_struct() {
        let named = variable(NamedPoint::default());
        let (sender, receiver) = bounded(0);
        go(move || sender.send(*named).unwrap());
        (*named).point.y = 1;
        receiver.recv().unwrap();
    }

    "TestNoRaceEmptyStruct" => fn no_race_empty_struct() {
        let whole = variable(PartAndMore::default());
        let (done, finished) = bounded(0);
        go(move || {
            let part = (*whole).part;
            consume((part.x, part.nothing));
            done.send(true).unwrap();
        });
        (*whole).more = 1;
        finished.recv().unwrap();
    }

    "TestRaceStructInit" => fn race_struct_init() {
        let y = variable(0_i32);
        let (done, finished) = bounded(1);
        go(move || {
            consume(Point { x: *y, y: 0 });
            done.send(true).unwrap();
        });
        *y = 42;
        finished.recv().unwrap();
    }

    "TestRaceArrayInit" => fn race_array_init() {
        let y = variable(0_i32);
        let (done, finished) = bounded(1);
        go(move || {
            consume(vec![0, *y, 42]);
            done.send(true).unwrap();
        });
        *y = 42;
        finished.recv().unwrap();
    }

    "TestRaceMapInit" => fn race_map_init() {
        let y = variable(0_i32);
        let (done, finished) = bounded(1);
        go(move || {
            consume(HashMap::from([(*y, 42)]));
            done.send(true).unwrap();
        });
        *y = 42;
        finished.recv().unwrap();
    }

    "TestRaceMapInit2" => fn race_map_init_2() {
        let y = variable(0_i32);
        let (done, finished) = bounded(1);
        go(move || {
            consume(HashMap::from([(42, *y)]));
            done.send(true).unwrap();
        });
        *y = 42;
        finished.recv().unwrap();
    }

    // Through `let`: whether indexing reads a place or what the place points to depends on types.
    "TestRaceSliceSlice" => fn race_slice_slice() {
        let x = variable::<&[u8]>(&[0; 10]);
        let (done, finished) = bounded(1);
        go(move || {
            *x = &[0; 20];
            done.send(true).unwrap();
        });
        let whole = *x;
        consume(&whole[2..3]);
        finished.recv().unwrap();
    }

    // As above.
    "TestRaceSliceString" => fn race_slice_string() {
        let x = variable::<&str>("hello");
        let (done, finished) = bounded(1);
        go(move || {
            *x = "world";
            done.send(true).unwrap();
        });
        let whole = *x;
        consume(&whole[2..3]);
        finished.recv().unwrap();
    }

    // What `Vec::extend_from_slice` does inside, since std's code is not instrumented in this tier.
    "TestRaceAppendSliceStruct" => fn race_append_slice_struct() {
        let (points, mut copied) = (variable([Point::default(); 10]), Vec::<Point>::with_capacity(10));
        let (done, finished) = bounded(1);
        go(move || {
            std::ptr::copy_nonoverlapping(points.cast::<Point>(), copied.as_mut_ptr(), 10);
            copied.set_len(10);
            done.send(true).unwrap();
        });
        (*points)[1].x = 42;
        finished.recv().unwrap();
    }

    // As above: what `Vec::push` does when there is no room.
    "TestRaceAppendRW" => fn race_append_rw() {
        let array = variable([0_i32; 10]);
        let (done, finished) = bounded(0);
        go(move || {
            let mut grown = Vec::<i32>::with_capacity(11);
            std::ptr::copy_nonoverlapping(array.cast::<i32>(), grown.as_mut_ptr(), 10);
            grown.set_len(10);
            grown.push(1);
            done.send(true).unwrap();
        });
        (*array)[0] = 1;
        finished.recv().unwrap();
    }

    "TestRaceAppendLenRW" => fn race_append_len_rw() {
        static READ: Steps = Steps::new();
        static LIST: List = List(UnsafeCell::new(Vec::new()));
        let (done, finished) = bounded(0);
        go(move || {
            READ.wait_for(1);
            LIST.0.with_mut(|list| (&mut *list).push(1));
            done.send(true).unwrap();
        });
        consume(LIST.0.with(|list| (&*list).len()));
        READ.take();
        finished.recv().unwrap();
    }

    "TestRaceAppendCapRW" => fn race_append_cap_rw() {
        static READ: Steps = Steps::new();
        static LIST: List = List(UnsafeCell::new(Vec::new()));
        let (done, finished) = bounded(0);
        go(move || {
            READ.wait_for(1);
            LIST.0.with_mut(|list| (&mut *list).push(1));
            done.send(true).unwrap();
        });
        consume(LIST.0.with(|list| (&*list).capacity()));
        READ.take();
        finished.recv().unwrap();
    }
}

/// A vector whose own words are watched, and not its elements.
struct List(UnsafeCell<Vec<i32>>);

// SAFETY: it is not safe; its uses are ordered in time.
unsafe impl Sync for List {}
