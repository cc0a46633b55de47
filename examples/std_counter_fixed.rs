//! The cure of `std_counter`: the number is an atomic, and nothing but the sum is shared.
//!
//! `cargo race run --example std_counter_fixed` prints 2000 and ends with status 0. There is no report to read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

static COUNT: AtomicU64 = AtomicU64::new(0);

fn add() {
    for _ in 0..1000 {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() {
    let first = thread::spawn(add);
    let second = thread::spawn(add);
    first.join().expect("the first thread does not panic");
    second.join().expect("the second thread does not panic");
    println!("{}", COUNT.load(Ordering::Relaxed));
}
