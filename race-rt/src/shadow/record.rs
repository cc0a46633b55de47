//! Records: the entries of granules that have more than two, and of those with atomics.
//!
//! A record holds four entries, so that the list of nearly each granule is one record, and a record is one line of the cache: what
//! threads take turns with is in as few lines as can be, since each of them costs a way from processor to processor. Records live in one reservation that is never given
//! back, so a reader without the lock may follow a number that has just been freed: it finds some record, and looks
//! at the granule once more before it believes it. Freed records go to the thread that freed them, in bulk to the
//! common list.

use std::io;

use super::granule::Entry;
use crate::sync::atomic_cell::AtomicCellId;
use crate::sys::atomic::Ordering::{Acquire, Relaxed};
use crate::sys::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use crate::sys::memory;
use crate::sys::spin::Spin;

/// The number of a record; zero is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId(pub u32);

impl RecordId {
    /// No record.
    pub const NONE: RecordId = RecordId(0);
    /// Set where the number stands in place of a call stack's.
    const IN_SITE: u32 = 1 << 31;

    /// What a granule has as its site when its entries are in records, of which this is the first.
    #[inline(always)]
    pub const fn in_site(self) -> u32 {
        self.0 | RecordId::IN_SITE
    }

    /// The first record, if a granule with this site has its entries in records.
    #[inline(always)]
    pub const fn of_site(site: u32) -> Option<RecordId> {
        if site & RecordId::IN_SITE != 0 { Some(RecordId(site & !RecordId::IN_SITE)) } else { None }
    }
}

/// Four entries, in one line of the cache.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct Record {
    /// The entries' accesses (`Word`); zero is a free place.
    pub words: [AtomicU64; Record::ENTRIES],
    /// In a granule's first record: what [`answer`](super::answer) tells, beside the granule's own word.
    pub answer: AtomicU64,
    /// The entries' call stacks.
    pub sites: [AtomicU32; Record::ENTRIES],
    /// The record with more entries of the granule, or the next free one.
    pub next: AtomicU32,
    /// In a granule's first record: the granule's first atomic, by number.
    pub atomics: AtomicU32,
}

const _: () = assert!(size_of::<Record>() == 64);

impl Record {
    /// Entries in a record.
    pub const ENTRIES: usize = 4;

    /// The number of the granule's first atomic.
    #[inline]
    pub fn first_atomic(&self) -> AtomicCellId {
        AtomicCellId(self.atomics.load(Acquire))
    }

    /// Puts `entry` there.
    #[inline]
    pub fn put(&self, place: usize, entry: Entry) {
        self.sites[place].store(entry.site.0, Relaxed);
        self.words[place].store(entry.word.bits(), Relaxed);
    }
}

/// 64 GiB of records.
const LIMIT: usize = 1 << 30;
/// Records that a thread takes from the untouched rest at once.
const CHUNK: u32 = 64;
/// Records that a thread keeps before it hands half of them to the others.
const KEEP: u32 = 512;

static BASE: AtomicUsize = AtomicUsize::new(0);
static COMMON: Spin<Common> = Spin::new(Common { free: FreeList::EMPTY, untouched: 1 });

struct Common {
    free: FreeList,
    untouched: u32,
}

/// Reserves room for the records.
///
/// # Errors
/// What the system said when it refused the address space.
pub fn reserve() -> io::Result<()> {
    BASE.store(memory::reserve(LIMIT * size_of::<Record>())?, Relaxed);
    Ok(())
}

/// Bytes of memory that records take: those that were ever in use.
pub(super) fn taken() -> usize {
    COMMON.lock().untouched as usize * size_of::<Record>()
}

/// The record with this number.
#[inline]
pub fn record(id: RecordId) -> &'static Record {
    debug_assert!((id.0 as usize) < LIMIT);
    // SAFETY: the reservation has room for `LIMIT` records, is never given back and holds atomics only.
    unsafe { &*(BASE.load(Relaxed) as *const Record).add(id.0 as usize) }
}

#[derive(Debug)]
struct FreeList {
    first: RecordId,
    count: u32,
}

impl FreeList {
    const EMPTY: FreeList = FreeList { first: RecordId::NONE, count: 0 };

    fn push(&mut self, id: RecordId) {
        record(id).next.store(self.first.0, Relaxed);
        self.first = id;
        self.count += 1;
    }

    fn pop(&mut self) -> Option<RecordId> {
        if self.first == RecordId::NONE {
            return None;
        }
        let id = self.first;
        self.first = RecordId(record(id).next.load(Relaxed));
        self.count -= 1;
        Some(id)
    }
}

/// A thread's own store of free records.
#[derive(Debug)]
pub struct RecordCache {
    free: FreeList,
}

impl RecordCache {
    /// An empty store.
    pub const fn new() -> RecordCache {
        RecordCache { free: FreeList::EMPTY }
    }

    /// Gives everything to the others: the thread has ended.
    pub fn give_all(&mut self) {
        self.spill(0);
    }

    /// An empty record; `None` when all 2^30 are in use.
    #[inline]
    pub fn take(&mut self) -> Option<RecordId> {
        let id = match self.free.pop() {
            Some(id) => id,
            None => {
                self.refill();
                self.free.pop()?
            }
        };
        record(id).next.store(0, Relaxed);
        Some(id)
    }

    /// Takes back a record. Its entries and atomics must be gone already.
    #[inline]
    pub fn give(&mut self, id: RecordId) {
        self.free.push(id);
        if self.free.count > KEEP {
            self.spill(KEEP / 2);
        }
    }

    #[cold]
    fn refill(&mut self) {
        let mut common = COMMON.lock();
        for _ in 0..CHUNK {
            let Some(id) = common.free.pop() else { break };
            self.free.push(id);
        }
        if self.free.count == 0 && (common.untouched as usize) < LIMIT - CHUNK as usize {
            for id in (common.untouched..common.untouched + CHUNK).rev() {
                self.free.push(RecordId(id));
            }
            common.untouched += CHUNK;
        }
    }

    /// Hands all but `keep` free records to the others.
    #[cold]
    fn spill(&mut self, keep: u32) {
        let mut common = COMMON.lock();
        while self.free.count > keep {
            let Some(id) = self.free.pop() else { break };
            common.free.push(id);
        }
    }
}

impl Default for RecordCache {
    fn default() -> RecordCache {
        RecordCache::new()
    }
}
