//! The order in which operations that wait together are tried: pseudo-random, so that none is always last.
//!
//! Each thread draws its own numbers, from the engine's seed (`RACE_OPTIONS=seed=N`; told at exit when there was a race)
//! or, without the engine, from a fixed one, and from how many threads drew before it: a thread that does the same again
//! chooses the same again.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::seed;

thread_local! {
    static STATE: Cell<u64> = const { Cell::new(0) };
}

/// An odd number with bits all over: the golden ratio's.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

fn draw() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(1);
    STATE.with(|state| {
        let mut next = state.get();
        if next == 0 {
            next = mix(seed() ^ THREADS.fetch_add(1, Ordering::Relaxed).wrapping_mul(STRIDE));
        }
        next = next.wrapping_add(STRIDE);
        state.set(next);
        mix(next)
    })
}

/// Spreads each bit over all.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 29)).wrapping_mul(0x2545_f491_4f6c_dd1d);
    let value = (value ^ (value >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    value ^ (value >> 32)
}

/// Brings `items` into an order in which each is equally likely to be anywhere.
pub(super) fn shuffle<T>(items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, (draw() % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::shuffle;

    #[test]
    fn each_order_comes_equally_often() {
        const ROUNDS: usize = 6000;
        let mut seen = std::collections::HashMap::new();
        for _ in 0..ROUNDS {
            let mut items = [0, 1, 2];
            shuffle(&mut items);
            *seen.entry(items).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|count| (800..1200).contains(count)), "{seen:?}");
    }
}
