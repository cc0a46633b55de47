//! What is initialised once orders whoever comes second after whoever came first, with all that was done before.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{LazyLock, Once};
use std::thread;

use crate::place::pass_time;
use crate::{Place, Twin, cases};

cases! { before_once before_lazy_global late_flag }

fn one_and_other(one: fn(Twin), other: fn(Twin), twin: Twin) {
    let one = thread::spawn(move || one(twin));
    pass_time();
    let other = thread::spawn(move || other(twin));
    one.join().unwrap();
    other.join().unwrap();
}

fn before_once(twin: Twin) {
    static PLACE: Place = Place::new();
    static ONCE: Once = Once::new();
    let before = |twin| {
        PLACE.write(twin, 1);
        ONCE.call_once(|| ());
    };
    let after = |twin| {
        ONCE.call_once(|| ());
        PLACE.read(twin);
    };
    one_and_other(before, after, twin);
}

fn before_lazy_global(twin: Twin) {
    static PLACE: Place = Place::new();
    static GLOBAL: LazyLock<Vec<u64>> = LazyLock::new(|| vec![1, 2, 3]);
    let before = |twin| {
        PLACE.write(twin, 1);
        assert_eq!(GLOBAL.len(), 3);
    };
    let after = |twin| PLACE.write(twin, GLOBAL[0]);
    one_and_other(before, after, twin);
}

/// A flag that is asked for now and then, and after a while the data are taken as they are.
fn late_flag(twin: Twin) {
    static PLACE: Place = Place::new();
    static READY: AtomicBool = AtomicBool::new(false);
    let thread = thread::spawn(move || {
        PLACE.write(twin, 1);
        READY.store(true, Release);
    });
    for _ in 0..3 {
        if READY.load(Acquire) {
            break;
        }
        pass_time();
    }
    PLACE.read(twin);
    thread.join().unwrap();
}
