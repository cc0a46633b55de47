//! What workloads have in common: threads that do the same, and numbers to work on.

use race::thread;

/// Runs `body` in `count` threads at once.
pub fn in_threads(count: usize, body: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..count {
            let body = &body;
            scope.spawn(body);
        }
    });
}

/// Runs `body` as often as two threads would, in a program that has one thread all its life.
pub fn solo(body: fn()) {
    body();
    body();
}

/// The same numbers each time, without a pattern.
pub fn numbers(count: usize) -> impl Iterator<Item = u64> {
    let mut state = 1_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 33
    })
}
