//! One granule under its lock: the rules by which an access joins the entries.
//!
//! The naive form, which [`Granule::record_access`] equals:
//!
//! ```text
//! for each entry that meets the access's bytes:
//!     if it conflicts and is not known to the accessing thread: a race on the common bytes
//!     if the access subsumes it (or raced with it):             forget the common bytes of it
//! unless an entry of the same epoch already says as much:       add the access
//! ```
//!
//! Exact for every byte: an entry's bytes are forgotten only when the new access conflicts with all that they would,
//! and is ordered after them or has just been reported with them.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64, fence};

use smallvec::SmallVec;

use super::map;
use super::record::{Record, RecordCache, RecordId, record};
use super::word::{Mask, Word};
use crate::access::AccessKind;
use crate::clock::{Epoch, ThreadClock};
use crate::sync::atomic_cell::{AtomicCell, AtomicCellId, AtomicCells};
use crate::sys::spin::wait_while;
use crate::thread::context::NodeId;

/// An access that a granule remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was done to which bytes, by whom, when.
    pub word: Word,
    /// From where.
    pub site: NodeId,
}

/// The entries that an access races with, each cut down to the common bytes.
pub type Conflicts = SmallVec<[Entry; 1]>;

/// An access on its way into a granule.
#[derive(Clone, Copy, Debug)]
pub struct NewAccess<'a> {
    /// What its thread knows.
    pub clock: &'a ThreadClock,
    /// Its thread's current step.
    pub epoch: Epoch,
    /// What it does.
    pub kind: AccessKind,
    /// To which bytes.
    pub mask: Mask,
    /// From where.
    pub site: NodeId,
}

/// A granule, locked until dropped.
#[derive(Debug)]
pub struct Granule {
    word: &'static AtomicU64,
    site: &'static AtomicU32,
    /// What the word becomes when the lock opens.
    content: Word,
}

/// Whether the granule at `address` has an entry that makes recording the access pointless. Takes no lock and writes
/// nothing, so that threads that read the same data do not disturb each other.
#[inline(always)]
pub fn is_repeated(address: usize, epoch: Epoch, kind: AccessKind, mask: Mask) -> bool {
    // SAFETY: callers come with covered addresses only, after the shadow was reserved.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    let seen = Word::from_bits(word.load(Acquire));
    if seen.repeats(epoch, kind, mask) {
        return true;
    }
    if !seen.is_listed() || seen.is_locked() {
        return false;
    }
    let first = site.load(Relaxed);
    let mut id = RecordId(first);
    let mut found = false;
    // Records that change hands under the reader may form a long way round, or a circle.
    for _ in 0..LONGEST_LOOK {
        let part = record(id);
        let [one, other] = &part.words;
        found = Word::from_bits(one.load(Relaxed)).repeats(epoch, kind, mask)
            || Word::from_bits(other.load(Relaxed)).repeats(epoch, kind, mask);
        id = RecordId(part.next.load(Relaxed));
        if found || id == RecordId::NONE {
            break;
        }
    }
    // The records may have passed to another granule meanwhile; only the same number says that the entry was this
    // granule's. Nobody but this thread makes entries of its current epoch, and who removes one of them has reported it.
    fence(Acquire);
    found && site.load(Relaxed) == first && Word::from_bits(word.load(Relaxed)).is_listed()
}

/// Records that a reader without the lock looks through at most.
const LONGEST_LOOK: usize = 64;

/// Moves the only entry of the granule on to the thread's present epoch, without the lock, where it is the thread's own for
/// the same access from the same place in the program; false when it is not.
///
/// Equals recording the access. An only entry is one word, so that nothing can come in between. (Entries in records were
/// moved on in the same way once. Two threads that do so at the same time each see the other's old epoch, and a record may
/// pass to another granule before the exchange: both need the lock.)
#[inline]
pub fn refresh(address: usize, epoch: Epoch, kind: AccessKind, mask: Mask, from: NodeId) -> bool {
    // SAFETY: callers come with covered addresses only, after the shadow was reserved.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    let seen = Word::from_bits(word.load(Acquire));
    let wanted = Word::new(epoch, kind, mask);
    !seen.is_locked()
        && !seen.is_listed()
        && seen.is_same_access(wanted)
        && site.load(Relaxed) == from.0
        && word.compare_exchange(seen.bits(), wanted.bits(), AcqRel, Relaxed).is_ok()
}

/// The cell of the atomic at `address`, found without the lock: it may since have become another variable's, which its
/// version tells to who reads through it.
#[inline]
pub fn find_atomic(address: usize) -> Option<&'static AtomicCell> {
    // SAFETY: as for `is_repeated`.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    if !Word::from_bits(word.load(Acquire)).is_listed() {
        return None;
    }
    let first = record(RecordId(site.load(Acquire)));
    AtomicCells::find(AtomicCellId(first.atomics.load(Acquire)), address & 7)
}

impl Granule {
    /// Locks the granule at `address`, which is covered.
    #[inline]
    pub fn lock(address: usize) -> Granule {
        debug_assert!(map::is_covered(address));
        // SAFETY: callers come with covered addresses only, after the shadow was reserved.
        let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
        loop {
            let seen = word.load(Relaxed);
            if seen & Word::LOCKED == 0
                && word.compare_exchange_weak(seen, seen | Word::LOCKED, Acquire, Relaxed).is_ok()
            {
                return Granule { word, site, content: Word::from_bits(seen) };
            }
            wait_while(|| word.load(Relaxed) & Word::LOCKED != 0);
        }
    }

    /// Whether nobody has accessed the granule.
    #[inline]
    pub fn is_untouched(&self) -> bool {
        self.content == Word::EMPTY
    }

    /// Makes `entry` the only one, of an untouched granule.
    pub fn start_with(&mut self, entry: Entry) {
        debug_assert!(self.is_untouched());
        self.set_single(entry);
    }

    fn set_single(&mut self, entry: Entry) {
        self.site.store(entry.site.0, Relaxed);
        self.content = entry.word;
    }

    fn first_record(&self) -> RecordId {
        debug_assert!(self.content.is_listed());
        RecordId(self.site.load(Relaxed))
    }

    /// Adds an access and returns what it races with.
    #[inline]
    pub fn record_access(&mut self, new: NewAccess<'_>, records: &mut RecordCache) -> Conflicts {
        let mut conflicts = Conflicts::new();
        if self.content.is_listed() {
            self.record_listed(new, records, &mut conflicts);
        } else if self.is_untouched() {
            self.set_single(Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site });
        } else {
            self.record_single(new, records, &mut conflicts);
        }
        conflicts
    }

    fn record_single(&mut self, new: NewAccess<'_>, records: &mut RecordCache, conflicts: &mut Conflicts) {
        let old = Entry { word: self.content, site: NodeId(self.site.load(Relaxed)) };
        let kept = meet(old, &new, conflicts);
        let added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        if kept.mask().0 == 0 {
            self.set_single(added);
        } else if kept.repeats(new.epoch, new.kind, new.mask) {
            self.content = kept;
        } else if can_merge(Entry { word: kept, site: old.site }, added) {
            self.content = kept.with(new.mask);
        } else if let Some(id) = records.take() {
            let first = record(id);
            first.words[0].store(kept.bits(), Relaxed);
            first.sites[0].store(old.site.0, Relaxed);
            first.words[1].store(added.word.bits(), Relaxed);
            first.sites[1].store(added.site.0, Relaxed);
            self.become_listed(id, added.word);
        } else {
            crate::counters::COUNTERS.entries_lost.increment();
            self.set_single(added);
        }
    }

    fn become_listed(&mut self, first: RecordId, newest: Word) {
        // A reader without the lock sees the new number only with the record's content.
        self.site.store(first.0, Release);
        self.content = Word::from_bits(newest.bits() | Word::LISTED);
    }

    fn record_listed(&mut self, new: NewAccess<'_>, records: &mut RecordCache, conflicts: &mut Conflicts) {
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
            if entries == 1 && record(first).atomics.load(Relaxed) == 0 {
                self.free_list(records);
                self.set_single(added);
                return;
            }
            let (part, place) = match vacant {
                Some(found) => found,
                None => match records.take() {
                    Some(id) => {
                        let part = record(id);
                        part.next.store(record(first).next.load(Relaxed), Relaxed);
                        record(first).next.store(id.0, Release);
                        (part, 0)
                    }
                    None => {
                        crate::counters::COUNTERS.entries_lost.increment();
                        (record(first), 0)
                    }
                },
            };
            part.sites[place].store(added.site.0, Relaxed);
            part.words[place].store(added.word.bits(), Relaxed);
        }
        self.content = Word::from_bits(added.word.bits() | Word::LISTED);
    }

    /// Gives back all records. The caller sets the content anew.
    fn free_list(&mut self, records: &mut RecordCache) {
        let mut id = self.first_record();
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

    /// Forgets everything, the atomics too, and has `entry` instead, if any.
    pub fn reset(&mut self, entry: Option<Entry>, records: &mut RecordCache) {
        if self.content.is_listed() {
            self.free_list(records);
        }
        match entry {
            Some(entry) => self.set_single(entry),
            None => self.content = Word::EMPTY,
        }
    }

    /// The cell of the atomic at `address`, which lies in this granule.
    #[inline]
    pub fn atomic(&self, address: usize) -> Option<&'static AtomicCell> {
        AtomicCells::find(self.first_atomic(), address & 7)
    }

    /// The number of the granule's first atomic.
    pub fn first_atomic(&self) -> AtomicCellId {
        if self.content.is_listed() {
            AtomicCellId(record(self.first_record()).atomics.load(Relaxed))
        } else {
            AtomicCellId::NONE
        }
    }

    /// Replaces the granule's first atomic. False when no record is to be had.
    pub fn set_first_atomic(&mut self, cell: AtomicCellId, records: &mut RecordCache) -> bool {
        if !self.content.is_listed() {
            let Some(id) = records.take() else {
                return false;
            };
            let first = record(id);
            first.words[0].store(self.content.bits(), Relaxed);
            first.sites[0].store(self.site.load(Relaxed), Relaxed);
            self.become_listed(id, self.content);
        }
        record(self.first_record()).atomics.store(cell.0, Release);
        true
    }

    /// Every entry. For tests and for checks of whole blocks.
    pub fn entries(&self) -> SmallVec<[Entry; 4]> {
        let mut all = SmallVec::new();
        if !self.content.is_listed() {
            if !self.is_untouched() {
                all.push(Entry { word: self.content, site: NodeId(self.site.load(Relaxed)) });
            }
            return all;
        }
        let mut id = self.first_record();
        while id != RecordId::NONE {
            let part = record(id);
            for (word, site) in part.words.iter().zip(&part.sites) {
                let word = Word::from_bits(word.load(Relaxed));
                if word != Word::EMPTY {
                    all.push(Entry { word, site: NodeId(site.load(Relaxed)) });
                }
            }
            id = RecordId(part.next.load(Relaxed));
        }
        all
    }
}

/// Whether the two are a race on some byte.
#[inline]
fn races(old: Word, new: &NewAccess<'_>) -> bool {
    old.mask().meets(new.mask) && new.kind.conflicts_with(old.kind()) && !new.clock.knows(old.epoch())
}

/// What is left of `old` when `new` meets it; a race goes to `conflicts`.
#[inline]
fn meet(old: Entry, new: &NewAccess<'_>, conflicts: &mut Conflicts) -> Word {
    let common = Mask(old.word.mask().0 & new.mask.0);
    if common.0 == 0 {
        return old.word;
    }
    let races = races(old.word, new);
    if races {
        let rest = Mask(!common.0);
        conflicts.push(Entry { word: old.word.without(rest), site: old.site });
    }
    if new.kind.subsumes(old.word.kind()) && (races || new.clock.knows(old.word.epoch())) {
        return old.word.without(common);
    }
    old.word
}

/// Whether the two differ in their bytes only.
#[inline]
fn can_merge(old: Entry, new: Entry) -> bool {
    old.site == new.site && old.word.without(Mask::ALL) == new.word.without(Mask::ALL)
}

impl Drop for Granule {
    #[inline]
    fn drop(&mut self) {
        self.word.store(self.content.bits(), Release);
    }
}
