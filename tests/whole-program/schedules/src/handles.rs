//! Reference counts order what they were not meant to: whoever drops a count last is ordered after all who did before.

use std::cell::Cell;
use std::sync::Arc;
use std::thread;

use crate::place::pass_time;
use crate::{Place, Twin, cases};

cases! { short_spawns detached detached_by_thread scoped_then_own arc_dropped_last wrong_cell }

/// Two threads with short bodies, one after the other. The first one's handle is dropped when it has long ended.
fn short_spawns(twin: Twin) {
    static PLACE: Place = Place::new();
    let first = thread::spawn(move || PLACE.count(twin));
    pass_time();
    drop(first);
    let second = thread::spawn(move || PLACE.count(twin));
    second.join().unwrap();
}

/// A thread whose handle is dropped, and its creator.
pub fn detached(twin: Twin) {
    static PLACE: Place = Place::new();
    let handle = thread::spawn(move || PLACE.write(twin, 1));
    pass_time();
    drop(handle);
    PLACE.read(twin);
}

/// The same, where the creator is not the main thread.
fn detached_by_thread(twin: Twin) {
    thread::spawn(move || detached(twin)).join().unwrap();
}

/// A scope's thread shares a counted value with the scope's body.
fn scoped_then_own(twin: Twin) {
    static PLACE: Place = Place::new();
    thread::scope(|scope| {
        let mine = Arc::new(1);
        let shared = mine.clone();
        scope.spawn(move || PLACE.write(twin, *shared));
        pass_time();
        drop(mine);
        PLACE.read(twin);
    });
}

/// The last owner of a value touches what the former one touched before it let go.
fn arc_dropped_last(twin: Twin) {
    static PLACE: Place = Place::new();
    let mine = Arc::new(());
    let theirs = mine.clone();
    let thread = thread::spawn(move || {
        PLACE.write(twin, 1);
        drop(theirs);
    });
    pass_time();
    drop(mine);
    PLACE.write(twin, 2);
    thread.join().unwrap();
}

/// A cell that claims to be `Sync`, as published crates had it, in threads that nobody joins.
pub fn wrong_cell(twin: Twin) {
    struct Slot {
        seen: Cell<u64>,
        used: Place,
    }
    // SAFETY: wrong, which is the point.
    unsafe impl Sync for Slot {}
    let slot = Arc::new(Slot { seen: Cell::new(0), used: Place::new() });
    for number in 0..2 {
        let slot = slot.clone();
        let handle = thread::spawn(move || match twin {
            Twin::Racy => slot.seen.set(number),
            Twin::Clean => slot.used.write(twin, number),
        });
        pass_time();
        drop(handle);
    }
}
