//! The table of a [`Map`](super::Map), under its lock: finding observes, writing publishes, removing remembers.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use super::deletions::Deletions;
use super::entry::Entry;

/// The entries and what is left of those that were deleted.
pub(super) struct Table<K, V> {
    entries: HashMap<K, Entry<V>>,
    deletions: Deletions,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Table<K, V> {
        Table { entries: HashMap::new(), deletions: Default::default() }
    }
}

impl<K, V> Table<K, V> {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }
}

impl<K: Eq + Hash, V> Table<K, V> {
    /// The entry of a key, which observes nothing.
    pub(super) fn peek<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&Entry<V>>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key)
    }

    /// The entry of a key, observed, or the observation that it was deleted.
    pub(super) fn find<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&Entry<V>>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get(key);
        match entry {
            Some(entry) => entry.observe(),
            None => self.deletions.observe(|| self.entries.hasher().hash_one(key)),
        }
        entry
    }

    /// Writes the value of a key. Gives back what is not needed of the two, or any more.
    pub(super) fn write(&mut self, key: K, value: V) -> Option<(K, V)> {
        if let Some(entry) = self.entries.get_mut(&key) {
            return Some((key, entry.replace(value)));
        }
        self.entries.insert(key, Entry::new(value));
        None
    }

    /// Whether a key, observed, has this value.
    pub(super) fn has<Q: Eq + Hash + ?Sized>(&self, key: &Q, value: &V) -> bool
    where
        K: Borrow<Q>,
        V: PartialEq,
    {
        self.find(key).is_some_and(|entry| entry.has(value))
    }

    /// Writes the value of a key that has one. Gives back the one before, or else `value`.
    pub(super) fn replace<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, value: V) -> Result<V, V>
    where
        K: Borrow<Q>,
    {
        match self.entries.get_mut(key) {
            Some(entry) => Ok(entry.replace(value)),
            None => Err(value),
        }
    }

    /// Deletes a key.
    pub(super) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let (owned, entry) = self.entries.remove_entry(key)?;
        let value = entry.into_value::<K>();
        self.deletions.add(|| self.entries.hasher().hash_one(key));
        Some((owned, value))
    }

    /// Deletes all keys.
    pub(super) fn remove_all(&mut self) -> Vec<(K, V)> {
        let hasher = self.entries.hasher().clone();
        let mut removed = Vec::with_capacity(self.entries.len());
        for (key, entry) in self.entries.drain() {
            let value = entry.into_value::<K>();
            self.deletions.add(|| hasher.hash_one(&key));
            removed.push((key, value));
        }
        removed
    }
}
