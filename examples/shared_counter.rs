//! Two threads count their requests in one plain variable.
//!
//! The mistake: adding one is a read and then a write, and nothing keeps the other thread out between the two, so counts
//! get lost. That it is a single number, and that each step of it is one instruction, does not help.
//!
//! To read in the report: both stacks lead to `count_racy`, and none of the two accesses holds a lock.
//!
//! The fix: the number lives in a `Mutex`, whose unlock happens before the next lock; an atomic would do as well.
//!
//! `cargo run --features race --example shared_counter` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::RaceCell;
use race::sync::Mutex;
use race::thread;

const REQUESTS_OF_EACH: u64 = 1000;

// Racy: a plain variable.

static PLAIN: RaceCell<u64> = RaceCell::new(0);

fn count_racy() {
    // SAFETY: wrong, which is the mistake: the other thread is here at the same time.
    unsafe { PLAIN.update(|count| count + 1) };
}

fn total_racy() -> u64 {
    // SAFETY: the threads have ended.
    unsafe { PLAIN.read() }
}

// Fixed: the same under a lock.

static LOCKED: Mutex<u64> = Mutex::new(0);

fn count_fixed() {
    *LOCKED.lock().expect("no thread panics") += 1;
}

fn total_fixed() -> u64 {
    *LOCKED.lock().expect("no thread panics")
}

/// Serves the requests in two threads, each of which calls `count` for every request.
fn serve(count: fn(), total: fn() -> u64) {
    let serve_all = move || {
        for _ in 0..REQUESTS_OF_EACH {
            count();
        }
    };
    let first = thread::spawn(serve_all);
    let second = thread::spawn(serve_all);
    first.join().expect("no thread panics");
    second.join().expect("no thread panics");
    println!("{} requests were counted", total());
}

fn main() {
    if common::is_fixed() {
        serve(count_fixed, total_fixed);
    } else {
        serve(count_racy, total_racy);
    }
}
