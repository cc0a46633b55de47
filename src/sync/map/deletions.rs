//! What the deletions of a [`Map`](super::Map) published, for those who find a key gone.
//!
//! By the key's hash: two keys with the same one would share what they carry, which adds an order and never takes one
//! away. No key is kept, so that its destructor runs where it was deleted. When too many deletions are remembered, all of
//! them are gathered in one: whoever finds a key gone then comes after all deletions, which can hide a race and bounds
//! the memory. Without the engine there is nothing here.

#[cfg(race_engine)]
use std::collections::HashMap;

#[cfg(race_engine)]
use crate::engine::{Edge, Release};

/// How many deletions are remembered apart: a few megabytes.
#[cfg(race_engine)]
const REMEMBERED: usize = 1 << 16;

/// The deletions of one map.
#[cfg(race_engine)]
#[derive(Default)]
pub(super) struct Deletions {
    /// The last one of each key, by its hash. The key may have a value again: then nobody asks.
    by_hash: HashMap<u64, Release>,
    /// All there ever were.
    all: Edge,
    /// Whether some are to be found in `all` only.
    gathered: bool,
}

#[cfg(race_engine)]
impl Deletions {
    /// The running thread deletes the key of this hash.
    pub(super) fn add(&mut self, hash: impl FnOnce() -> u64) {
        self.all.merge();
        if self.by_hash.len() >= REMEMBERED {
            self.by_hash = HashMap::new();
            self.gathered = true;
        }
        self.by_hash.insert(hash(), Release::now());
    }

    /// The running thread finds the key of this hash without value, if it ever had one, after its deletion.
    pub(super) fn observe(&self, hash: impl FnOnce() -> u64) {
        if self.by_hash.is_empty() && !self.gathered {
            return;
        }
        match self.by_hash.get(&hash()) {
            Some(release) => release.acquire(),
            None if self.gathered => self.all.acquire(),
            None => {}
        }
    }
}

/// The deletions of one map, which nobody asks about.
#[cfg(not(race_engine))]
#[derive(Default)]
pub(super) struct Deletions;

#[cfg(not(race_engine))]
impl Deletions {
    #[inline(always)]
    pub(super) fn add(&mut self, _hash: impl FnOnce() -> u64) {}

    #[inline(always)]
    pub(super) fn observe(&self, _hash: impl FnOnce() -> u64) {}
}
