//! Accesses that a cell announces, against accesses that only the instrumentation sees.

use race::cell::{RaceCell, UnsafeCell};
use race::sync::raw;

use crate::case::{cases, in_order};

static CELL: RaceCell<u64> = RaceCell::new(0);
static LOCK: raw::Mutex = raw::Mutex::new();

cases! { race_cell_then_plain race_plain_then_cell race_closure_then_plain race_two_closures clean_both_under_a_lock
clean_two_reads }

fn plain() -> u64 {
    // SAFETY: it is not always safe, and that is what the cases are about.
    unsafe { *CELL.get() }
}

fn set_plain() {
    // SAFETY: as above.
    unsafe { *CELL.get() = std::hint::black_box(1) }
}

fn set_cell() {
    // SAFETY: as above.
    unsafe { CELL.write(2) }
}

fn race_cell_then_plain() {
    in_order(set_cell, || assert_eq!(std::hint::black_box(plain()), 2));
}

fn race_plain_then_cell() {
    in_order(set_plain, set_cell);
}

/// A cell for any thread.
struct Racy(UnsafeCell<u64>);

// SAFETY: as above.
unsafe impl Sync for Racy {}

static RACY: Racy = Racy(UnsafeCell::new(0));

fn add() {
    // SAFETY: as above.
    RACY.0.with_mut(|value| unsafe { *value += std::hint::black_box(1) });
}

/// Memory in a cell, which is written by a closure.
fn race_closure_then_plain() {
    // SAFETY: as above.
    in_order(add, || assert_eq!(std::hint::black_box(unsafe { *RACY.0.get() }), 1));
}

/// The announced access and that of the closure are one race with those of the other closure.
fn race_two_closures() {
    in_order(add, add);
}

fn clean_both_under_a_lock() {
    let locked = |action: fn()| {
        LOCK.lock();
        action();
        LOCK.unlock();
    };
    in_order(move || locked(set_cell), move || locked(set_plain));
}

fn clean_two_reads() {
    // SAFETY: nobody writes.
    in_order(|| assert_eq!(unsafe { CELL.read() }, 0), || assert_eq!(std::hint::black_box(plain()), 0));
}
