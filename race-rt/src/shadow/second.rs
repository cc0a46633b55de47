//! Where a granule's second entry lies.
//!
//! Most memory never has two entries, so there is no room for second ones until they come. Memory is divided into rows of 64
//! granules, and a table has for each row the number of a block with a second word and a second site for each of its
//! granules: 768 bytes, taken when the first granule of the row gets a second entry. Blocks live in one reservation that is
//! never given back; the one with the number zero is all zero and stands for "none".
//!
//! A second word counts only while the granule's first word is `LISTED` and its site is no record's, and who makes that so sets
//! the second word with it.
//!
//! Who looks without the lock believes a second word that has his own present step: nobody else makes such entries, and a
//! block passes to another row only with all its granules locked and empty, so not while he looks for what he has put
//! there.

use super::granule::Entry;
use super::map;
use super::word::Word;
use crate::sys::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use crate::sys::atomic::{AtomicU32, AtomicU64};
use crate::sys::spin::Spin;
use crate::thread::context::NodeId;

/// The number of a block; zero is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BlockId(pub u32);

impl BlockId {
    const NONE: BlockId = BlockId(0);
}

/// Blocks that there may be: 1.5 TiB.
pub(super) const LIMIT: usize = 1 << 31;

static BLOCKS: Spin<Blocks> = Spin::new(Blocks { free: BlockId::NONE, untouched: 1 });

struct Blocks {
    /// The first free block, which has the number of the next one as its first site.
    free: BlockId,
    untouched: u32,
}

impl Blocks {
    fn take(&mut self) -> Option<BlockId> {
        if self.free != BlockId::NONE {
            let taken = self.free;
            self.free = BlockId(first_site(taken).load(Relaxed));
            return Some(taken);
        }
        let is_left = (self.untouched as usize) < LIMIT;
        is_left.then(|| {
            self.untouched += 1;
            BlockId(self.untouched - 1)
        })
    }

    fn give(&mut self, block: BlockId) {
        first_site(block).store(self.free.0, Relaxed);
        self.free = block;
    }
}

fn first_site(block: BlockId) -> &'static AtomicU32 {
    map::second_of(block, 0).1
}

/// Bytes of memory that blocks take: those that were ever in use.
pub(super) fn taken() -> usize {
    BLOCKS.lock().untouched as usize * map::BLOCK
}

/// A granule's place for a second entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Second {
    block: BlockId,
    word: &'static AtomicU64,
    site: &'static AtomicU32,
}

impl Second {
    /// That of the granule at `address`, which is the program's. There is always one to look at.
    #[inline(always)]
    pub fn of(address: usize) -> Second {
        // SAFETY: programs have no memory behind the last address that the table has a row for; the shadow is reserved.
        Second::in_block(BlockId(unsafe { map::block_of(address) }.load(Acquire)), address)
    }

    /// One that entries can be put into; `None` when all 2^31 blocks are in use. Under the granule's lock.
    pub fn make(address: usize) -> Option<Second> {
        let second = Second::of(address);
        if second.has_room() { Some(second) } else { Second::make_block(address) }
    }

    #[cold]
    #[inline(never)]
    fn make_block(address: usize) -> Option<Second> {
        let new = BLOCKS.lock().take()?;
        // SAFETY: as in `of`.
        let place = unsafe { map::block_of(address) };
        // Another granule's second entry may come at the same time.
        let block = match place.compare_exchange(BlockId::NONE.0, new.0, AcqRel, Acquire) {
            Ok(_) => new,
            Err(other) => {
                BLOCKS.lock().give(new);
                BlockId(other)
            }
        };
        Some(Second::in_block(block, address))
    }

    #[inline(always)]
    fn in_block(block: BlockId, address: usize) -> Second {
        let (word, site) = map::second_of(block, address);
        Second { block, word, site }
    }

    /// Whether entries can be put into it.
    #[inline(always)]
    pub fn has_room(self) -> bool {
        self.block != BlockId::NONE
    }

    /// The second entry's access.
    #[inline(always)]
    pub fn word(self) -> Word {
        Word::from_bits(self.word.load(Relaxed))
    }

    /// The second entry's site.
    #[inline(always)]
    pub fn site(self) -> NodeId {
        NodeId(self.site.load(Relaxed))
    }

    /// The second entry.
    #[inline(always)]
    pub fn entry(self) -> Entry {
        Entry { word: self.word(), site: self.site() }
    }

    /// The granule has two entries, of which this is the older.
    #[inline(always)]
    pub fn set(self, entry: Entry) {
        self.site.store(entry.site.0, Relaxed);
        self.set_word(entry.word.access());
    }

    /// The second entry's access is this one.
    #[inline(always)]
    pub fn set_word(self, word: Word) {
        debug_assert!(self.has_room());
        self.word.store(word.bits(), Relaxed);
    }

    /// The granule has no second entry.
    #[inline(always)]
    pub fn clear(self) {
        if self.has_room() {
            self.word.store(Word::EMPTY.bits(), Relaxed);
        }
    }
}

/// Takes the blocks of whole rows from `start` on and before `end`, whose granules are locked and empty.
pub(super) fn give_back(start: usize, end: usize) {
    for row in (start..end).step_by(map::ROW) {
        // SAFETY: who has granules locked has their addresses covered.
        let block = BlockId(unsafe { map::block_of(row) }.swap(BlockId::NONE.0, AcqRel));
        if block != BlockId::NONE {
            for granule in (row..row + map::ROW).step_by(map::GRANULE) {
                Second::in_block(block, granule).clear();
            }
            BLOCKS.lock().give(block);
        }
    }
}
