//! What a synchronisation object carries: the releases that whoever acquires it learns of.
//!
//! Naively an object holds one vector, the join of all releases it carries. [`Heads`] holds the releases themselves,
//! one a slot at most: a later release of a slot carries all that an earlier one did, and a release that the new
//! releaser has itself acquired is carried by the new one. A lock handed from thread to thread so holds a single head,
//! and a reference count decremented by `k` threads holds `k`.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Epoch, Slot, Snapshot, ThreadClock};

/// One release: everything that its thread did or knew up to `epoch`.
#[derive(Clone, Debug)]
pub struct Head {
    /// The releaser's step.
    pub epoch: Epoch,
    /// What the releaser knew of the others.
    pub known: Arc<Snapshot>,
}

impl Head {
    /// Becomes `later`, a later release of the same slot. Its thread mostly has learned nothing in between.
    #[inline]
    fn become_later(&mut self, later: &Head) {
        self.epoch = later.epoch;
        if !Arc::ptr_eq(&self.known, &later.known) {
            self.known = later.known.clone();
        }
    }
}

/// The releases that an object carries.
#[derive(Clone, Debug, Default)]
pub struct Heads(SmallVec<[Head; 1]>);

impl Heads {
    /// Carries nothing.
    pub const fn new() -> Heads {
        Heads(SmallVec::new_const())
    }

    /// Carries nothing any more.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Carries this one release alone.
    pub fn replace(&mut self, head: Head) {
        self.0.clear();
        self.0.push(head);
    }

    /// Moves the release of the thread that knew `known` on to `epoch`, a later one of it, before which it has learned
    /// nothing. False when no such release is carried.
    #[inline]
    pub fn renew(&mut self, epoch: Epoch, known: &Arc<Snapshot>) -> bool {
        let own = self.0.iter_mut().find(|head| Arc::ptr_eq(&head.known, known));
        own.map(|head| head.epoch = epoch).is_some()
    }

    /// Moves the only release carried on to `epoch`, a later one of its thread, before which that has learned nothing. Nothing
    /// happens where there is not one.
    #[inline]
    pub fn renew_only(&mut self, epoch: Epoch) {
        if let [only] = self.0.as_mut_slice() {
            debug_assert_eq!(only.epoch.slot(), epoch.slot());
            only.epoch = epoch;
        }
    }

    /// Whether what is carried is one release of that slot, whose owner knows it.
    #[inline(always)]
    pub fn are_of(&self, slot: Slot) -> bool {
        matches!(self.0.as_slice(), [only] if only.epoch.slot() == slot)
    }

    /// Whether one release is carried.
    #[inline]
    pub fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    /// Carries `head` as well. What `releaser`, whose release it is, already knows is carried by `head`.
    pub fn merge_own(&mut self, head: Head, releaser: &ThreadClock) {
        self.0.retain(|old| !releaser.knows(old.epoch));
        self.0.push(head);
    }

    /// Carries `head` as well, whoever released it.
    pub fn merge(&mut self, head: &Head) {
        for old in &mut self.0 {
            if old.epoch.slot() == head.epoch.slot() {
                if old.epoch.time() < head.epoch.time() {
                    old.become_later(head);
                }
                return;
            }
        }
        self.0.push(head.clone());
    }

    /// Carries all of `heads` as well, of which no two are of one slot.
    pub fn merge_all<'a>(&mut self, heads: impl Iterator<Item = &'a Head>) {
        /// From so many on a search pays.
        const MANY: usize = 16;
        let slot = |head: &Head| head.epoch.slot();
        if self.0.len() < MANY {
            return heads.for_each(|head| self.merge(head));
        }
        self.0.sort_by_key(slot);
        let sorted = self.0.len();
        for head in heads {
            match self.0[..sorted].binary_search_by_key(&slot(head), slot) {
                Ok(place) if self.0[place].epoch.time() < head.epoch.time() => self.0[place] = head.clone(),
                Ok(_) => {}
                Err(_) => self.0.push(head.clone()),
            }
        }
    }

    /// The releases carried.
    pub fn iter(&self) -> std::slice::Iter<'_, Head> {
        self.0.iter()
    }

    /// Whether nothing is carried.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The release, if one is carried.
    #[inline]
    pub fn only(&self) -> Option<&Head> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Carries the same slot's later release at `epoch` in place of one whose thread has learned nothing since: it knew then
    /// what has that identity. False when no such release is carried.
    #[inline]
    pub fn move_on(&mut self, epoch: Epoch, known: u64) -> bool {
        let own = self.0.iter_mut().find(|head| head.epoch.slot() == epoch.slot() && head.known.id() == known);
        own.map(|head| head.epoch = epoch).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Slot, Time};

    fn head(slot: usize, time: u64) -> Head {
        Head { epoch: Epoch::new(Slot::new(slot), Time::new(time)), known: Snapshot::new(&[]) }
    }

    #[test]
    fn all_at_once_is_one_by_one() {
        let mut steps = 1_u64;
        let mut next = |below: u64| {
            steps = steps.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (steps >> 33) % below
        };
        let (mut at_once, mut one_by_one) = (Heads::new(), Heads::new());
        for _ in 0..50 {
            let some: Vec<usize> = (0..60).filter(|_| next(2) == 0).collect();
            let heads: Vec<Head> = some.into_iter().map(|slot| head(slot, 1 + next(100))).collect();
            at_once.merge_all(heads.iter());
            heads.iter().for_each(|head| one_by_one.merge(head));
            let epochs = |heads: &Heads| {
                let mut epochs: Vec<u64> = heads.iter().map(|head| head.epoch.bits()).collect();
                epochs.sort_unstable();
                epochs
            };
            assert_eq!(epochs(&at_once), epochs(&one_by_one));
        }
    }

    #[test]
    fn a_renewed_release_leaves_those_of_others_alone() {
        let (own, others) = (head(1, 5), head(2, 9));
        let mut heads = Heads::new();
        heads.merge(&own);
        heads.merge(&others);
        assert!(heads.renew(Epoch::new(Slot::new(1), Time::new(6)), &own.known));
        assert!(!heads.renew(Epoch::new(Slot::new(1), Time::new(7)), &Snapshot::new(&[])), "knowledge of another time");
        let epochs: Vec<Epoch> = heads.iter().map(|head| head.epoch).collect();
        assert_eq!(epochs, [Epoch::new(Slot::new(1), Time::new(6)), others.epoch]);
    }
}
