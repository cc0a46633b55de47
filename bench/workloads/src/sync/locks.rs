//! Locks with little work under them.

use std::hint::black_box;

use race::sync::{Condvar, Mutex, RwLock};
use race::thread;

use crate::threads::in_threads;

/// A lock of its own for the calling thread.
pub fn lock_alone() {
    let count = Mutex::new(0_u64);
    for _ in 0..4_000_000 {
        *black_box(&count).lock().expect("no thread panics") += 1;
    }
}

/// One lock for all, three million times together.
pub fn lock_in_threads(threads: usize) {
    let count = Mutex::new(0_u64);
    in_threads(threads, || {
        for _ in 0..3_000_000 / threads {
            *count.lock().expect("no thread panics") += 1;
        }
    });
}

/// One access of a hundred writes.
pub fn read_and_write_lock() {
    let count = RwLock::new(0_u64);
    in_threads(4, || {
        let mut sum = 0;
        for turn in 0..600_000 {
            if turn % 100 == 0 {
                *count.write().expect("no thread panics") += 1;
            } else {
                sum += *count.read().expect("no thread panics");
            }
        }
        black_box(sum);
    });
}

/// Two threads take turns; each waits until it is its own.
pub fn ping_pong() {
    const TURNS: u64 = 40_000;
    let turn = Mutex::new(0_u64);
    let changed = Condvar::new();
    let (turn, changed) = (&turn, &changed);
    thread::scope(|scope| {
        for parity in 0..2 {
            scope.spawn(move || {
                let mut turn = turn.lock().expect("no thread panics");
                loop {
                    turn = changed.wait_while(turn, |turn| *turn < TURNS && *turn % 2 != parity).expect("as above");
                    if *turn >= TURNS {
                        return;
                    }
                    *turn += 1;
                    changed.notify_one();
                }
            });
        }
    });
}
