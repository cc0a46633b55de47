//! Granules with more than two entries, or with an atomic: a list of records of the granule's own.
//!
//! A list stays one while its accesses find their places in it, even with one entry left: who takes turns with others needs
//! as many places again. It ends where the rule in full is due and leaves two entries or less, unless the granule has an
//! atomic, and with the memory's life.

use std::iter;

use super::answer;
use super::granule::{Conflicts, Entry, Granule, NewAccess, can_merge, left_of, meet};
use super::record::{Record, RecordCache, RecordId, record};
use super::word::Word;
use crate::access::AccessKind;
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
        self.content = newest.listed();
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

    /// [`Granule::record_in_list`] where that takes no record and gives back none. False, with nothing changed, when it
    /// does, or when the access races with an entry.
    #[inline(always)]
    pub(super) fn renew_list(&mut self, new: &NewAccess<'_>) -> bool {
        let part = record(self.first_record());
        if part.next.load(Relaxed) != RecordId::NONE.0 {
            // A copy, so that the original need not lie in memory.
            return self.renew_long_list(*new);
        }
        let Some(left) = left_in(part, new) else { return false };
        let added = Word::new(new.epoch, new.kind, new.mask);
        let (place, word) = match merging_place(part, left, added, new.site) {
            Some(place) => (place, left[place].with(new.mask)),
            None => match vacant_place(left) {
                Some(place) => (place, added),
                None => return false,
            },
        };
        self.end_state_of(new.mask.and(word.mask()));
        // No more than a store to a line of the cache that is written to anyway.
        put_words(part, left);
        part.put(place, Entry { word, site: new.site });
        self.set_newest(word);
        true
    }

    /// [`Granule::renew_list`] of several records. Nothing is stored to those that stay as they are, which others may be
    /// reading.
    #[inline(never)]
    fn renew_long_list(&mut self, new: NewAccess<'_>) -> bool {
        let added = Word::new(new.epoch, new.kind, new.mask);
        let (mut merged, mut vacant, mut changed) = (None, None, 0);
        for part in self.records() {
            let (old, Some(left)) = (words_of(part), left_in(part, &new)) else { return false };
            if let Some(place) = merging_place(part, left, added, new.site) {
                merged = Some((part, place, left[place].with(new.mask)));
            }
            if vacant.is_none() {
                vacant = vacant_place(left).map(|place| (part, place, added));
            }
            changed += (0..Record::ENTRIES).filter(|place| left[*place] != old[*place]).count();
        }
        let Some((part, place, word)) = merged.or(vacant) else { return false };
        self.end_state_of(new.mask.and(word.mask()));
        // The one whose place the access takes is overwritten.
        let is_overwritten = merged.is_none() && part.words[place].load(Relaxed) != Word::EMPTY.bits();
        if changed > usize::from(is_overwritten) {
            for part in self.records() {
                if let Some(left) = left_in(part, &new).filter(|left| *left != words_of(part)) {
                    put_words(part, left);
                }
            }
        }
        part.put(place, Entry { word, site: new.site });
        self.set_newest(word);
        true
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
        self.content = added.word.listed();
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

/// What a record says.
type Words = [Word; Record::ENTRIES];

#[inline(always)]
fn words_of(part: &Record) -> Words {
    [0, 1, 2, 3].map(|place: usize| Word::from_bits(part.words[place].load(Relaxed)))
}

#[inline(always)]
fn put_words(part: &Record, words: Words) {
    for (place, word) in part.words.iter().zip(words) {
        place.store(word.bits(), Relaxed);
    }
}

/// What an access leaves of the entries in a record. `None` when it races with one of them, or one says as much.
#[inline(always)]
fn left_in(part: &Record, new: &NewAccess<'_>) -> Option<Words> {
    let [first, second, third, fourth] = words_of(part);
    // One by one, so that each has a register.
    Some([left_by(first, new)?, left_by(second, new)?, left_by(third, new)?, left_by(fourth, new)?])
}

#[inline(always)]
fn left_by(old: Word, new: &NewAccess<'_>) -> Option<Word> {
    if !old.mask().meets(new.mask) {
        return Some(old);
    }
    let left = left_of(old, new)?;
    // Of what says as much as a write, a write leaves nothing.
    let says_as_much = !matches!(new.kind, AccessKind::Write) && left.repeats(new.epoch, new.kind, new.mask);
    (!says_as_much).then_some(left.or_empty())
}

/// The place of an entry that `added` differs from in its bytes only.
#[inline(always)]
fn merging_place(part: &Record, words: Words, added: Word, site: NodeId) -> Option<usize> {
    let merges = |place: usize| words[place].is_alike(added) && part.sites[place].load(Relaxed) == site.0;
    [0, 1, 2, 3].into_iter().find(|place| merges(*place))
}

/// The first free place.
#[inline(always)]
fn vacant_place(words: Words) -> Option<usize> {
    [0, 1, 2, 3].into_iter().find(|place: &usize| words[*place] == Word::EMPTY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Epoch, Head, Slot, Snapshot, ThreadClock, Time};
    use crate::shadow::Mask;
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

    /// By byte: who did what from where.
    fn by_byte(granule: &Granule) -> [Vec<(u64, NodeId)>; 8] {
        std::array::from_fn(|byte| {
            let meets = |entry: &Entry| entry.word.mask().meets(Mask(1 << byte));
            let alone = |entry: Entry| (entry.word.without(Mask::ALL).bits(), entry.site);
            let mut all: Vec<_> = granule.entries().into_iter().filter(meets).map(alone).collect();
            all.sort_unstable_by_key(|(access, site)| (*access, site.0));
            all
        })
    }

    #[test]
    fn what_a_list_renews_is_what_the_rule_records() {
        crate::start::ensure();
        let mut steps = 1_u64;
        let mut next = |below: usize| {
            steps = steps.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (steps >> 33) as usize % below
        };
        let (places, mut records) = (Box::new([0_u64; 2]), RecordCache::new());
        let (renewed_at, recorded_at) = (&raw const places[0] as usize, &raw const places[1] as usize);
        let (mut done, mut left) = (0, 0);
        for _ in 0..20_000 {
            let (mut renewed, mut recorded) = (Granule::lock(renewed_at), Granule::lock(recorded_at));
            renewed.reset(None, &mut records);
            recorded.reset(None, &mut records);
            let own = Slot::new(1);
            for access in 0..=3 + next(8) {
                let is_last = access > 2 && next(4) == 0;
                // The last one is of the slot's last step, and knows some of the others' steps.
                let slot = if is_last { own } else { Slot::new(1 + next(4)) };
                let mut clock = ThreadClock::new(slot, Time::new(if is_last { 3 } else { 1 + next(3) as u64 }));
                for other in 2..=4 {
                    let known = if is_last { next(4) as u64 } else { 3 };
                    if slot.index() != other && known > 0 {
                        let epoch = Epoch::new(Slot::new(other), Time::new(known));
                        clock.acquire_head(&Head { epoch, known: Snapshot::new(&[]) });
                    }
                }
                let kinds = [2, AccessKind::ALL.len()][next(2)];
                let kind = AccessKind::ALL[next(kinds)];
                let mask = Mask::new(next(8), 1 << next(4));
                let (epoch, site) = (clock.epoch(), NodeId(1 + next(2) as u32));
                let new = NewAccess { clock: &clock, epoch, kind, mask, site };
                if !is_last || !renewed.is_list() {
                    let _ = renewed.record_access(new, &mut records);
                    let _ = recorded.record_access(new, &mut records);
                    continue;
                }
                let before = by_byte(&recorded);
                let is_done = renewed.renew_list(&new);
                if is_done {
                    assert!(recorded.record_access(new, &mut records).is_empty(), "{new:?} races with {before:?}");
                    done += 1;
                }
                left += usize::from(!is_done);
                assert_eq!(by_byte(&renewed), by_byte(&recorded), "{new:?} joined {before:?}");
                break;
            }
        }
        assert!(done > 1_000 && left > 1_000, "{done} renewed, {left} left to the rule");
        for at in [renewed_at, recorded_at] {
            Granule::lock(at).reset(None, &mut records);
        }
    }
}
