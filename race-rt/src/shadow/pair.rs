//! Granules with one entry or two, which nearly all are.
//!
//! The rule in full is [`Granule::record_in_few`]. [`Granule::renew_few`] equals it where the access races with nothing, there
//! is room for what has to be remembered, and no more than two entries are left: without a call.
//!
//! Of two entries the newer is the first, except where an access adds bytes to the other.

use super::granule::{Conflicts, Entry, Granule, NewAccess, can_merge, left_of, meet};
use super::record::{RecordCache, RecordId};
use super::second::Second;
use super::word::Word;
use crate::counters::COUNTERS;
use crate::sys::atomic::Ordering::Relaxed;
use crate::thread::context::NodeId;

impl Granule {
    /// The place for the second entry.
    #[inline(always)]
    pub(super) fn second(&self) -> Second {
        Second::of(self.address)
    }

    /// Whether the entries are in records.
    #[inline(always)]
    pub(super) fn is_list(&self) -> bool {
        self.content.is_listed() && RecordId::of_site(self.site.load(Relaxed)).is_some()
    }

    /// The first entry of one or two.
    #[inline(always)]
    pub(super) fn first(&self) -> Entry {
        Entry { word: self.content.access(), site: NodeId(self.site.load(Relaxed)) }
    }

    /// The second entry, if there are just two.
    #[inline(always)]
    pub(super) fn other(&self) -> Option<Entry> {
        (self.content.is_listed() && !self.is_list()).then(|| self.second().entry())
    }

    /// The granule has just these two entries. `second` has room.
    #[inline(always)]
    fn set_pair(&mut self, newest: Entry, other: Entry, second: Second) {
        second.set(other);
        self.site.store(newest.site.0, Relaxed);
        self.content = Word::from_bits(newest.word.bits() | Word::LISTED);
    }

    /// The granule has just these two entries, of which `newest` is the newer.
    pub(super) fn become_pair(&mut self, newest: Entry, other: Entry) {
        match Second::make(self.address) {
            Some(second) => self.set_pair(newest, other, second),
            None => {
                COUNTERS.entries_lost.increment();
                self.set_single(newest);
            }
        }
    }

    /// An access joins one entry or two.
    pub(super) fn record_in_few(&mut self, new: NewAccess<'_>, records: &mut RecordCache, conflicts: &mut Conflicts) {
        let added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        // The older first: of several races of one access the first is told, and the others may be no news then.
        let mut kept: [Option<Entry>; 2] = [self.other(), Some(self.first())];
        for place in &mut kept {
            *place = place.and_then(|old| {
                let word = meet(old, &new, conflicts);
                (word.mask().0 != 0).then_some(Entry { word, site: old.site })
            });
        }
        let repeats = |entry: &Entry| entry.word.repeats(new.epoch, new.kind, new.mask);
        let present = kept.iter().position(|entry| entry.is_some_and(|entry| repeats(&entry)));
        let merged = || kept.iter().position(|entry| entry.is_some_and(|entry| can_merge(entry, added)));
        let (newest, others) = match present.or_else(merged) {
            Some(place) => {
                // One that says as much has these bytes already.
                let newest = kept[place].map_or(added, |old| Entry { word: old.word.with(new.mask), site: old.site });
                (newest, [kept[1 - place], None])
            }
            None => (added, kept),
        };
        match others {
            [None, None] => self.set_single(newest),
            [Some(other), None] | [None, Some(other)] => self.become_pair(newest, other),
            [Some(one), Some(other)] => self.become_list(newest, [one, other], records),
        }
    }

    /// [`Granule::record_in_few`] where that takes no more than a look at the entries. False, with nothing changed, when it does
    /// not.
    #[inline(always)]
    pub(super) fn renew_few(&mut self, new: &NewAccess<'_>) -> bool {
        let second = self.second();
        if !self.content.is_listed() { self.renew_one(new, second) } else { self.renew_two(new, second) }
    }

    #[inline(always)]
    fn renew_one(&mut self, new: &NewAccess<'_>, second: Second) -> bool {
        let added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        let old = self.first();
        let Some(left) = left_of(old.word, new) else { return false };
        if left.mask().0 == 0 {
            self.set_single(added);
        } else if can_merge(Entry { word: left, ..old }, added) {
            self.content = left.with(new.mask);
        } else if second.has_room() {
            self.set_pair(added, Entry { word: left, ..old }, second);
        } else {
            return false;
        }
        true
    }

    #[inline(always)]
    fn renew_two(&mut self, new: &NewAccess<'_>, second: Second) -> bool {
        let added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        let (first, other) = (self.first(), second.entry());
        let (Some(left), Some(left_of_other)) = (left_of(first.word, new), left_of(other.word, new)) else {
            return false;
        };
        let (first, other) = (Entry { word: left, ..first }, Entry { word: left_of_other, ..other });
        match (left.mask().0 != 0, left_of_other.mask().0 != 0) {
            (false, false) => self.set_single(added),
            (true, false) if can_merge(first, added) => self.content = left.with(new.mask),
            (false, true) if can_merge(other, added) => {
                self.set_single(Entry { word: left_of_other.with(new.mask), ..other });
            }
            (true, false) => self.set_pair(added, first, second),
            (false, true) => self.set_pair(added, other, second),
            (true, true) if can_merge(first, added) => {
                self.set_pair(Entry { word: left.with(new.mask), ..first }, other, second);
            }
            (true, true) if can_merge(other, added) => {
                self.set_pair(Entry { word: left_of_other.with(new.mask), ..other }, first, second);
            }
            (true, true) => return false,
        }
        true
    }
}
