//! Sets of addresses that consist of ranges.
//!
//! Naively, a list of ranges, of which an address is in the set if it is in any. Here they lie apart: what touches is made
//! one, so that telling of the same memory again costs nothing, and each question is one look into a tree.

use std::collections::BTreeMap;
use std::ops::Range;

/// Addresses.
#[derive(Debug, Default)]
pub struct Ranges(BTreeMap<usize, usize>);

impl Ranges {
    /// None.
    pub const fn new() -> Ranges {
        Ranges(BTreeMap::new())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These are in the set from now on.
    pub fn add(&mut self, added: Range<usize>) {
        let Range { mut start, mut end } = added;
        if start >= end {
            return;
        }
        while let Some((from, to)) = self.last_before(end.saturating_add(1)).filter(|(_, to)| *to >= start) {
            self.0.remove(&from);
            (start, end) = (start.min(from), end.max(to));
        }
        self.0.insert(start, end);
    }

    /// These are not in the set any more.
    pub fn cut(&mut self, dead: &Range<usize>) {
        if dead.is_empty() {
            return;
        }
        while let Some((from, to)) = self.last_before(dead.end).filter(|(_, to)| *to > dead.start) {
            self.0.remove(&from);
            for (from, to) in [(from, to.min(dead.start)), (from.max(dead.end), to)] {
                if from < to {
                    self.0.insert(from, to);
                }
            }
        }
    }

    /// Whether the address is in the set.
    pub fn has(&self, address: usize) -> bool {
        self.0.range(..=address).next_back().is_some_and(|(_, end)| *end > address)
    }

    /// The last range that begins before `end`.
    fn last_before(&self, end: usize) -> Option<(usize, usize)> {
        self.0.range(..end).next_back().map(|(from, to)| (*from, *to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dies_is_cut_out() {
        let mut ranges = Ranges::new();
        ranges.add(10..20);
        ranges.add(30..40);
        ranges.cut(&(15..35));
        assert_eq!(ranges.0.clone().into_iter().collect::<Vec<_>>(), [(10, 15), (35, 40)]);
        ranges.cut(&(11..12));
        assert_eq!(ranges.0.clone().into_iter().collect::<Vec<_>>(), [(10, 11), (12, 15), (35, 40)]);
        ranges.cut(&(0..100));
        assert!(ranges.is_empty());
    }

    #[test]
    fn ranges_are_the_set_of_their_addresses() {
        let (mut ranges, mut set, mut seed) = (Ranges::new(), [false; 32], 1_usize);
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let start = (seed >> 40) % 32;
            let range = start..start + (seed >> 50) % (33 - start);
            let adds = seed >> 62 & 1 == 0;
            set[range.clone()].fill(adds);
            if adds {
                ranges.add(range)
            } else {
                ranges.cut(&range)
            }
            assert!((0..32).all(|address| ranges.has(address) == set[address]));
            let ends: Vec<(usize, usize)> = ranges.0.iter().map(|(from, to)| (*from, *to)).collect();
            assert!(ends.iter().all(|(from, to)| from < to) && ends.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
        ranges.add(usize::MAX - 1..usize::MAX);
        assert!(ranges.has(usize::MAX - 1) && !ranges.has(usize::MAX));
    }
}
