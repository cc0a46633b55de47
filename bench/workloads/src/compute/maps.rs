//! Maps of std that are updated again and again.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

use crate::threads::numbers;

pub fn count_in_a_hash_map() {
    let mut counts: HashMap<u64, u64> = HashMap::new();
    for number in numbers(4_000_000) {
        *counts.entry(number % 10_000).or_insert(0) += 1;
    }
    black_box(counts);
}

pub fn count_in_a_tree_map() {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for number in numbers(1_000_000) {
        *counts.entry(number % 10_000).or_insert(0) += 1;
    }
    black_box(counts);
}
