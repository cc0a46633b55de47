//! An entry of a [`Map`](super::Map): a value, what its write published, and who used it.

use std::mem::{self, needs_drop};

use crate::engine::{Edge, Release, revealed};

/// A value with its past.
pub(super) struct Entry<V> {
    value: V,
    /// What the value's write published, for who observes it.
    written: Release,
    /// All that touched the entry, for who destroys it; kept up by readers only if the value has a destructor.
    used: Edge,
}

impl<V> Entry<V> {
    /// An entry that the running thread makes.
    pub(super) fn new(value: V) -> Entry<V> {
        let used = Edge::new();
        used.merge();
        Entry { value, written: Release::now(), used }
    }

    /// The write happens before what the running thread does from now on.
    pub(super) fn observe(&self) {
        self.written.acquire();
    }

    /// The value, observed.
    pub(super) fn load(&self) -> V
    where
        V: Clone,
    {
        self.look(V::clone)
    }

    /// Whether it has this value, observed.
    pub(super) fn has(&self, value: &V) -> bool
    where
        V: PartialEq,
    {
        self.look(|present| present == value)
    }

    fn look<R>(&self, look: impl FnOnce(&V) -> R) -> R {
        self.observe();
        let result = revealed(|| look(&self.value));
        if needs_drop::<V>() {
            self.used.merge();
        }
        result
    }

    /// Another value, written by the running thread. Gives the one before back, to be owned.
    pub(super) fn replace(&mut self, value: V) -> V {
        if needs_drop::<V>() {
            self.used.acquire();
        }
        self.written = Release::now();
        self.used.merge();
        mem::replace(&mut self.value, value)
    }

    /// The value, to be owned, of an entry that is no more and whose key is a `K`.
    pub(super) fn into_value<K>(self) -> V {
        if needs_drop::<K>() || needs_drop::<V>() {
            self.used.acquire();
        }
        self.value
    }
}
