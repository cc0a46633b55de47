//! Records: the entries of granules that have more than two, and of those with atomics.
//!
//! A record holds four entries, so that the list of nearly each granule is one record, and a record is one line of the
//! cache: what threads take turns with is in as few lines as can be, since each of them costs a way from processor to
//! processor. Records live in one reservation that is never given back, so a reader without the lock may follow a number
//! that has just been freed: it finds some record, and looks at the granule once more before it believes it. Freed records
//! go to the thread that freed them, in bulk to the common list.

use std::io;

use super::granule::Entry;
use super::stock::{Common, Numbered, Stock};
use crate::sync::atomic_cell::{AtomicCell, AtomicCellId};
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

static BASE: AtomicUsize = AtomicUsize::new(0);

impl Numbered for Record {
    /// 64 GiB of records.
    const LIMIT: u32 = 1 << 30;

    fn common() -> &'static Spin<Common<Record>> {
        static COMMON: Spin<Common<Record>> = Spin::new(Common::ALL);
        &COMMON
    }

    #[inline(always)]
    fn next(number: u32) -> &'static AtomicU32 {
        &record(RecordId(number)).next
    }
}

/// Reserves room for the records.
///
/// # Errors
/// What the system said when it refused the address space.
pub fn reserve() -> io::Result<()> {
    BASE.store(memory::reserve(Record::LIMIT as usize * size_of::<Record>())?, Relaxed);
    Ok(())
}

/// Bytes of memory that records take: those that were ever in use.
pub(super) fn taken() -> usize {
    Record::common().lock().touched() * size_of::<Record>()
}

/// The record with this number.
#[inline]
pub fn record(id: RecordId) -> &'static Record {
    debug_assert!(id.0 < Record::LIMIT);
    // SAFETY: the reservation has room for `LIMIT` records, is never given back and holds atomics only.
    unsafe { &*(BASE.load(Relaxed) as *const Record).add(id.0 as usize) }
}

/// A thread's own stock of free records, and of free cells of atomics, which granules get and lose with them.
#[derive(Debug)]
pub struct RecordCache {
    records: Stock<Record>,
    /// The cells.
    pub atomics: Stock<AtomicCell>,
}

impl RecordCache {
    /// An empty store.
    pub const fn new() -> RecordCache {
        RecordCache { records: Stock::EMPTY, atomics: Stock::EMPTY }
    }

    /// Gives everything to the others: the thread has ended.
    pub fn give_all(&mut self) {
        self.records.give_all();
        self.atomics.give_all();
    }

    /// An empty record; `None` when all 2^30 are in use.
    #[inline]
    pub fn take(&mut self) -> Option<RecordId> {
        let id = RecordId(self.records.take()?);
        record(id).next.store(0, Relaxed);
        Some(id)
    }

    /// Takes back a record. Its entries and atomics must be gone already.
    #[inline]
    pub fn give(&mut self, id: RecordId) {
        self.records.give(id.0);
    }
}

impl Default for RecordCache {
    fn default() -> RecordCache {
        RecordCache::new()
    }
}
