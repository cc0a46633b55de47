//! The path of every access.
//!
//! Naively: lock the granule, compare with its entries, add the access (see [`crate::shadow::granule`]). Five
//! shortcuts come before that, each exact:
//!
//! 1. the shadow word says that the same bytes were accessed at least as strongly in the same epoch ([`read`],
//!    [`write`]: a load and a compare; [`range`]: the same for each granule);
//! 2. the thread is alone ([`Present`](crate::shadow::Present));
//! 3. some entry of a listed granule says the same as in 1, found without the lock: data that several threads read is
//!    not written to;
//! 4. the only entry is the thread's own, for the same access from the same place in an earlier step: one exchange moves it on;
//! 5. nothing has to be remembered beside the access of what the granule has: it takes the place of that. So come nearly all
//!    other accesses that are the first of their thread's step. Both in [`plain`].

mod kind;
mod plain;
mod range;

use std::mem;
use std::ops::Range;

pub use kind::AccessKind;
#[cfg(feature = "whole-program")]
pub use plain::{beyond_newest, beyond_second};
pub use plain::{read, read_16, write, write_16};
pub use range::range;

use crate::clock::Epoch;
use crate::counters::COUNTERS;
use crate::heap;
use crate::report::model::Pc;
use crate::report::{benign, gather};
use crate::shadow::granule::{self, Entry, Granule, NewAccess};
use crate::shadow::life;
use crate::shadow::map::{self, GRANULE};
use crate::shadow::record::RecordCache;
use crate::shadow::{Mask, Word};
use crate::sync::addressed;
use crate::thread::context::NodeId;
use crate::thread::{Thread, current};
use crate::trace;
use crate::trace::event::Event;

/// Any access of any size. Null and addresses without shadow are let pass. Of more than a program can access what it would
/// fault at is left out, so that a wrong size costs it no more than without the engine.
#[inline(never)]
pub fn slow(address: usize, size: usize, kind: AccessKind, pc: Pc) {
    let Some(mut thread) = current::enter() else {
        return;
    };
    if thread.is_solo() || thread.is_ignoring(kind) {
        return;
    }
    let site = thread.site(pc);
    thread.access(address, map::accessible(address, size), kind, site);
}

impl Thread {
    /// Records an access of `size` bytes and reports what it races with.
    pub fn access(&mut self, address: usize, size: usize, kind: AccessKind, site: NodeId) {
        if self.is_ignoring(kind) {
            return;
        }
        let end = address.saturating_add(size);
        let mut at = address;
        while at < end {
            let next = ((at | (GRANULE - 1)).saturating_add(1)).min(end);
            self.access_granule(at, next - at, kind, site);
            at = next;
        }
    }

    #[inline]
    fn access_granule(&mut self, address: usize, size: usize, kind: AccessKind, site: NodeId) {
        if !map::is_covered(address) {
            return COUNTERS.accesses_uncovered.increment();
        }
        let mask = Mask::new(address, size);
        if !granule::is_repeated(address, self.epoch(), kind, mask) {
            self.join_granule(address, kind, mask, site);
        }
    }

    /// Adds an access to a granule. The way of nearly all that is the first of its step is straight: where the access leaves
    /// nothing to remember of the only one before it, it takes its place.
    #[inline(always)]
    fn join_granule(&mut self, address: usize, kind: AccessKind, mask: Mask, site: NodeId) {
        let mut granule = Granule::lock(address);
        self.begin_life(&mut granule, address);
        if granule.newest().repeats(self.epoch(), kind, mask) {
            return;
        }
        let new = NewAccess { clock: self.clock(), epoch: self.epoch(), kind, mask, site };
        if trace::is_on() || !granule.renew_single(&new) {
            // Handed over by its address, so that the straight way keeps all it has in registers.
            mem::forget(granule);
            self.add_to_locked(address, kind, mask, site);
        }
    }

    #[inline(never)]
    fn add_to_locked(&mut self, address: usize, kind: AccessKind, mask: Mask, site: NodeId) {
        let mut granule = Granule::resume(address);
        // What the granule began with before it was handed over is not in its word.
        self.begin_life(&mut granule, address);
        self.add_to(&mut granule, address, self.epoch(), kind, mask, site);
    }

    /// Gives an untouched granule of a large block the entry that the block's table has for it.
    #[inline]
    pub(crate) fn begin_life(&mut self, granule: &mut Granule, address: usize) {
        if granule.is_untouched()
            && let Some(entry) = self.blocks.entry_of(address)
        {
            granule.start_with(entry);
        }
    }

    /// Adds an access to a granule that is locked, and reports what it races with.
    #[inline(always)]
    pub(crate) fn add_to(
        &mut self,
        granule: &mut Granule,
        address: usize,
        epoch: Epoch,
        kind: AccessKind,
        mask: Mask,
        site: NodeId,
    ) {
        if granule.newest().repeats(epoch, kind, mask) {
            return;
        }
        if trace::is_on() {
            self.record_access(granule, address, NewAccess { clock: self.clock(), epoch, kind, mask, site });
        }
        if !granule.renew(&NewAccess { clock: self.clock(), epoch, kind, mask, site }) {
            self.add_in_full(granule, address, kind, mask, site);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_access(&self, granule: &Granule, address: usize, new: NewAccess<'_>) {
        if !granule.entries().iter().any(|entry| entry.word.repeats(new.epoch, new.kind, new.mask)) {
            let NewAccess { kind, mask, site, .. } = new;
            self.record(&Event::Access { kind, address, size: mask.0.count_ones() as usize, site });
        }
    }

    #[inline(never)]
    fn add_in_full(&mut self, granule: &mut Granule, address: usize, kind: AccessKind, mask: Mask, site: NodeId) {
        self.begin_life(granule, address);
        let epoch = self.epoch();
        let (clock, records) = self.clock_and_records();
        let conflicts = granule.record_access(NewAccess { clock, epoch, kind, mask, site }, records);
        for conflict in conflicts {
            gather::race(self, address, kind, site, conflict);
        }
    }

    /// Forgets all accesses to whole granules of `start..end`, and their atomics: the memory has a new life.
    pub fn forget(&mut self, start: usize, end: usize) {
        forget_into(start, end, &mut self.records);
    }

    /// Makes the access the only one to each granule of `start..end`; none, when accesses are not to be recorded.
    #[inline(always)]
    pub(crate) fn fill(&mut self, start: usize, end: usize, word: Word, site: NodeId) {
        let entry = Entry { word, site };
        let left = if self.is_plainly_recorded(word) { life::begin(start..end, entry) } else { start };
        if left < end {
            self.fill_in_full(left, end, entry);
        }
    }

    #[inline(never)]
    fn fill_in_full(&mut self, start: usize, end: usize, entry: Entry) {
        let Some(Range { start: mut at, end }) = whole_granules(start, end) else {
            return;
        };
        let is_plain = self.is_plainly_recorded(entry.word);
        let recorded = (!self.is_ignoring(entry.word.kind())).then_some(entry);
        while at < end {
            if is_plain {
                at = life::begin_anyhow(at..end, entry, &mut self.records);
            }
            if at < end {
                self.reset(&mut Granule::lock(at), at, recorded);
                at += GRANULE;
            }
        }
    }

    /// Records an access that writes every byte of `start..end`, reports what it races with, and makes it the only one to
    /// each whole granule.
    #[inline(always)]
    pub(crate) fn access_and_fill(&mut self, start: usize, end: usize, word: Word, site: NodeId) {
        let entry = Entry { word, site };
        let is_plain = self.is_plainly_recorded(word);
        let left = if is_plain { life::end(start..end, entry, self.clock(), &self.blocks) } else { start };
        if left < end {
            self.access_and_fill_in_full(left, end, entry);
        }
    }

    #[inline(never)]
    fn access_and_fill_in_full(&mut self, start: usize, end: usize, entry: Entry) {
        let Entry { word, site } = entry;
        let Some(range) = whole_granules(start, end).filter(|_| !self.is_ignoring(word.kind())) else {
            self.access(start, end - start, word.kind(), site);
            return self.fill(start, end, word, site);
        };
        for part in [start..range.start, range.end..end].into_iter().filter(|part| !part.is_empty()) {
            self.access(part.start, part.len(), word.kind(), site);
        }
        let is_plain = self.is_plainly_recorded(word);
        let mut at = range.start;
        while at < range.end {
            if is_plain {
                let (clock, blocks, records) = self.clock_blocks_and_records();
                at = life::end_anyhow(at..range.end, entry, clock, blocks, records);
            }
            if at < range.end {
                let mut granule = Granule::lock(at);
                self.add_to(&mut granule, at, self.epoch(), word.kind(), Mask::ALL, site);
                self.reset(&mut granule, at, Some(entry));
                at += GRANULE;
            }
        }
    }

    /// Whether such an access is recorded by its entry and nothing else.
    #[inline(always)]
    fn is_plainly_recorded(&self, word: Word) -> bool {
        !trace::is_on() && !self.is_ignoring(word.kind())
    }

    fn reset(&mut self, granule: &mut Granule, address: usize, entry: Option<Entry>) {
        if trace::is_on() {
            let first = entry.map(|entry| (entry.word.kind(), entry.site));
            self.record(&Event::Life { address, size: GRANULE, first });
        }
        granule.reset(entry, &mut self.records);
    }
}

/// [`Thread::forget`] where no thread's state is at hand.
pub(crate) fn forget(start: usize, end: usize) {
    let mut records = RecordCache::new();
    forget_into(start, end, &mut records);
    records.give_all();
}

fn forget_into(start: usize, end: usize, records: &mut RecordCache) {
    let Some(range) = whole_granules(start, end) else {
        return;
    };
    map::for_each_touched(range.start, range.end, |address| end_life(&mut Granule::lock(address), address, records));
    addressed::forget(range.clone());
    benign::forget(range.clone());
    heap::forget(range);
}

/// Forgets all accesses to a granule.
pub(crate) fn end_life(granule: &mut Granule, address: usize, records: &mut RecordCache) {
    if trace::is_on() {
        trace::tell_of(&Event::Life { address: address & !(GRANULE - 1), size: GRANULE, first: None });
    }
    granule.reset(None, records);
}

/// The granules that lie wholly in `start..end`; `None` when there are none or they have no shadow.
pub(crate) fn whole_granules(start: usize, end: usize) -> Option<Range<usize>> {
    let start = start.checked_next_multiple_of(GRANULE)?;
    let end = end & !(GRANULE - 1);
    (start < end && map::is_covered_range(start, end)).then_some(start..end)
}
