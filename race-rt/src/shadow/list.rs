//! Granules with more than one entry: a pair that may be shared, or a list of records of the granule's own.
//!
//! Neighbouring granules tend to have the same two entries: all elements of an array that one thread wrote and another
//! reads, or that two threads read. Such a pair is kept once: the granules hold the number of one record, which does not
//! change while anybody holds it. A granule whose entries change leaves it. So data read by several threads costs no
//! record a granule, and the record that a reader looks into stays in its processor's cache.
//!
//! A granule keeps a list of its own until its memory has a new life, even while one entry is all there is: who writes a word
//! and reads it, step by step, has one and two entries in turn, and finds the place for the second one as it was left.

use super::granule::{Conflicts, Entry, Granule, NewAccess, can_merge, meet};
use super::record::{Pair, Record, RecordCache, RecordId, record};
use super::word::Word;
use crate::counters::COUNTERS;
use crate::sync::atomic_cell::{AtomicCellId, AtomicCells};
use crate::sys::atomic::Ordering::{Relaxed, Release};
use crate::thread::context::NodeId;

/// What becomes of an entry when an access joins it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It has nothing to do with the access, or has to be remembered beside it.
    Stays,
    /// Nothing has to be remembered of it, or there was nothing: its place can be taken.
    Goes,
    /// It races with the access, or a part of it goes.
    Else,
}

impl Fate {
    #[inline(always)]
    fn of(old: Word, new: &NewAccess<'_>) -> Fate {
        if old != Word::EMPTY && !old.mask().meets(new.mask) {
            Fate::Stays
        } else if !new.clock.knows(old.epoch()) {
            if old.conflicts_with(new.kind) { Fate::Else } else { Fate::Stays }
        } else if !old.is_subsumed_by(new.kind) {
            Fate::Stays
        } else if new.mask.covers(old.mask()) {
            Fate::Goes
        } else {
            Fate::Else
        }
    }
}

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
        if old.iter().all(|entry| new.leaves_nothing_of(entry.word)) {
            self.set_single(added);
            return records.give_shared(shared);
        }
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
                        self.add_record_or_lose(added, records);
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

    /// Adds a record with `entry` after the first; `None` when there is none to be had.
    pub(super) fn add_record(&mut self, entry: Entry, records: &mut RecordCache) -> Option<RecordId> {
        let id = records.take()?;
        let (part, first) = (record(id), record(self.first_record()));
        part.sites[0].store(entry.site.0, Relaxed);
        part.words[0].store(entry.word.bits(), Relaxed);
        part.next.store(first.next.load(Relaxed), Relaxed);
        first.next.store(id.0, Release);
        Some(id)
    }

    fn add_record_or_lose(&mut self, entry: Entry, records: &mut RecordCache) {
        if self.add_record(entry, records).is_none() {
            COUNTERS.entries_lost.increment();
        }
    }

    /// Adds an access to a list of the granule's own where that takes no more than a look at it: an entry says as much
    /// already, or the access takes the place of what it makes needless, mostly its thread's last access, or one that is vacant.
    /// False, with nothing changed, when it does not: when it races with an entry, makes a part of one needless, or has no place
    /// to take.
    #[inline(always)]
    pub fn renew_listed(&mut self, new: &NewAccess<'_>) -> bool {
        if !self.content.is_listed() {
            return false;
        }
        let first = record(self.first_record());
        if first.is_shared() {
            return false;
        }
        if first.next.load(Relaxed) != RecordId::NONE.0 {
            return self.renew_in_several(first, new);
        }
        let [one, other] = [0, 1].map(|place| Word::from_bits(first.words[place].load(Relaxed)));
        if one.repeats(new.epoch, new.kind, new.mask) || other.repeats(new.epoch, new.kind, new.mask) {
            return true;
        }
        let place = match (Fate::of(one, new), Fate::of(other, new)) {
            (Fate::Goes, Fate::Goes) => {
                first.words[1].store(0, Relaxed);
                0
            }
            (Fate::Goes, Fate::Stays) => 0,
            (Fate::Stays, Fate::Goes) => 1,
            _ => return false,
        };
        self.put(first, place, new);
        true
    }

    /// [`Granule::renew_listed`] for several records, where at most one entry goes: a record that has none left would have to go
    /// itself.
    #[inline(never)]
    fn renew_in_several(&mut self, first: &'static Record, new: &NewAccess<'_>) -> bool {
        let mut taken: Option<(&'static Record, usize)> = None;
        let mut part = first;
        loop {
            for (place, word) in part.words.iter().enumerate() {
                let old = Word::from_bits(word.load(Relaxed));
                if old.repeats(new.epoch, new.kind, new.mask) {
                    return true;
                }
                match Fate::of(old, new) {
                    Fate::Stays => {}
                    Fate::Goes if old == Word::EMPTY => {}
                    Fate::Goes if taken.is_none() => taken = Some((part, place)),
                    Fate::Goes | Fate::Else => return false,
                }
            }
            match RecordId(part.next.load(Relaxed)) {
                RecordId::NONE => break,
                next => part = record(next),
            }
        }
        let Some((part, place)) = taken else { return false };
        self.put(part, place, new);
        true
    }

    /// The access has a place for itself.
    #[inline(always)]
    fn put(&mut self, part: &'static Record, place: usize, new: &NewAccess<'_>) {
        self.end_state_of(new.mask);
        let added = Word::new(new.epoch, new.kind, new.mask);
        part.sites[place].store(new.site.0, Relaxed);
        part.words[place].store(added.bits(), Relaxed);
        self.content = Word::from_bits(added.bits() | Word::LISTED);
    }

    /// An access joins a list of the granule's own.
    pub(super) fn record_in_list(&mut self, new: NewAccess<'_>, records: &mut RecordCache, conflicts: &mut Conflicts) {
        let mut added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        let first = self.first_record();
        self.end_state_of(new.mask);
        let mut vacant: Option<(&'static Record, usize)> = None;
        let mut present = None;
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
                        self.end_state_of(kept.mask());
                        kept = kept.with(new.mask);
                        present = Some(kept);
                    }
                }
                if kept != word {
                    part.words[place].store(kept.bits(), Relaxed);
                }
                used = true;
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
            match vacant {
                Some((part, place)) => {
                    part.sites[place].store(added.site.0, Relaxed);
                    part.words[place].store(added.word.bits(), Relaxed);
                }
                None => self.add_record_or_lose(added, records),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccessKind;
    use crate::thread::{current, registry};

    #[test]
    fn who_writes_and_reads_in_turn_keeps_the_record() {
        crate::start::ensure();
        let mut parent = current::enter().expect("the engine is idle");
        let mut thread = registry::spawn(&mut parent, None, NodeId::ROOT);
        let place = Box::new(0_u64);
        let address = &raw const *place as usize;
        let mut in_new_step = |kind| {
            thread.release();
            thread.access(address, 8, kind, NodeId::ROOT);
            Granule::lock(address)
        };
        in_new_step(AccessKind::Write);
        let first = in_new_step(AccessKind::Read).first_record();
        for _ in 0..10 {
            let written = in_new_step(AccessKind::Write);
            assert_eq!((written.entries().len(), written.first_record()), (1, first));
            drop(written);
            let read = in_new_step(AccessKind::Read);
            assert_eq!((read.entries().len(), read.first_record()), (2, first));
        }
        thread.forget(address, address + 8);
        registry::finish(thread);
    }
}
