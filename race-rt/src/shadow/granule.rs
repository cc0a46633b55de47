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

use smallvec::SmallVec;

use super::answer;
use super::budget;
use super::map;
use super::record::{RecordCache, RecordId, record};
use super::second::Second;
use super::shortcut;
use super::word::{Mask, Word};
use crate::access::AccessKind;
use crate::clock::{Epoch, ThreadClock};
use crate::sync::atomic_cell::{AtomicCell, AtomicCellId, AtomicCells};
use crate::sys::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sys::atomic::{AtomicU32, AtomicU64, fence};
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

impl NewAccess<'_> {
    /// Whether nothing has to be remembered of `old` any more: it happens before the access, and is of no other bytes and of no
    /// kind that conflicts with more.
    #[inline(always)]
    pub(super) fn leaves_nothing_of(&self, old: Word) -> bool {
        self.mask.covers(old.mask()) && old.is_subsumed_by(self.kind) && self.clock.knows(old.epoch())
    }
}

/// A granule, locked until dropped.
#[derive(Debug)]
pub struct Granule {
    pub(super) address: usize,
    word: &'static AtomicU64,
    pub(super) site: &'static AtomicU32,
    /// What the word becomes when the lock opens.
    pub(super) content: Word,
}

/// Whether the granule at `address` has entries that make recording the access pointless: each of its bytes has one. Takes
/// no lock and writes nothing, so that threads that read the same data do not disturb each other.
#[inline(always)]
pub fn is_repeated(address: usize, epoch: Epoch, kind: AccessKind, mask: Mask) -> bool {
    // SAFETY: callers come with covered addresses only, after the shadow was reserved.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    let seen = Word::from_bits(word.load(Acquire));
    if seen.repeats(epoch, kind, mask) {
        return true;
    }
    // Whose newest access is of a step before has none of the present one: it would be the newest, until others' are.
    if !seen.is_listed() || seen.is_locked() || seen.is_of_other_step(epoch.bits()) {
        return false;
    }
    let mut missing = mask.without(seen.bytes_repeated(epoch, kind));
    let first = site.load(Acquire);
    let Some(mut id) = RecordId::of_site(first) else {
        return missing.without(Second::of(address).word().bytes_repeated(epoch, kind)) == Mask::NONE;
    };
    missing = missing.without(answer::of(id).bytes_repeated(epoch, kind));
    // Records that change hands under the reader may form a long way round, or a circle.
    for _ in 0..LONGEST_LOOK {
        let part = record(id);
        for entry in &part.words {
            missing = missing.without(Word::from_bits(entry.load(Relaxed)).bytes_repeated(epoch, kind));
        }
        id = RecordId(part.next.load(Relaxed));
        if missing == Mask::NONE || id == RecordId::NONE {
            break;
        }
    }
    // The records may have passed to another granule meanwhile, or the list may be none any more; only the same word and number
    // say that the entries were this granule's. Nobody but this thread makes entries of its current epoch, and who removes
    // one of them has reported it.
    fence(Acquire);
    missing == Mask::NONE && site.load(Relaxed) == first && word.load(Relaxed) == seen.bits()
}

/// Records that a reader without the lock looks through at most.
const LONGEST_LOOK: usize = 64;

/// [`is_repeated`], as far as the newest entry tells.
#[inline(always)]
pub fn is_repeated_by_newest(address: usize, epoch: Epoch, kind: AccessKind, mask: Mask) -> bool {
    // SAFETY: as for `is_repeated`.
    Word::from_bits(unsafe { map::word_of(address) }.load(Acquire)).repeats(epoch, kind, mask)
}

/// Whether the granule seems to have no more than one entry.
#[inline]
pub fn is_single(address: usize) -> bool {
    // SAFETY: as for `is_repeated`.
    !Word::from_bits(unsafe { map::word_of(address) }.load(Relaxed)).is_listed()
}

/// Moves the only entry of the granule on to the thread's present epoch, without the lock, where it is the thread's own for
/// the same access from the same place in the program; false when it is not.
///
/// Equals recording the access. An only entry is one word, so that nothing can come in between. (Entries in records were
/// moved on in the same way once. Two threads that do so at the same time each see the other's old epoch, and a record may
/// pass to another granule before the exchange: both need the lock.)
#[inline]
pub fn refresh(address: usize, epoch: Epoch, kind: AccessKind, mask: Mask, from: NodeId) -> bool {
    let (seen, wanted) = (shortcut::newest_of(address), Word::new(epoch, kind, mask));
    seen.is_same_before(wanted) && shortcut::newest_site_of(address) == from && shortcut::move_on(address, seen, wanted)
}

/// The cell of the atomic at `address`, found without the lock: it may since be freed and be made anew, which its version
/// tells to who reads through it.
#[inline]
pub fn find_atomic(address: usize) -> Option<&'static AtomicCell> {
    // SAFETY: as for `is_repeated`.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    if !Word::from_bits(word.load(Acquire)).is_listed() {
        return None;
    }
    let first = RecordId::of_site(site.load(Acquire))?;
    AtomicCells::find(record(first).first_atomic(), address)
}

/// Whether the atomic at `address` has no cell and nobody is about to give it one: a cell shows to others only when the
/// lock opens.
#[inline]
pub fn is_without_atomic(address: usize) -> bool {
    // SAFETY: as for `is_repeated`.
    let word = unsafe { map::word_of(address) };
    !Word::from_bits(word.load(Acquire)).is_locked() && find_atomic(address).is_none()
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
                if seen == Word::EMPTY.bits() {
                    budget::touched(address);
                }
                return Granule { address, word, site, content: Word::from_bits(seen) };
            }
            wait_while(|| word.load(Relaxed) & Word::LOCKED != 0);
        }
    }

    /// Locks the granule at `address`, which is covered; `None` when it is locked already.
    #[inline(always)]
    pub(super) fn try_lock(address: usize) -> Option<Granule> {
        // SAFETY: as for `lock`.
        let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
        let seen = word.load(Relaxed);
        let is_open =
            seen & Word::LOCKED == 0 && word.compare_exchange(seen, seen | Word::LOCKED, Acquire, Relaxed).is_ok();
        // Not made where it is not locked: a granule that is dropped opens.
        is_open.then(|| Granule { address, word, site, content: Word::from_bits(seen) })
    }

    /// The granule at `address`, which the caller has locked and not opened.
    pub fn resume(address: usize) -> Granule {
        // SAFETY: as for `lock`.
        let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
        let seen = word.load(Relaxed);
        debug_assert!(seen & Word::LOCKED != 0);
        Granule { address, word, site, content: Word::from_bits(seen & !Word::LOCKED) }
    }

    /// The newest entry's access.
    #[inline]
    pub fn newest(&self) -> Word {
        self.content
    }

    /// Whether nobody has accessed the granule.
    #[inline]
    pub fn is_untouched(&self) -> bool {
        self.content == Word::EMPTY
    }

    /// Whether the granule has entries that make recording the access pointless: each of its bytes has one.
    pub fn repeats(&self, epoch: Epoch, kind: AccessKind, mask: Mask) -> bool {
        if self.content.repeats(epoch, kind, mask) || !self.content.is_listed() {
            return self.content.repeats(epoch, kind, mask);
        }
        let left = |missing: Mask, word: Word| missing.without(word.bytes_repeated(epoch, kind));
        let missing = match self.other() {
            Some(other) => left(left(mask, self.content), other.word),
            None => self.listed_words().fold(mask, left),
        };
        missing == Mask::NONE
    }

    /// Makes `entry` the only one, of an untouched granule.
    pub fn start_with(&mut self, entry: Entry) {
        debug_assert!(self.is_untouched());
        self.set_single(entry);
    }

    /// Adds an access where that takes no more than a look at the entries: it races with nothing and there is room for it.
    /// False, with nothing changed, when it does not.
    #[inline(always)]
    pub fn renew(&mut self, new: &NewAccess<'_>) -> bool {
        if self.is_list() { self.renew_list(new) } else { !self.is_untouched() && self.renew_few(new) }
    }

    /// Adds an access that leaves nothing to remember of the granule's only entry, or of none. False when it does not.
    #[inline(always)]
    pub fn renew_single(&mut self, new: &NewAccess<'_>) -> bool {
        // The allocation of a large block, made by this step, is what stands for its writes too.
        if self.content.repeats(new.epoch, new.kind, new.mask) {
            return true;
        }
        let takes_place = !self.content.is_listed() && new.leaves_nothing_of(self.content);
        if takes_place {
            self.set_single(Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site });
        }
        takes_place
    }

    #[inline(always)]
    pub(super) fn set_single(&mut self, entry: Entry) {
        self.site.store(entry.site.0, Relaxed);
        self.content = entry.word;
    }

    /// The first record, of a list.
    #[inline(always)]
    pub(super) fn first_record(&self) -> RecordId {
        debug_assert!(self.is_list());
        RecordId(self.site.load(Relaxed) & !RecordId::NONE.in_site())
    }

    /// Adds an access and returns what it races with.
    #[inline]
    pub fn record_access(&mut self, new: NewAccess<'_>, records: &mut RecordCache) -> Conflicts {
        let mut conflicts = Conflicts::new();
        if self.is_list() {
            self.record_in_list(new, records, &mut conflicts);
        } else if self.is_untouched() {
            self.set_single(Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site });
        } else {
            self.record_in_few(new, records, &mut conflicts);
        }
        conflicts
    }

    /// Forgets everything, the atomics too, and has `entry` instead, if any.
    pub fn reset(&mut self, entry: Option<Entry>, records: &mut RecordCache) {
        if self.is_list() {
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
        AtomicCells::find(self.first_atomic(), address)
    }

    /// The number of the granule's first atomic.
    pub fn first_atomic(&self) -> AtomicCellId {
        if self.is_list() { record(self.first_record()).first_atomic() } else { AtomicCellId::NONE }
    }

    /// Replaces the granule's first atomic. False when no record is to be had.
    pub fn set_first_atomic(&mut self, cell: AtomicCellId, records: &mut RecordCache) -> bool {
        if !self.make_list(records) {
            return false;
        }
        self.end_state_of(Mask::ALL);
        record(self.first_record()).atomics.store(cell.0, Release);
        true
    }

    /// Every entry, the older of two first.
    pub fn entries(&self) -> SmallVec<[Entry; 4]> {
        let mut all = SmallVec::new();
        if !self.is_list() {
            all.extend(self.other());
            if !self.is_untouched() {
                all.push(self.first());
            }
            return all;
        }
        for (word, site) in self.records().flat_map(|part| part.words.iter().zip(&part.sites)) {
            let word = Word::from_bits(word.load(Relaxed));
            if word != Word::EMPTY {
                all.push(Entry { word, site: NodeId(site.load(Relaxed)) });
            }
        }
        all
    }
}

/// What is left of `old` when `new` meets it; a race goes to `conflicts`.
#[inline(always)]
pub(super) fn meet(old: Entry, new: &NewAccess<'_>, conflicts: &mut Conflicts) -> Word {
    let common = Mask(old.word.mask().0 & new.mask.0);
    let (conflicting, subsumed) = (old.word.conflicts_with(new.kind), old.word.is_subsumed_by(new.kind));
    if common.0 == 0 || !(conflicting || subsumed) {
        return old.word;
    }
    let known = new.clock.knows(old.word.epoch());
    if conflicting && !known {
        add_conflict(old, common, conflicts);
        return if subsumed { old.word.without(common) } else { old.word };
    }
    if subsumed && known { old.word.without(common) } else { old.word }
}

/// [`meet`] where the access races with nothing; `None` where it does.
#[inline(always)]
pub(super) fn left_of(old: Word, new: &NewAccess<'_>) -> Option<Word> {
    if !old.mask().meets(new.mask) {
        return Some(old);
    }
    if !new.clock.knows(old.epoch()) {
        return (!old.conflicts_with(new.kind)).then_some(old);
    }
    Some(if old.is_subsumed_by(new.kind) { old.without(new.mask) } else { old })
}

#[cold]
#[inline(never)]
fn add_conflict(old: Entry, common: Mask, conflicts: &mut Conflicts) {
    conflicts.push(Entry { word: old.word.without(Mask(!common.0)), site: old.site });
}

/// Whether the two differ in their bytes only.
#[inline]
pub(super) fn can_merge(old: Entry, new: Entry) -> bool {
    old.site == new.site && old.word.is_alike(new.word)
}

impl Drop for Granule {
    #[inline]
    fn drop(&mut self) {
        self.word.store(self.content.bits(), Release);
    }
}
