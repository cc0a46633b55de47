//! Costs against the number of locks.

use std::sync::Mutex;

use super::{beside_another, nanoseconds};

pub fn lock_in_turn(locks: usize) -> f64 {
    const LOCKS: usize = 1_048_576;
    let all: Vec<Mutex<u64>> = (0..locks).map(|_| Mutex::new(0)).collect();
    beside_another(|| {
        let lock = |times: usize| {
            for lock in all.iter().cycle().take(times) {
                *lock.lock().expect("no thread panics") += 1;
            }
        };
        // The first time may cost more, and is not what grows.
        lock(locks);
        nanoseconds(LOCKS, || lock(LOCKS))
    })
}
