//! Blocks of the program's heap: an allocation and a release count as writes of the whole block.
//!
//! A small block's write is put into its granules at once. For a large one that would touch twelve bytes of shadow for
//! eight of a heap that may never be used, so it is noted in a table by range, and a granule that is accessed for the
//! first time starts with what the table says of it: the same entry, made late.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::RwLockWriteGuard;

use crate::access::{AccessKind, end_life, whole_granules};
use crate::report::benign;
use crate::shadow::granule::{Entry, Granule};
use crate::shadow::map::{self, GRANULE};
use crate::shadow::{Mask, Word};
use crate::sync::addressed;
use crate::sys::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sys::atomic::{AtomicU64, RwLock};
use crate::thread::Thread;
use crate::thread::context::NodeId;
use crate::trace;
use crate::trace::event::Event;

/// Blocks of at least so many bytes are noted by range.
pub const LARGE: usize = 64 * 1024;

/// Large blocks by their first address: end, and what happened to all of it last.
static LARGE_BLOCKS: RwLock<BTreeMap<usize, (usize, Entry)>> = RwLock::new(BTreeMap::new());
/// Moves on with each change of the table; zero while it is empty.
static GENERATION: AtomicU64 = AtomicU64::new(0);

fn table() -> RwLockWriteGuard<'static, BTreeMap<usize, (usize, Entry)>> {
    LARGE_BLOCKS.write().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Notes `entry` for `range`, in place of all that the table has there, and tells of it under the table's lock.
pub(crate) fn note(range: Range<usize>, entry: Option<Entry>, tell: impl FnOnce()) {
    let mut table = table();
    tell();
    put(&mut table, range, entry);
}

fn put(table: &mut BTreeMap<usize, (usize, Entry)>, range: Range<usize>, entry: Option<Entry>) {
    let overlapping: Vec<usize> = table
        .range(..range.end)
        .rev()
        .take_while(|(_, (end, _))| *end > range.start)
        .map(|(start, _)| *start)
        .collect();
    for start in &overlapping {
        let Some((end, old)) = table.remove(start) else {
            continue;
        };
        if *start < range.start {
            table.insert(*start, (range.start, old));
        }
        if end > range.end {
            table.insert(range.end, (end, old));
        }
    }
    if let Some(entry) = entry {
        table.insert(range.start, (range.end, entry));
    }
    if entry.is_some() || !overlapping.is_empty() {
        GENERATION.fetch_add(1, Release);
    }
}

/// The memory of `range` has a new life in which no block of the heap lies there.
pub(crate) fn forget(range: Range<usize>) {
    if GENERATION.load(Relaxed) != 0 {
        note(range.clone(), None, || tell_of_none(range));
    }
}

/// What the table has of `range` is forgotten with what its granules have, which `lock` locks: no block is noted between
/// the two, so that what the table says of an untouched granule is its newest life. `lock` does not wait for granules.
pub(crate) fn forget_locked<Locked>(range: Range<usize>, lock: impl FnOnce() -> Option<Locked>) -> Option<Locked> {
    let mut table = table();
    let locked = lock()?;
    tell_of_none(range.clone());
    put(&mut table, range, None);
    Some(locked)
}

fn tell_of_none(range: Range<usize>) {
    if trace::is_on() {
        let Range { start, end } = range;
        trace::tell_of(&Event::Block { start, end, first: None });
    }
}

/// The large block that a thread met last, so that the table is asked once a block.
#[derive(Debug)]
pub struct BlockCache {
    range: Range<usize>,
    entry: Option<Entry>,
    generation: u64,
}

impl BlockCache {
    /// Has met none.
    pub const fn new() -> BlockCache {
        BlockCache { range: 0..0, entry: None, generation: 0 }
    }

    /// What an untouched granule at `address` starts with.
    #[inline]
    pub fn entry_of(&mut self, address: usize) -> Option<Entry> {
        if let Some(known) = self.entry_at_hand(address) {
            return known;
        }
        self.look_up(address, GENERATION.load(Acquire));
        self.entry
    }

    /// [`BlockCache::entry_of`] where the thread knows without a look at the table.
    #[inline(always)]
    pub fn entry_at_hand(&self, address: usize) -> Option<Option<Entry>> {
        self.entry_at_hand_of(&(address..address + 1))
    }

    /// What all untouched granules of `block`, which is not empty, start with, where the thread knows that.
    #[inline(always)]
    pub fn entry_at_hand_of(&self, block: &Range<usize>) -> Option<Option<Entry>> {
        match GENERATION.load(Acquire) {
            0 => Some(None),
            generation => {
                let has_all = self.range.start <= block.start && block.end <= self.range.end;
                (generation == self.generation && has_all).then_some(self.entry)
            }
        }
    }

    #[cold]
    fn look_up(&mut self, address: usize, generation: u64) {
        let table = LARGE_BLOCKS.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let before = table.range(..=address).next_back();
        let after = table.range(address + 1..).next().map_or(usize::MAX, |(start, _)| *start);
        self.generation = generation;
        (self.range, self.entry) = match before {
            Some((start, (end, entry))) if *end > address => (*start..*end, Some(*entry)),
            Some((_, (end, _))) => (*end..after, None),
            None => (0..after, None),
        };
    }
}

impl Default for BlockCache {
    fn default() -> BlockCache {
        BlockCache::new()
    }
}

impl Thread {
    /// The allocator gave `size` usable bytes at `address` to this thread: a new life for the memory, which starts with
    /// this thread's write of all of it.
    #[inline(always)]
    pub fn allocated(&mut self, address: usize, size: usize, site: NodeId) {
        if self.is_solo() {
            return;
        }
        let word = Word::new(self.epoch(), AccessKind::Allocate, Mask::ALL);
        benign::forget(address..address + size);
        if size < LARGE {
            addressed::forget(address..address + size);
            return self.fill(address, address + size, word, site);
        }
        self.allocated_large(address, size, word, site);
    }

    #[inline(never)]
    fn allocated_large(&mut self, address: usize, size: usize, word: Word, site: NodeId) {
        let Some(range) = whole_granules(address, address + size) else {
            return;
        };
        self.forget(range.start, range.end);
        self.note_block(range, word, site);
    }

    fn note_block(&self, range: Range<usize>, word: Word, site: NodeId) {
        let Range { start, end } = range;
        note(range, Some(Entry { word, site }), || {
            if trace::is_on() {
                self.record(&Event::Block { start, end, first: Some((word.kind(), site)) });
            }
        });
    }

    /// This thread is about to give `size` usable bytes at `address` back: a write of all of it.
    #[inline(always)]
    pub fn freed(&mut self, address: usize, size: usize, site: NodeId) {
        if self.is_solo() {
            return;
        }
        let word = Word::new(self.epoch(), AccessKind::Free, Mask::ALL);
        if size < LARGE {
            return self.access_and_fill(address, address + size, word, site);
        }
        self.freed_large(address, size, word, site);
    }

    #[inline(never)]
    fn freed_large(&mut self, address: usize, size: usize, word: Word, site: NodeId) {
        let Some(range) = whole_granules(address, address + size) else {
            return;
        };
        // An untouched granule can race with its allocation only, and that alike for all of them: one is enough.
        self.access(range.start, GRANULE, AccessKind::Free, site);
        map::for_each_touched(range.start, range.end, |address| {
            self.access(address, GRANULE, AccessKind::Free, site);
            end_life(&mut Granule::lock(address), address, &mut self.records);
        });
        self.note_block(range, word, site);
    }

    /// This thread gives the memory of `start..end` back: a write of those of its granules that were accessed since the
    /// memory was handed out, for programs of which little is recorded. What is not touched costs next to nothing.
    pub fn freed_where_touched(&mut self, start: usize, end: usize, site: NodeId) {
        let Some(range) = whole_granules(start & !(GRANULE - 1), end.next_multiple_of(GRANULE)) else {
            return;
        };
        map::for_each_touched(range.start, range.end, |granule| {
            let (from, to) = (granule.max(start), (granule + GRANULE).min(end));
            self.access(from, to - from, AccessKind::Free, site);
        });
    }
}
