//! Reader-writer lock.

use std::sync::RwLock;
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later};
use crate::invisible;

cases! { clean_read_write_lock clean_upgrade_by_turns race_write_under_read_locks race_lock_on_one_side race_two_locks }

static PLACE: Place<u64> = Place::new(0);
static LOCK: RwLock<()> = RwLock::new(());

fn clean_read_write_lock() {
    thread::scope(|scope| {
        for number in 0..4 {
            scope.spawn(move || {
                for turn in 0..500 {
                    if turn % 4 == number {
                        let _guard = LOCK.write().unwrap();
                        PLACE.write(PLACE.read() + 1);
                    } else {
                        let _guard = LOCK.read().unwrap();
                        PLACE.read();
                    }
                }
            });
        }
    });
    assert_eq!(PLACE.read(), 500);
}

/// What a reader did before it let go is ordered before the next writer.
fn clean_upgrade_by_turns() {
    let places = [const { Place::new(0_u64) }; 2];
    thread::scope(|scope| {
        for place in &places {
            scope.spawn(move || {
                let _guard = LOCK.read().unwrap();
                place.write(1);
            });
        }
        scope.spawn(|| {
            let _guard = LOCK.write().unwrap();
            places.iter().for_each(|place| place.write(place.read() + 1));
        });
    });
}

/// Two readers hold the lock at once, and both write.
fn race_write_under_read_locks() {
    thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = LOCK.read().unwrap();
            invisible::meet(2);
            earlier(|| PLACE.write(1));
            invisible::meet(4);
        });
        scope.spawn(|| {
            let _guard = LOCK.read().unwrap();
            invisible::meet(2);
            invisible::wait(3);
            later(|| PLACE.write(2));
            invisible::advance();
        });
    });
}

fn race_lock_on_one_side() {
    let read = || {
        let _guard = LOCK.read().unwrap();
        PLACE.read();
    };
    in_order(|| PLACE.write(1), read);
}

fn race_two_locks() {
    static OTHER: RwLock<()> = RwLock::new(());
    let write = || {
        let _guard = OTHER.write().unwrap();
        PLACE.write(1);
    };
    let read = || {
        let _guard = LOCK.read().unwrap();
        PLACE.read();
    };
    in_order(write, read);
}
