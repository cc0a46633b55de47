//! A cache behind a reader-writer lock is filled by those who only lock it for reading.
//!
//! The mistake: a look-up that misses writes, so it is no reader. Two of them are let in together, and readers do not
//! order each other either when they come one after the other.
//!
//! To read in the report: both accesses are followed by `Holding rwlock ... (read)`, with the same address: they hold the
//! same lock, and as it is held, it excludes none of the two.
//!
//! The fix: what fills the cache locks it for writing, and looks again, since another may have been faster.
//!
//! `cargo run --features race --example rw_lock_cache` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use std::collections::BTreeMap;

use common::Schedule;
use race::cell::RaceCell;
use race::sync::raw;
use race::thread;

/// Keeps the look-ups apart in time, so that the racy cache is not broken for real. The detector knows nothing of it.
static SCHEDULE: Schedule = Schedule::new();

struct Cache {
    /// For all that follows.
    lock: raw::RwLock,
    squares: RaceCell<BTreeMap<u64, u64>>,
}

static CACHE: Cache = Cache { lock: raw::RwLock::new(), squares: RaceCell::new(BTreeMap::new()) };

impl Cache {
    fn square_racy(&self, number: u64) -> u64 {
        self.lock.read_lock();
        // SAFETY: under the lock.
        let known = unsafe { self.squares.with(|squares| squares.get(&number).copied()) };
        let square = known.unwrap_or_else(|| {
            // SAFETY: wrong, which is the mistake: under the lock, but along with other readers.
            unsafe { self.squares.with_mut(|squares| *squares.entry(number).or_insert(number * number)) }
        });
        self.lock.read_unlock();
        square
    }

    fn square_fixed(&self, number: u64) -> u64 {
        self.lock.read_lock();
        // SAFETY: under the lock.
        let known = unsafe { self.squares.with(|squares| squares.get(&number).copied()) };
        self.lock.read_unlock();
        known.unwrap_or_else(|| {
            self.lock.write_lock();
            // SAFETY: under the lock, and nobody else is.
            let square = unsafe { self.squares.with_mut(|squares| *squares.entry(number).or_insert(number * number)) };
            self.lock.write_unlock();
            square
        })
    }
}

/// Looks two numbers up, each in a thread of its own.
fn look_up(square: fn(&Cache, u64) -> u64) {
    let first = thread::spawn(move || SCHEDULE.step(0, || square(&CACHE, 3)));
    let second = thread::spawn(move || SCHEDULE.step(1, || square(&CACHE, 4)));
    let squares = [first, second].map(|thread| thread.join().expect("no thread panics"));
    println!("the squares are {squares:?}");
}

fn main() {
    look_up(if common::is_fixed() { Cache::square_fixed } else { Cache::square_racy });
}
