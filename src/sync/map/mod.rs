//! [`Map`]: what writes the value of a key happens before what observes it. In every build, with or without the engine.
//!
//! Each entry carries what its last write published, and a deletion leaves that behind; whoever finds the value, or
//! finds it gone, comes after it. There is no clock for the map: keys do not order each other, nor does a write order the
//! next write of its key unless that looks at what it replaces, nor a read a write, nor `len` anything.
//!
//! But a key or a value that has a destructor belongs to the map, which runs it: who destroys an entry, or takes its
//! value, comes after all that used it. So no destructor is reported for what the map has ordered. Can miss: a race that
//! is ordered only by such an end of an entry.

mod deletions;
mod entry;
mod table;

use std::borrow::Borrow;
use std::fmt;
use std::hash::Hash;
use std::ops::{Deref, DerefMut};

use crate::engine::lock::RwLock;
use entry::Entry;
use table::Table;

/// A hash map for many threads, like Go's `sync.Map`.
///
/// Values are cloned out: let them be small, or an [`Arc`](super::Arc). Keys and values are hashed, compared and cloned
/// under the map's lock: these functions must not use the map, nor memory that is watched and that the map itself orders.
/// Closures are called, and values dropped, outside of the lock.
///
/// ```
/// use race::sync::Map;
///
/// static VISITS: Map<String, u32> = Map::new();
/// VISITS.store("index".into(), 1);
/// assert_eq!(VISITS.load("index"), Some(1));
/// assert_eq!(VISITS.load_or_store("about".into(), 7), (7, false));
/// assert!(VISITS.compare_and_swap("about", &7, 8));
/// assert_eq!(VISITS.load_and_delete("about"), Some(8));
/// VISITS.range(|page, visits| {
///     println!("{page}: {visits}");
///     true
/// });
/// ```
pub struct Map<K, V> {
    /// Made by the first write: a table whose hashes cannot be foreseen is no constant.
    table: RwLock<Option<Table<K, V>>>,
}

impl<K, V> Map<K, V> {
    /// An empty map.
    pub const fn new() -> Map<K, V> {
        Map { table: RwLock::new(None) }
    }

    fn reading(&self) -> impl Deref<Target = Option<Table<K, V>>> {
        self.table.read()
    }

    fn writing(&self) -> impl DerefMut<Target = Option<Table<K, V>>> {
        self.table.write()
    }

    /// How many keys have a value at this moment. Orders nothing.
    pub fn len(&self) -> usize {
        self.reading().as_ref().map_or(0, Table::len)
    }

    /// Whether no key has a value at this moment. Orders nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Eq + Hash, V> Map<K, V> {
    /// The value of a key. Comes after the write of the value, or after the deletion that it finds.
    pub fn load<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        V: Clone,
    {
        self.reading().as_ref()?.find(key).map(Entry::load)
    }

    /// Gives a key a value. Happens before all that observes it.
    pub fn store(&self, key: K, value: V) {
        let replaced = self.writing().get_or_insert_default().write(key, value);
        drop(replaced);
    }

    /// The value of a key and `true`; or `value`, which it now has, and `false`. Comes after the write that it finds, or
    /// the deletion, and otherwise happens before all that observes the value.
    pub fn load_or_store(&self, key: K, value: V) -> (V, bool)
    where
        V: Clone,
    {
        if let Some(present) = self.load(&key) {
            return (present, true);
        }
        let mut table = self.writing();
        let table = table.get_or_insert_default();
        // Somebody may have been faster.
        if let Some(entry) = table.find(&key) {
            return (entry.load(), true);
        }
        table.write(key, value.clone());
        (value, false)
    }

    /// Gives a key a value and returns the one before. Comes after the write of that, or after the deletion that it finds,
    /// and happens before all that observes the new one.
    pub fn swap(&self, key: K, value: V) -> Option<V> {
        let replaced = {
            let mut table = self.writing();
            let table = table.get_or_insert_default();
            table.find(&key);
            table.write(key, value)
        };
        replaced.map(|(_, value)| value)
    }

    /// Gives a key the value `new` if it has the value `old`, and tells whether it did. Comes after the write of the value
    /// that it finds, or after the deletion; a swap that takes place happens before all that observes the new value.
    pub fn compare_and_swap<Q: Eq + Hash + ?Sized>(&self, key: &Q, old: &V, new: V) -> bool
    where
        K: Borrow<Q>,
        V: PartialEq,
    {
        // Declared before the lock is taken, so that it is dropped outside.
        let mut unneeded = Err(new);
        let mut table = self.writing();
        if let Some(table) = table.as_mut()
            && table.has(key, old)
        {
            unneeded = unneeded.or_else(|new| table.replace(key, new));
        }
        unneeded.is_ok()
    }

    /// Deletes a key if it has the value `old`, and tells whether it did. Comes after the write of the value that it finds,
    /// or after the deletion; a deletion happens before all that finds the key gone.
    pub fn compare_and_delete<Q: Eq + Hash + ?Sized>(&self, key: &Q, old: &V) -> bool
    where
        K: Borrow<Q>,
        V: PartialEq,
    {
        let removed = self.writing().as_mut().filter(|table| table.has(key, old)).and_then(|table| table.remove(key));
        removed.is_some()
    }

    /// Deletes a key and returns its value. Comes after the write of the value, or after the deletion that it finds, and
    /// happens before all that finds the key gone.
    pub fn load_and_delete<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let removed = self.writing().as_mut().and_then(|table| {
            table.find(key);
            table.remove(key)
        });
        removed.map(|(_, value)| value)
    }

    /// Deletes a key. Happens before all that finds it gone.
    pub fn delete<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let removed = self.writing().as_mut().and_then(|table| table.remove(key));
        drop(removed);
    }

    /// Deletes all keys.
    pub fn clear(&self) {
        let removed = self.writing().as_mut().map(Table::remove_all);
        drop(removed);
    }

    /// Shows keys and their values, in no order, until `show` returns false. Comes after the write of each value before
    /// it shows it. Each key that is there from beginning to end is shown once, with a value that it had meanwhile; `show`
    /// may use the map.
    pub fn range(&self, mut show: impl FnMut(&K, &V) -> bool)
    where
        K: Clone,
        V: Clone,
    {
        let keys: Vec<K> = self.reading().iter().flat_map(Table::keys).cloned().collect();
        for key in keys {
            let value = self.reading().as_ref().and_then(|table| table.peek(&key)).map(Entry::load);
            if let Some(value) = value
                && !show(&key, &value)
            {
                return;
            }
        }
    }
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Map<K, V> {
        Map::new()
    }
}

impl<K, V> fmt::Debug for Map<K, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Map").field("len", &self.len()).finish_non_exhaustive()
    }
}
