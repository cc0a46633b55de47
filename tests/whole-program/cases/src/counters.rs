//! Counters, with and without a lock, and a race whose first access is long ago.

use std::sync::Mutex;
use std::thread;

use crate::case::{Place, cases, in_order};

cases! { race_counter clean_counter race_old_access race_many_readers race_many_places }

static COUNT: Place<u64> = Place::new(0);

#[inline(never)]
fn count() {
    for _ in 0..1000 {
        COUNT.write(COUNT.read() + 1);
    }
}

fn race_counter() {
    in_order(count, count);
    assert_eq!(COUNT.read(), 2000);
}

/// Four threads make 20,000 increments each, under one lock.
fn clean_counter() {
    static LOCKED: Mutex<u64> = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..20_000).for_each(|_| *LOCKED.lock().unwrap() += 1));
        }
    });
    assert_eq!(*LOCKED.lock().unwrap(), 80_000);
}

#[inline(never)]
fn write_long_ago() {
    COUNT.write(1);
}

/// The first thread makes 20 million accesses after the one that races.
fn race_old_access() {
    in_order(
        || {
            write_long_ago();
            let mut numbers = [0_u64; 1024];
            for _ in 0..10_000_000 / numbers.len() + 1 {
                for number in &mut numbers {
                    *number = std::hint::black_box(*number) + 1;
                }
                std::hint::black_box(&mut numbers);
            }
        },
        || COUNT.write(2),
    );
}

/// Of nine readers eight are ordered before the writer; they must not make it forget the ninth.
fn race_many_readers() {
    let read = || {
        COUNT.read();
    };
    in_order(read, || {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(read);
            }
        });
        COUNT.write(1);
    });
}

/// The same two lines of code race at eight addresses.
fn race_many_places() {
    static PLACES: [Place<u64>; 8] = [const { Place::new(0) }; 8];
    let write_all = || PLACES.iter().for_each(|place| place.write(1));
    in_order(write_all, write_all);
}
