//! Granules with more than two entries, or with an atomic: a list of records of the granule's own.
//!
//! A list stays one while its accesses find their places in it, even with one entry left: who takes turns with others needs as many
//! places again. It ends where the rule in full is due and leaves two entries or less, unless the granule has an atomic, and
//! with the memory's life.

use std::iter;

use super::answer;
use super::granule::{Conflicts, Entry, Granule, NewAccess, can_merge, left_of, meet};
use super::record::{Record, RecordCache, RecordId, record};
use super::word::Word;
use crate::counters::COUNTERS;
use crate::sync::atomic_cell::{AtomicCellId, AtomicCells};
use crate::sys::atomic::Ordering::{Relaxed, Release};
use crate::thread::context::NodeId;

impl Granule {
    /// The records, the first one first. The granule has a list, which stays while they are gone through.
    #[inline(always)]
    pub(super) fn records(&self) -> impl Iterator<Item = &'static Record> + use<> {
        iter::successors(Some(record(self.first_record())), |part| {
            let next = RecordId(part.next.load(Relaxed));
            (next != RecordId::NONE).then(|| record(next))
        })
    }

    /// The accesses of the list, and its free places.
    #[inline(always)]
    pub(super) fn listed_words(&self) -> impl Iterator<Item = Word> + use<> {
        self.records().flat_map(|part| &part.words).map(|word| Word::from_bits(word.load(Relaxed)))
    }

    /// The granule has three entries.
    pub(super) fn become_list(&mut self, newest: Entry, others: [Entry; 2], records: &mut RecordCache) {
        if !self.begin_list(others, newest.word, records) {
            COUNTERS.entries_lost.increment();
            return self.set_single(newest);
        }
        record(self.first_record()).put(2, newest);
    }

    /// Makes sure that the entries are in records. False when there is no record to be had.
    pub(super) fn make_list(&mut self, records: &mut RecordCache) -> bool {
        self.is_list() || self.begin_list(self.entries(), self.content, records)
    }

    fn begin_list(
        &mut self,
        entries: impl IntoIterator<Item = Entry>,
        newest: Word,
        records: &mut RecordCache,
    ) -> bool {
        let Some(id) = records.take() else { return false };
        for (place, entry) in entries.into_iter().enumerate() {
            record(id).put(place, entry);
        }
        self.second().clear();
        // A reader without the lock sees the new number only with the record's content.
        self.site.store(id.in_site(), Release);
        self.content = Word::from_bits(newest.bits() | Word::LISTED);
        true
    }

    /// Adds a record with `entry` after the first; `None` when there is none to be had.
    pub(super) fn add_record(&mut self, entry: Entry, records: &mut RecordCache) -> Option<RecordId> {
        let id = records.take()?;
        let (part, first) = (record(id), record(self.first_record()));
        part.put(0, entry);
        part.next.store(first.next.load(Relaxed), Relaxed);
        first.next.store(id.0, Release);
        Some(id)
    }

    fn add_record_or_lose(&mut self, entry: Entry, records: &mut RecordCache) {
        if self.add_record(entry, records).is_none() {
            COUNTERS.entries_lost.increment();
        }
    }

    /// [`Granule::record_in_list`] where that takes no record and gives back none. False, with nothing changed, when it does, or when
    /// the access races with an entry.
    #[inline(always)]
    pub(super) fn renew_list(&mut self, new: &NewAccess<'_>) -> bool {
        let added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        let (mut place, mut place_has_entry, mut merged, mut changes) = (None, false, None, false);
        for part in self.records() {
            for (index, word) in part.words.iter().enumerate() {
                let old = Word::from_bits(word.load(Relaxed));
                let Some(left) = left_of(old, new) else { return false };
                if left.mask().0 == 0 {
                    let has_entry = old != Word::EMPTY;
                    if place.is_none() {
                        (place, place_has_entry) = (Some((part, index)), has_entry);
                    } else {
                        changes |= has_entry;
                    }
                    continue;
                }
                let site = NodeId(part.sites[index].load(Relaxed));
                if left.repeats(new.epoch, new.kind, new.mask) {
                    return false;
                }
                if can_merge(Entry { word: left, site }, added) {
                    merged = Some((part, index, left.with(new.mask)));
                }
                changes |= left != old;
            }
        }
        let (part, index, word) = match (merged, place) {
            (Some(merged), _) => merged,
            (None, Some((part, index))) => (part, index, added.word),
            (None, None) => return false,
        };
        self.end_state_of(new.mask.and(word.mask()));
        // The one whose place the access takes is overwritten.
        if changes || place_has_entry && merged.is_some() {
            self.take_from_list(new);
        }
        part.put(index, Entry { word, site: new.site });
        self.set_newest(word);
        true
    }

    /// Forgets what the access, which races with nothing, makes needless.
    fn take_from_list(&self, new: &NewAccess<'_>) {
        for word in self.records().flat_map(|part| &part.words) {
            let old = Word::from_bits(word.load(Relaxed));
            let left = left_of(old, new).unwrap_or(old);
            if left != old {
                word.store(if left.mask().0 == 0 { 0 } else { left.bits() }, Relaxed);
            }
        }
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
        let mut entries = 0;
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
                        present = Some(Entry { word: kept, site });
                    } else if can_merge(Entry { word: kept, site }, added) {
                        self.end_state_of(kept.mask());
                        kept = kept.with(new.mask);
                        present = Some(Entry { word: kept, site });
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
        if let Some(entry) = present {
            added = entry;
        } else {
            entries += 1;
            match vacant {
                Some((part, place)) => part.put(place, added),
                None => self.add_record_or_lose(added, records),
            }
        }
        // What others were told may be what they have raced with.
        answer::clear(first);
        self.content = Word::from_bits(added.word.bits() | Word::LISTED);
        if entries <= 2 && self.first_atomic() == AtomicCellId::NONE {
            self.end_list(added, records);
        }
    }

    /// The list's entries, two at most, need none any more. `newest` is one of them, unless there was no record to be had.
    fn end_list(&mut self, newest: Entry, records: &mut RecordCache) {
        let other = self.entries().into_iter().find(|entry| entry.word != newest.word);
        self.free_list(records);
        match other {
            None => self.set_single(newest),
            Some(other) => self.become_pair(newest, other),
        }
    }

    /// Gives back all records. The caller sets the content anew.
    pub(super) fn free_list(&mut self, records: &mut RecordCache) {
        let mut id = self.first_record();
        answer::clear(id);
        let atomics = AtomicCellId(record(id).atomics.swap(0, Relaxed));
        AtomicCells::free(atomics, &mut records.atomics);
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
    use crate::thread::{Thread, current, registry};

    #[test]
    fn a_list_begins_with_the_third_entry_and_keeps_its_records() {
        crate::start::ensure();
        let mut parent = current::enter().expect("the engine is idle");
        let mut writer = registry::spawn(&mut parent, None, NodeId::ROOT);
        let place = Box::new(0_u64);
        let address = &raw const *place as usize;
        let access = |thread: &mut Thread, kind| {
            thread.release();
            thread.access(address, 8, kind, NodeId::ROOT);
            let granule = Granule::lock(address);
            (granule.entries().len(), granule.is_list().then(|| granule.first_record()))
        };
        let mut list = None;
        for _ in 0..3 {
            assert_eq!(access(&mut writer, AccessKind::Write), (1, list));
            let mut readers = [(); 3].map(|()| registry::spawn(&mut writer, None, NodeId::ROOT));
            for (index, reader) in readers.iter_mut().enumerate() {
                let (entries, first) = access(reader, AccessKind::Read);
                assert_eq!(entries, index + 2);
                assert_eq!(first.is_some(), list.is_some() || entries > 2);
                list = list.or(first);
                assert_eq!(first, list);
            }
            for reader in readers {
                let id = reader.id();
                registry::finish(reader);
                registry::join(&mut writer, id);
            }
        }
        writer.forget(address, address + 8);
        assert!(Granule::lock(address).is_untouched());
        registry::finish(writer);
    }
}
