//! `comp_test.go`: parts of compound values: fields, whole structs, elements, conversions, pointers in structs.

use std::mem::transmute;

use race::channel::bounded;

use crate::case::{consume, go, variable};

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

/// What a point may be taken for.
#[derive(Clone, Copy, Default)]
struct OtherPoint {
    x: i32,
    y: i32,
}

#[derive(Clone, Copy)]
struct PointedPoint {
    point: *mut Point,
}

crate::suite! {
    "comp_test.go";

    "TestNoRaceComp" => fn no_race_comp() {
        let (done, finished) = bounded(1);
        let named = variable(NamedPoint::default());
        go(move || {
            (*named).point.x = 5;
            done.send(true).unwrap();
        });
        (*named).point.y = 5;
        finished.recv().unwrap();
    }

    "TestRaceComp" => fn race_comp() {
        let (done, finished) = bounded(1);
        let named = variable(NamedPoint::default());
        go(move || {
            (*named).point.y = 5;
            done.send(true).unwrap();
        });
        (*named).point.y = 6;
        finished.recv().unwrap();
    }

    "TestRaceComp2" => fn race_comp_2() {
        let (done, finished) = bounded(1);
        let named = variable(NamedPoint::default());
        go(move || {
            (*named).name = "first";
            done.send(true).unwrap();
        });
        *named = NamedPoint::default();
        finished.recv().unwrap();
    }

    "TestRaceComp3" => fn race_comp_3() {
        let (done, finished) = bounded(1);
        let named = variable(NamedPoint::default());
        go(move || {
            (*named).point.y = 5;
            done.send(true).unwrap();
        });
        *named = NamedPoint::default();
        finished.recv().unwrap();
    }

    "TestRaceCompArray" => fn race_comp_array() {
        let (done, finished) = bounded(1);
        let points = variable([Point::default(); 10]);
        let index = variable(4_usize);
        go(move || {
            (*points)[*index].x = 1;
            done.send(true).unwrap();
        });
        *index = 5;
        finished.recv().unwrap();
    }

    "TestRaceConv1" => fn race_conv_1() {
        let (done, finished) = bounded(1);
        let point = variable(Point::default());
        go(move || {
            (*point).x = 1;
            done.send(true).unwrap();
        });
        consume(transmute::<Point, OtherPoint>(*point).x);
        finished.recv().unwrap();
    }

    "TestRaceConv2" => fn race_conv_2() {
        let (done, finished) = bounded(1);
        let point = variable(Point::default());
        go(move || {
            (*point).x = 1;
            done.send(true).unwrap();
        });
        let other = point.cast::<OtherPoint>();
        consume((*other).x);
        finished.recv().unwrap();
    }

    "TestRaceConv4" => fn race_conv_4() {
        let (done, finished) = bounded(1);
        let points = variable([Point::default(); 2]);
        go(move || {
            (*points)[1].y = 1;
            done.send(true).unwrap();
        });
        consume((*(points as *mut [OtherPoint; 2]))[1].y);
        finished.recv().unwrap();
    }

    "TestRaceCompPtr" => fn race_comp_ptr() {
        let (done, finished) = bounded(1);
        let pointed = variable(PointedPoint { point: variable(Point::default()) });
        go(move || {
            (*(*pointed).point).x = 5;
            done.send(true).unwrap();
        });
        (*(*pointed).point).x = 6;
        finished.recv().unwrap();
    }

    "TestRaceCompPtr2" => fn race_comp_ptr_2() {
        let (done, finished) = bounded(1);
        let pointed = variable(PointedPoint { point: variable(Point::default()) });
        go(move || {
            (*(*pointed).point).x = 5;
            done.send(true).unwrap();
        });
        (*pointed).point = variable(Point::default());
        finished.recv().unwrap();
    }

    "TestNoRaceCompPtr2" => fn no_race_comp_ptr_2() {
        let (done, finished) = bounded(1);
        let pointed = variable(PointedPoint { point: variable(Point::default()) });
        go(move || {
            (*(*pointed).point).x = 5;
            done.send(true).unwrap();
        });
        consume(*pointed);
        finished.recv().unwrap();
    }
}
