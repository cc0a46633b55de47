//! Calls of functions that do next to nothing.

use std::hint::black_box;

pub fn call() {
    #[inline(never)]
    fn fibonacci(number: u32) -> u64 {
        if number < 2 { u64::from(number) } else { fibonacci(number - 1) + black_box(fibonacci(number - 2)) }
    }
    black_box(fibonacci(black_box(36)));
}

/// 2,000 calls deep, over and over.
pub fn descend() {
    #[inline(never)]
    fn depth(left: u32, seen: &mut u64) -> u64 {
        *seen += 1;
        if left == 0 { 0 } else { black_box(depth(left - 1, seen)) + 1 }
    }
    let mut seen = 0;
    for _ in 0..10_000 {
        black_box(depth(black_box(2_000), &mut seen));
    }
    black_box(seen);
}
