//! Two threads write to one map, each to a key of its own.
//!
//! The mistake: different keys are no different memory. An insertion may move what other keys have, so every use of the
//! map is a use of all of it, and an insertion excludes them all.
//!
//! To read in the report: both stacks lead to `visit_racy`. They are in different threads and about different keys, but
//! the address is that of the map.
//!
//! The fix: a map made for several threads, `race::sync::Map`; or a `Mutex` around a plain one.
//!
//! `cargo run --features race --example map` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use std::collections::BTreeMap;

use common::Schedule;
use race::cell::RaceCell;
use race::sync::Map;
use race::thread;

/// Keeps the two insertions apart in time, so that the racy map is not broken for real. The detector knows nothing of it.
static SCHEDULE: Schedule = Schedule::new();

// Racy: a plain map.

static PLAIN: RaceCell<BTreeMap<&str, u32>> = RaceCell::new(BTreeMap::new());

fn visit_racy(page: &'static str) {
    // SAFETY: wrong, which is the mistake: nothing keeps the other thread out of the map.
    unsafe { PLAIN.with_mut(|visits| visits.insert(page, 1)) };
}

fn pages_racy() -> usize {
    // SAFETY: the threads have ended.
    unsafe { PLAIN.with(|visits| visits.len()) }
}

// Fixed: a map that locks for itself.

static SHARED: Map<&str, u32> = Map::new();

fn visit_fixed(page: &'static str) {
    SHARED.store(page, 1);
}

fn pages_fixed() -> usize {
    SHARED.len()
}

/// Visits two pages, each in a thread of its own.
fn browse(visit: fn(&'static str), pages: fn() -> usize) {
    let first = thread::spawn(move || SCHEDULE.step(0, || visit("index")));
    let second = thread::spawn(move || SCHEDULE.step(1, || visit("about")));
    first.join().expect("no thread panics");
    second.join().expect("no thread panics");
    println!("{} pages were visited", pages());
}

fn main() {
    if common::is_fixed() {
        browse(visit_fixed, pages_fixed);
    } else {
        browse(visit_racy, pages_racy);
    }
}
