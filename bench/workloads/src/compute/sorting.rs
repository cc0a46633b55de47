//! Sorting.

use std::hint::black_box;

use rayon::prelude::*;

use crate::threads::numbers;

/// A stable sort in the calling thread.
pub fn sort() {
    let mut all: Vec<u64> = numbers(1_500_000).collect();
    all.sort();
    black_box(all);
}

/// A sort by rayon's threads.
pub fn sort_in_parallel() {
    let mut all: Vec<u64> = numbers(2_500_000).collect();
    all.par_sort_unstable();
    black_box(all);
}
