//! A lock lies beside the data that it is for, and one path to the data forgets it.
//!
//! The mistake: `hit` locks, `hits_racy` does not, "because it only reads". A lock keeps out those who ask for it.
//!
//! To read in the report: one access is followed by `Holding mutex` with the line that locked it, the other is not. The
//! latter is where the lock is missing.
//!
//! The fix: lock there too. Better: `race::sync::Mutex<u64>`, whose data nobody reaches without the lock.
//!
//! `cargo run --features race --example mutex_beside_data` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::UnsafeCell;
use race::sync::raw;
use race::thread;

struct Statistics {
    /// For all that follows.
    lock: raw::Mutex,
    hits: UnsafeCell<u64>,
}

// SAFETY: true if every method locks; `hits_racy` does not.
unsafe impl Sync for Statistics {}

static STATISTICS: Statistics = Statistics { lock: raw::Mutex::new(), hits: UnsafeCell::new(0) };

impl Statistics {
    fn hit(&self) {
        self.lock.lock();
        // SAFETY: under the lock.
        self.hits.with_mut(|hits| unsafe { *hits += 1 });
        self.lock.unlock();
    }

    fn hits_racy(&self) -> u64 {
        // SAFETY: wrong, which is the mistake: another thread may be in `hit`.
        self.hits.with(|hits| unsafe { *hits })
    }

    fn hits_fixed(&self) -> u64 {
        self.lock.lock();
        // SAFETY: under the lock.
        let hits = self.hits.with(|hits| unsafe { *hits });
        self.lock.unlock();
        hits
    }
}

/// Counts in one thread and looks at the count in another.
fn watch(hits: fn(&Statistics) -> u64) {
    let counter = thread::spawn(|| STATISTICS.hit());
    let seen = hits(&STATISTICS);
    counter.join().expect("the counter does not panic");
    println!("{seen} hits so far");
}

fn main() {
    watch(if common::is_fixed() { Statistics::hits_fixed } else { Statistics::hits_racy });
}
