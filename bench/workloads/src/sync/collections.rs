//! Collections that threads share without a lock of their own.

use crossbeam::queue::SegQueue;
use dashmap::DashMap;

use crate::threads::{in_threads, numbers};

pub fn count_in_a_shared_map() {
    let counts: DashMap<u64, u64> = DashMap::new();
    in_threads(4, || {
        for number in numbers(300_000) {
            *counts.entry(number % 10_000).or_insert(0) += 1;
        }
    });
}

/// Each thread puts in and takes out.
pub fn queue() {
    let queue = SegQueue::new();
    in_threads(2, || {
        for number in 0..700_000_u64 {
            queue.push(number);
            queue.pop();
        }
    });
}
