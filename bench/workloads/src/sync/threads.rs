//! Threads that come and go, and what they share by reference counts.

use std::hint::black_box;

use race::sync::Arc;
use race::thread;

use crate::threads::in_threads;

pub fn spawn_and_join() {
    for number in 0..3_000_u64 {
        let child = thread::spawn(move || black_box(number));
        black_box(child.join().expect("the thread does not panic"));
    }
}

pub fn clone_in_two_threads() {
    let shared = Arc::new(7_u64);
    in_threads(2, || {
        for _ in 0..3_000_000 {
            drop(black_box(Arc::clone(&shared)));
        }
    });
}
