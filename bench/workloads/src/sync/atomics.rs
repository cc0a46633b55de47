//! Atomic operations on one location by two threads.

use std::hint::black_box;

use race::sync::atomic::{AtomicU64, Ordering};

use crate::threads::in_threads;

pub fn load() {
    let flag = AtomicU64::new(1);
    in_threads(2, || {
        let mut sum = 0_u64;
        for _ in 0..40_000_000_u64 {
            sum += black_box(&flag).load(Ordering::Acquire);
        }
        black_box(sum);
    });
}

pub fn store() {
    let flag = AtomicU64::new(1);
    in_threads(2, || {
        for number in 0..6_000_000_u64 {
            black_box(&flag).store(number, Ordering::Release);
        }
    });
}

pub fn add() {
    let count = AtomicU64::new(0);
    in_threads(2, || {
        for _ in 0..3_000_000_u64 {
            black_box(&count).fetch_add(1, Ordering::AcqRel);
        }
    });
}

/// As statistics are counted.
pub fn add_relaxed() {
    let count = AtomicU64::new(0);
    in_threads(2, || {
        for _ in 0..4_000_000_u64 {
            black_box(&count).fetch_add(1, Ordering::Relaxed);
        }
    });
}

/// As lock-free structures change a head.
pub fn exchange() {
    let head = AtomicU64::new(0);
    in_threads(2, || {
        for _ in 0..1_000_000_u64 {
            let mut seen = head.load(Ordering::Acquire);
            while let Err(now) = head.compare_exchange_weak(seen, seen + 1, Ordering::AcqRel, Ordering::Acquire) {
                seen = now;
            }
        }
    });
}
