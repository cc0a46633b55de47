//! Memory whose shadow is whole pages, two of words and one of sites, and how they go back to the kernel.
//!
//! ```text
//! lock every granule of the region     nobody else changes a word, a site or a record of it
//! empty them                           their records and second entries go to other granules
//! give back the page of sites          which reads as zero from now on
//! give back the pages of words         the same, and zero is a granule that nobody accessed and nobody has locked
//! ```
//!
//! So the last step opens the locks, at once for each page. A processor that still has the old page before it sees its
//! locks there, and waits. Who looks at a granule without its lock sees what it was, that it is locked, or that it is
//! untouched.
//!
//! Guarantees: a granule that is in use stays as it is, and the region with it: locks are tried, not waited for, so that a
//! thread which has a granule locked may come here. So do atomic variables that carry something: what an acquire learns is
//! never forgotten here. What is given back by [`give_back`] held nothing.

use std::mem;
use std::ops::Range;

use super::Word;
use super::granule::Granule;
use super::map::{self, GRANULE};
use super::record::RecordCache;
use super::second;
use crate::heap;
use crate::sync::atomic_cell::AtomicCellId;
use crate::sys::atomic::AtomicU64;
use crate::sys::atomic::Ordering::{Relaxed, Release};
use crate::sys::memory::{self, PAGE};
use crate::trace;
use crate::trace::event::Event;

/// A region, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(pub usize);

/// What became of a region that was to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Accesses were forgotten.
    Forgotten,
    /// There were none.
    WasEmpty,
    /// It is as it was: a thread is at work on it, or it has an atomic variable that carries something.
    Kept,
}

impl Region {
    /// Bytes of the program's memory in a region.
    pub const SIZE: usize = 2 * PAGE;
    /// Bytes of its shadow.
    pub const SHADOW: usize = 3 * PAGE;

    /// The region of an address.
    #[inline]
    pub const fn of(address: usize) -> Region {
        Region(address / Region::SIZE)
    }

    /// Its addresses. All of them have a shadow, or none.
    pub const fn range(self) -> Range<usize> {
        self.0 * Region::SIZE..(self.0 + 1) * Region::SIZE
    }

    fn granules(self) -> impl Iterator<Item = usize> {
        self.range().step_by(GRANULE)
    }

    /// Forgets all accesses to the region, and what the table of large blocks has of it: an untouched granule would else start
    /// with what is no longer so. The caller may have granules locked.
    pub fn forget(self) -> Outcome {
        let Some(locked) = heap::forget_locked(self.range(), || self.lock()) else {
            return Outcome::Kept;
        };
        if trace::is_on() {
            trace::tell_of(&Event::Life { address: self.range().start, size: Region::SIZE, first: None });
        }
        let had_accesses = locked.empty();
        locked.give_back();
        if had_accesses { Outcome::Forgotten } else { Outcome::WasEmpty }
    }

    /// Gives back the shadow of the region if no granule of it was accessed.
    fn give_back_if_untouched(self) {
        // Looked at without the locks first: a region in use is nobody's business here.
        if self.granules().all(|address| word(address).load(Relaxed) == Word::EMPTY.bits())
            && let Some(locked) = self.lock()
            && self.granules().all(|address| word(address).load(Relaxed) == Word::LOCKED)
        {
            locked.give_back();
        }
    }

    /// Locks all granules unless one of them is locked already or has an atomic variable that carries something.
    fn lock(self) -> Option<Locked> {
        let mut locked = Locked { region: self, up_to: self.range().start };
        for address in self.granules() {
            let granule = Granule::try_lock(address)?;
            if granule.first_atomic() != AtomicCellId::NONE {
                return None;
            }
            mem::forget(granule);
            locked.up_to = address + GRANULE;
        }
        Some(locked)
    }
}

/// A region's granules, from the first up to some, locked. Opens them when dropped.
struct Locked {
    region: Region,
    up_to: usize,
}

impl Locked {
    /// Forgets what the granules have, which stay locked. Whether they had anything.
    fn empty(&self) -> bool {
        let mut records = RecordCache::new();
        let mut had_accesses = false;
        for address in self.region.granules() {
            let mut granule = Granule::resume(address);
            if !granule.is_untouched() {
                had_accesses = true;
                granule.reset(None, &mut records);
                word(address).store(Word::LOCKED, Release);
            }
            mem::forget(granule);
        }
        records.give_all();
        had_accesses
    }

    /// Gives the shadow of the granules back, which are empty, and opens them by that.
    fn give_back(self) {
        let Range { start, end } = self.region.range();
        second::give_back(start, end);
        let (words, sites) = (map::words_of(start..end), map::sites_of(start..end));
        // SAFETY: nobody else changes the sites of locked granules, and untouched ones need none.
        unsafe { memory::give_back(sites) };
        // SAFETY: all granules are untouched but for their locks, which are this thread's.
        if unsafe { memory::give_back(words) } {
            mem::forget(self);
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        for address in (self.region.range().start..self.up_to).step_by(GRANULE) {
            drop(Granule::resume(address));
        }
    }
}

fn word(address: usize) -> &'static AtomicU64 {
    // SAFETY: regions are asked about whose addresses are covered.
    unsafe { map::word_of(address) }
}

/// The memory of `start..end` is not the program's any more, or nobody's until it has a new owner, and was forgotten: its
/// shadow goes back to the kernel where it says nothing, with that of what lies beside it in the same regions.
pub fn give_back(start: usize, end: usize) {
    if start >= end || !map::is_covered_range(start, end) {
        return;
    }
    let (start, end) = (start & !(Region::SIZE - 1), end.next_multiple_of(Region::SIZE));
    let words = map::words_of(start..end);
    memory::for_each_resident(words.start, words.len(), |from, size| {
        let (first, last) = (start + (from - words.start), start + (from + size - words.start));
        (Region::of(first).0..=Region::of(last - 1).0).for_each(|number| Region(number).give_back_if_untouched());
    });
}
