//! Granules with more than one entry: a pair that may be shared, or a list of records of the granule's own.
//!
//! Neighbouring granules tend to have the same two entries: all elements of an array that one thread wrote and another
//! reads, or that two threads read. Such a pair is kept once: the granules hold the number of one record, which does not
//! change while anybody holds it. A granule whose entries change leaves it. So data read by several threads costs no
//! record a granule, and the record that a reader looks into stays in its processor's cache.

use super::granule::{Conflicts, Entry, Granule, NewAccess, can_merge, meet};
use super::record::{Pair, Record, RecordCache, RecordId, record};
use super::word::Word;
use crate::counters::COUNTERS;
use crate::sync::atomic_cell::{AtomicCellId, AtomicCells};
use crate::sys::atomic::Ordering::{Relaxed, Release};
use crate::thread::context::NodeId;

impl Granule {
    /// The granule has just these two entries, of which `newest` is the newer.
    pub(super) fn become_pair(&mut self, pair: Pair, newest: Entry, records: &mut RecordCache) {
        match records.shared(pair).or_else(|| records.take_with(pair)) {
            Some(id) => self.become_listed(id, newest.word),
            None => {
                COUNTERS.entries_lost.increment();
                self.set_single(newest);
            }
        }
    }

    /// An access joins a pair that other granules may hold as well: it is worked out aside.
    pub(super) fn record_in_pair(&mut self, new: NewAccess<'_>, records: &mut RecordCache, conflicts: &mut Conflicts) {
        let shared = self.first_record();
        let old = record(shared).pair().entries();
        let mut added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        let mut kept = old.map(|entry| Entry { word: meet(entry, &new, conflicts), site: entry.site });
        let lives = |entry: &Entry| entry.word.mask().0 != 0;
        let repeats = |entry: &Entry| lives(entry) && entry.word.repeats(new.epoch, new.kind, new.mask);
        let mut present = kept.iter().position(repeats);
        if present.is_none() {
            present = kept.iter().position(|entry| lives(entry) && can_merge(*entry, added));
            if let Some(place) = present {
                kept[place].word = kept[place].word.with(new.mask);
            }
        }
        if let Some(place) = present {
            added = kept[place];
            if kept == old {
                self.content = Word::from_bits(added.word.bits() | Word::LISTED);
                return;
            }
        }
        let others = kept.iter().enumerate().filter(|(place, entry)| lives(entry) && present != Some(*place));
        let mut others = others.map(|(_, entry)| *entry);
        match (others.next(), others.next()) {
            (None, _) => self.set_single(added),
            (Some(other), None) => self.become_pair(Pair::new(other, added), added, records),
            (Some(one), Some(other)) => {
                // Three need a list that is this granule's own.
                match records.take_with(Pair::new(one, other)) {
                    Some(own) => {
                        self.become_listed(own, added.word);
                        self.add_record(added, records);
                    }
                    None => {
                        COUNTERS.entries_lost.increment();
                        self.set_single(added);
                    }
                }
            }
        }
        records.give_shared(shared);
    }

    /// Makes sure that the granule's records are held by nobody else. False when there is no record to be had.
    pub(super) fn own_list(&mut self, records: &mut RecordCache) -> bool {
        let first = self.first_record();
        if !record(first).is_shared() {
            return true;
        }
        let Some(own) = records.take_with(record(first).pair()) else { return false };
        self.become_listed(own, self.content);
        records.give_shared(first);
        true
    }

    /// Adds a record with `entry` after the first; counts the entry as lost when there is none to be had.
    fn add_record(&mut self, entry: Entry, records: &mut RecordCache) {
        let Some(id) = records.take() else { return COUNTERS.entries_lost.increment() };
        let (part, first) = (record(id), record(self.first_record()));
        part.sites[0].store(entry.site.0, Relaxed);
        part.words[0].store(entry.word.bits(), Relaxed);
        part.next.store(first.next.load(Relaxed), Relaxed);
        first.next.store(id.0, Release);
    }

    /// Adds an access to a list of the granule's own where that takes no more than a look at it: an entry says as much
    /// already, or the access takes the place of the one entry that it makes needless, mostly its thread's last one. False
    /// when it does not: when it races with an entry, makes several needless, or has no place to take.
    #[inline]
    pub fn renew_listed(&mut self, new: NewAccess<'_>) -> bool {
        if !self.content.is_listed() || record(self.first_record()).is_shared() {
            return false;
        }
        let mut replaced: Option<(&'static Record, usize)> = None;
        let mut id = self.first_record();
        while id != RecordId::NONE {
            let part = record(id);
            for (place, word) in part.words.iter().enumerate() {
                let old = Word::from_bits(word.load(Relaxed));
                if !old.mask().meets(new.mask) {
                    continue;
                }
                if old.repeats(new.epoch, new.kind, new.mask) {
                    return true;
                }
                if !new.clock.knows(old.epoch()) {
                    if old.conflicts_with(new.kind) {
                        return false;
                    }
                } else if old.is_subsumed_by(new.kind) {
                    if replaced.is_some() || !new.mask.covers(old.mask()) {
                        return false;
                    }
                    replaced = Some((part, place));
                }
            }
            id = RecordId(part.next.load(Relaxed));
        }
        let Some((part, place)) = replaced else { return false };
        let added = Word::new(new.epoch, new.kind, new.mask);
        part.sites[place].store(new.site.0, Relaxed);
        part.words[place].store(added.bits(), Relaxed);
        self.content = Word::from_bits(added.bits() | Word::LISTED);
        true
    }

    /// An access joins a list of the granule's own.
    pub(super) fn record_in_list(&mut self, new: NewAccess<'_>, records: &mut RecordCache, conflicts: &mut Conflicts) {
        let mut added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        let first = self.first_record();
        let mut vacant: Option<(&'static Record, usize)> = None;
        let mut present = None;
        let mut entries = 0;
        let mut previous: Option<&'static Record> = None;
        let mut id = first;
        while id != RecordId::NONE {
            let part = record(id);
            let next = RecordId(part.next.load(Relaxed));
            let mut used = false;
            for place in 0..Record::ENTRIES {
                let word = Word::from_bits(part.words[place].load(Relaxed));
                let site = NodeId(part.sites[place].load(Relaxed));
                let mut kept = Word::EMPTY;
                if word != Word::EMPTY {
                    kept = meet(Entry { word, site }, &new, conflicts);
                }
                if kept.mask().0 == 0 {
                    part.words[place].store(0, Relaxed);
                    vacant = vacant.or(Some((part, place)));
                    continue;
                }
                if present.is_none() {
                    if kept.repeats(new.epoch, new.kind, new.mask) {
                        present = Some(kept);
                    } else if can_merge(Entry { word: kept, site }, added) {
                        kept = kept.with(new.mask);
                        present = Some(kept);
                    }
                }
                if kept != word {
                    part.words[place].store(kept.bits(), Relaxed);
                }
                used = true;
                entries += 1;
            }
            match previous {
                Some(before) if !used && vacant.is_none_or(|(holder, _)| !std::ptr::eq(holder, part)) => {
                    before.next.store(next.0, Relaxed);
                    records.give(id);
                }
                _ => previous = Some(part),
            }
            id = next;
        }
        if let Some(word) = present {
            added.word = word;
        } else {
            entries += 1;
            if entries == 1 && record(first).first_atomic() == AtomicCellId::NONE {
                self.free_list(records);
                self.set_single(added);
                return;
            }
            match vacant {
                Some((part, place)) => {
                    part.sites[place].store(added.site.0, Relaxed);
                    part.words[place].store(added.word.bits(), Relaxed);
                }
                None => self.add_record(added, records),
            }
        }
        self.content = Word::from_bits(added.word.bits() | Word::LISTED);
        self.share_list(records);
    }

    /// Exchanges a list that is a pair seen elsewhere for the shared one.
    #[inline]
    fn share_list(&mut self, records: &mut RecordCache) {
        if let Some(pair) = record(self.first_record()).whole_pair()
            && let Some(shared) = records.shared(pair)
        {
            self.free_list(records);
            self.become_listed(shared, self.content);
        }
    }

    /// Gives back all records. The caller sets the content anew.
    pub(super) fn free_list(&mut self, records: &mut RecordCache) {
        let mut id = self.first_record();
        if record(id).is_shared() {
            return records.give_shared(id);
        }
        AtomicCells::free(AtomicCellId(record(id).atomics.swap(0, Relaxed)));
        while id != RecordId::NONE {
            let part = record(id);
            let next = RecordId(part.next.load(Relaxed));
            for word in &part.words {
                word.store(0, Relaxed);
            }
            records.give(id);
            id = next;
        }
    }
}
