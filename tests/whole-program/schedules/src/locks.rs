//! A lock orders its holders, with all that they did before they took it and all that they do after.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, RwLock};
use std::thread;

use crate::place::pass_time;
use crate::{Place, Twin, cases};

cases! { lock_after_access write_under_read_lock counted_by_both logged_by_both }

fn in_two_threads(first: fn(Twin), second: fn(Twin), twin: Twin) {
    let first = thread::spawn(move || first(twin));
    pass_time();
    let second = thread::spawn(move || second(twin));
    first.join().unwrap();
    second.join().unwrap();
}

fn lock_after_access(twin: Twin) {
    static PLACE: Place = Place::new();
    static TOTAL: Mutex<u64> = Mutex::new(0);
    let access_first = |twin| {
        PLACE.write(twin, 1);
        *TOTAL.lock().unwrap() += 1;
    };
    let lock_first = |twin| {
        *TOTAL.lock().unwrap() += 1;
        PLACE.write(twin, 2);
    };
    in_two_threads(access_first, lock_first, twin);
}

/// Readers write. One that is alone is ordered before the next by how the lock is made.
fn write_under_read_lock(twin: Twin) {
    static PLACE: Place = Place::new();
    static LOCK: RwLock<()> = RwLock::new(());
    let read = |twin| {
        let _guard = LOCK.read().unwrap();
        PLACE.count(twin);
    };
    in_two_threads(read, read, twin);
}

/// A counter of statistics that is stronger than it has to be.
fn counted_by_both(twin: Twin) {
    static PLACE: Place = Place::new();
    static COUNTED: AtomicU64 = AtomicU64::new(0);
    let access_first = |twin| {
        PLACE.count(twin);
        COUNTED.fetch_add(1, SeqCst);
    };
    let count_first = |twin| {
        COUNTED.fetch_add(1, SeqCst);
        PLACE.count(twin);
    };
    in_two_threads(access_first, count_first, twin);
}

/// Standard output has a lock.
fn logged_by_both(twin: Twin) {
    static PLACE: Place = Place::new();
    let access_first = |twin| {
        PLACE.write(twin, 1);
        println!("one has written");
    };
    let log_first = |twin| {
        println!("the other begins");
        PLACE.write(twin, 2);
    };
    in_two_threads(access_first, log_first, twin);
}
