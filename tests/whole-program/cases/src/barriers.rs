//! Barrier.

use std::sync::Barrier;
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::invisible;

cases! { clean_barrier clean_barrier_generations race_after_barrier race_before_other_barrier }

static PLACE: Place<u64> = Place::new(0);

fn clean_barrier() {
    let barrier = Barrier::new(2);
    let write = || {
        PLACE.write(1);
        barrier.wait();
    };
    let read = || {
        barrier.wait();
        PLACE.write(2);
    };
    side_by_side(write, read);
}

/// In each of many rounds every thread writes its own place, then reads its neighbour's.
fn clean_barrier_generations() {
    const THREADS: usize = 4;
    let barrier = Barrier::new(THREADS);
    let places = [const { Place::new(0_u64) }; THREADS];
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (barrier, places) = (&barrier, &places);
            scope.spawn(move || {
                for round in 0..50 {
                    places[number].write(round);
                    barrier.wait();
                    assert_eq!(places[(number + 1) % THREADS].read(), round);
                    barrier.wait();
                }
            });
        }
    });
}

/// Departures from a barrier are not ordered among themselves.
fn race_after_barrier() {
    let barrier = Barrier::new(2);
    let write = || {
        barrier.wait();
        earlier(|| PLACE.write(1));
        invisible::meet(2);
    };
    let read = || {
        barrier.wait();
        invisible::wait(1);
        later(|| PLACE.read());
        invisible::advance();
    };
    side_by_side(write, read);
}

fn race_before_other_barrier() {
    let (one, other) = (Barrier::new(1), Barrier::new(1));
    let write = || {
        PLACE.write(1);
        one.wait();
    };
    let read = || {
        other.wait();
        PLACE.read();
    };
    in_order(write, read);
}
