//! One thread counts with an atomic, and another one reads the number as if it were a plain one.
//!
//! The mistake: an access is atomic by how it is done, not by where. An atomic and a plain access to the same place race
//! like two plain ones: the compiler may read the plain one twice, or never again.
//!
//! To read in the report: the write, in `count`, is called an `atomic write`; the read, in `progress_racy`, just a read. The
//! latter is the one to change.
//!
//! The fix: read with `load`. `Relaxed` suffices for a number that nothing else depends on.
//!
//! `cargo run --features race --example atomic_counter` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::sync::atomic::{AtomicU64, Ordering};
use race::thread;

static ITEMS: AtomicU64 = AtomicU64::new(0);

fn count() {
    for _ in 0..1000 {
        ITEMS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Plain accesses through pointers are watched where this attribute stands.
#[race::instrument]
fn progress_racy() -> u64 {
    let items = ITEMS.as_ptr();
    // SAFETY: wrong, which is the mistake: another thread is counting.
    unsafe { *items }
}

fn progress_fixed() -> u64 {
    ITEMS.load(Ordering::Relaxed)
}

/// Counts in one thread and looks at the count in another.
fn watch(progress: fn() -> u64) {
    let counter = thread::spawn(count);
    let seen = progress();
    counter.join().expect("the counter does not panic");
    println!("{seen} items so far");
}

fn main() {
    watch(if common::is_fixed() { progress_fixed } else { progress_racy });
}
