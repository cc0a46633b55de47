//! Records: the entries of granules that have more than one, and of those with atomics.
//!
//! A record holds two entries and the number of the next record; one that is full and the only one of its granule may be
//! shared by granules with the same entries. Records live in one reservation that is never given
//! back, so a reader without the lock may follow a number that has just been freed: it finds some record, and looks
//! at the granule once more before it believes it. Freed records go to the thread that freed them, in bulk to the
//! common list.

use std::io;

use super::granule::Entry;
use super::word::Word;
use crate::sync::atomic_cell::AtomicCellId;
use crate::sys::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::sys::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use crate::sys::memory;
use crate::sys::spin::Spin;
use crate::thread::context::NodeId;

/// The number of a record; zero is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId(pub u32);

impl RecordId {
    /// No record.
    pub const NONE: RecordId = RecordId(0);
}

/// Two entries. 32 bytes, so that two records share a cache line and none crosses one.
#[repr(C, align(32))]
#[derive(Debug)]
pub struct Record {
    /// The entries' accesses (`Word`); zero is a free place.
    pub words: [AtomicU64; Record::ENTRIES],
    /// The entries' call stacks.
    pub sites: [AtomicU32; Record::ENTRIES],
    /// The record with more entries of the granule, or the next free one.
    pub next: AtomicU32,
    /// In a granule's first record: the granule's first atomic, by number. In a shared record: [`Record::SHARED`] and how
    /// many hold it.
    pub atomics: AtomicU32,
}

const _: () = assert!(size_of::<Record>() == 32);

impl Record {
    /// Entries in a record.
    pub const ENTRIES: usize = 2;
    const SHARED: u32 = 1 << 31;

    /// Whether several may hold the record, so that its entries do not change.
    #[inline]
    pub fn is_shared(&self) -> bool {
        self.atomics.load(Relaxed) & Record::SHARED != 0
    }

    /// The number of the granule's first atomic; a shared record has none.
    #[inline]
    pub fn first_atomic(&self) -> AtomicCellId {
        let number = self.atomics.load(Acquire);
        if number & Record::SHARED != 0 { AtomicCellId::NONE } else { AtomicCellId(number) }
    }

    /// The two entries.
    #[inline]
    pub fn pair(&self) -> Pair {
        let [word, other_word] = &self.words;
        let [site, other_site] = &self.sites;
        Pair {
            words: [word.load(Relaxed), other_word.load(Relaxed)],
            sites: [site.load(Relaxed), other_site.load(Relaxed)],
        }
    }

    /// The two entries, when they are all that a list of its own has.
    #[inline]
    pub fn whole_pair(&self) -> Option<Pair> {
        let pair = self.pair();
        let whole = self.next.load(Relaxed) == 0 && self.atomics.load(Relaxed) == 0 && !pair.words.contains(&0);
        whole.then_some(pair)
    }

    fn fill(&self, pair: Pair) {
        for (place, word) in self.words.iter().zip(pair.words) {
            place.store(word, Relaxed);
        }
        for (place, site) in self.sites.iter().zip(pair.sites) {
            place.store(site, Relaxed);
        }
    }
}

/// The content of a record that is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    words: [u64; Record::ENTRIES],
    sites: [u32; Record::ENTRIES],
}

impl Pair {
    const NONE: Pair = Pair { words: [0; 2], sites: [0; 2] };

    /// Two entries.
    #[inline]
    pub fn new(one: Entry, other: Entry) -> Pair {
        Pair { words: [one.word.bits(), other.word.bits()], sites: [one.site.0, other.site.0] }
    }

    /// The two entries.
    #[inline]
    pub fn entries(self) -> [Entry; 2] {
        [0, 1].map(|place| Entry { word: Word::from_bits(self.words[place]), site: NodeId(self.sites[place]) })
    }

    #[inline]
    fn hash(self) -> usize {
        let [word, other] = self.words;
        let sites = u64::from(self.sites[0]) | (u64::from(self.sites[1]) << 32);
        let mixed = (word ^ other.rotate_left(23) ^ sites.rotate_left(41)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - RecordCache::PAIR_BITS)) as usize
    }
}

/// A pair that a thread has met, and the shared record with it, once met twice.
#[derive(Clone, Copy, Debug)]
struct MetPair {
    pair: Pair,
    shared: RecordId,
}

/// Half of what 32 bits can number: 64 GiB of records.
const LIMIT: usize = 1 << 31;
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
    /// Direct-mapped. A shared record in here is held by it.
    met: Vec<MetPair>,
}

impl RecordCache {
    /// An empty store.
    pub const fn new() -> RecordCache {
        RecordCache { free: FreeList::EMPTY, met: Vec::new() }
    }

    const PAIR_BITS: u32 = 6;

    /// The shared record with these entries, held once more; `None` when the thread meets them for the first time in a
    /// while, so that entries which are nobody else's do not pay for sharing.
    #[inline]
    pub fn shared(&mut self, pair: Pair) -> Option<RecordId> {
        if self.met.is_empty() {
            self.met = vec![MetPair { pair: Pair::NONE, shared: RecordId::NONE }; 1 << RecordCache::PAIR_BITS];
        }
        let place = pair.hash();
        let met = self.met[place];
        if met.pair != pair {
            self.met[place] = MetPair { pair, shared: RecordId::NONE };
            if met.shared != RecordId::NONE {
                self.give_shared(met.shared);
            }
            return None;
        }
        if met.shared != RecordId::NONE {
            record(met.shared).atomics.fetch_add(1, Relaxed);
            return Some(met.shared);
        }
        let id = self.take_with(pair)?;
        // Held by this store and by the caller.
        record(id).atomics.store(Record::SHARED | 2, Relaxed);
        self.met[place].shared = id;
        Some(id)
    }

    /// Gives up one hold of a shared record.
    #[inline]
    pub fn give_shared(&mut self, id: RecordId) {
        let part = record(id);
        if part.atomics.fetch_sub(1, AcqRel) == Record::SHARED | 1 {
            part.atomics.store(0, Relaxed);
            part.fill(Pair::NONE);
            self.give(id);
        }
    }

    /// A record of one's own with these entries; `None` when all 2^31 are in use.
    #[inline]
    pub fn take_with(&mut self, pair: Pair) -> Option<RecordId> {
        let id = self.take()?;
        record(id).fill(pair);
        Some(id)
    }

    /// Gives everything to the others: the thread has ended.
    pub fn give_all(&mut self) {
        for met in std::mem::take(&mut self.met) {
            if met.shared != RecordId::NONE {
                self.give_shared(met.shared);
            }
        }
        self.spill(0);
    }

    /// An empty record; `None` when all 2^31 are in use.
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
