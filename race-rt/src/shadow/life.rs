//! The lives of a block's granules, begun and ended by who allocates and frees it: granule after granule, for as long as
//! the new entry just takes the place of what was there.
//!
//! The naive form, which [`begin`] and [`end`] equal as far as they go:
//!
//! ```text
//! for each granule: lock it; end: report what the access races with; forget all it has; add the access; open it
//! ```
//!
//! For [`end`] that is so only where all that the granule has happens before. The granules of a block mostly have the same
//! entry, which is asked about once. The word that was asked about cannot have changed when the lock is had, as in
//! [`super::shortcut`].

use std::ops::Range;

use super::budget;
use super::granule::{Entry, Granule};
use super::map::{self, GRANULE};
use super::record::{RecordCache, RecordId};
use super::second::Second;
use super::shortcut::{lock, open_with};
use super::word::Word;
use crate::clock::ThreadClock;
use crate::heap::BlockCache;
use crate::sys::atomic::Ordering::{Relaxed, Release};
use crate::sys::atomic::{AtomicU32, AtomicU64};

/// Begins the life of the granules of `block` with `entry`, up to the first one of which more is to be done: where that is.
#[inline(always)]
pub fn begin(block: Range<usize>, entry: Entry) -> usize {
    replace_all(block, entry, None, None)
}

/// [`begin`] where granules have several entries, too, whose records go to `records`.
#[inline(never)]
pub fn begin_anyhow(block: Range<usize>, entry: Entry, records: &mut RecordCache) -> usize {
    replace_all(block, entry, None, Some(records))
}

/// Ends the life of the granules of `block` with `entry`, an access of the thread with this clock, which writes all of
/// them: up to the first one of which more is to be done, where that is.
#[inline(always)]
pub fn end(block: Range<usize>, entry: Entry, clock: &ThreadClock, blocks: &BlockCache) -> usize {
    replace_all(block, entry, Some((clock, blocks)), None)
}

/// [`end`] where granules have several entries, too, as what one thread has written and another one then read, and counts of
/// references. Their records go to `records`.
#[inline(never)]
pub fn end_anyhow(
    block: Range<usize>,
    entry: Entry,
    clock: &ThreadClock,
    blocks: &BlockCache,
    records: &mut RecordCache,
) -> usize {
    replace_all(block, entry, Some((clock, blocks)), Some(records))
}

/// What a thread knows: of others, and of large blocks.
type Known<'a> = (&'a ThreadClock, &'a BlockCache);

/// Without `records` granules that have several entries are left.
#[inline(always)]
fn replace_all(
    block: Range<usize>,
    entry: Entry,
    ending: Option<Known<'_>>,
    mut records: Option<&mut RecordCache>,
) -> usize {
    let Range { start, end } = block;
    let is_whole = start.is_multiple_of(GRANULE) && end.is_multiple_of(GRANULE);
    if start >= end || !is_whole || !map::is_covered_range(start, end) {
        return start;
    }
    // SAFETY: whole granules, and covered; who accesses memory comes after the shadow was reserved.
    let (words, sites) = unsafe { map::shadow_of(&block) };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let seen = Word::from_bits(word.load(Relaxed));
        if seen.is_locked() {
            break;
        }
        if seen.is_listed() {
            let Some(records) = &mut records else { break };
            if !replace_several(start + at * GRANULE, seen, (word, &sites[at]), entry, ending, records) {
                break;
            }
            at += 1;
            continue;
        }
        if !may_replace(seen, &block, ending) {
            break;
        }
        // The next ones are mostly the same.
        loop {
            let Some(word) = words.get(at) else { return end };
            if !lock(word, seen) {
                break;
            }
            open_with(word, &sites[at], entry);
            at += 1;
        }
    }
    start + at * GRANULE
}

/// Where the granule at `address` has several entries: replaces them. False when more is to be done.
#[inline(always)]
fn replace_several(
    address: usize,
    seen: Word,
    (word, site): (&AtomicU64, &AtomicU32),
    entry: Entry,
    ending: Option<Known<'_>>,
    records: &mut RecordCache,
) -> bool {
    let is_known = |old: Word| ending.is_none_or(|(clock, _)| clock.knows(old.epoch()));
    if !is_known(seen) || !lock(word, seen) {
        return false;
    }
    if RecordId::of_site(site.load(Relaxed)).is_some() {
        return replace_list(address, entry, ending, records);
    }
    // Only under the lock do the two belong together.
    let are_all = is_known(Second::of(address).word());
    if are_all {
        open_with(word, site, entry);
    } else {
        word.store(seen.bits(), Release);
    }
    are_all
}

/// Where the granule at `address` is locked and has a list: replaces that, with what atomic variables carry, and opens the
/// granule. False, with nothing changed, when an entry of it does not happen before.
#[inline(never)]
fn replace_list(address: usize, entry: Entry, ending: Option<Known<'_>>, records: &mut RecordCache) -> bool {
    let mut granule = Granule::resume(address);
    // A free place is the beginning of a slot, which everybody knows.
    let are_all = ending.is_none_or(|(clock, _)| granule.listed_words().all(|old| clock.knows(old.epoch())));
    if are_all {
        granule.reset(Some(entry), records);
    }
    are_all
}

/// Whether no more is to be done of a granule of `block` with this entry, or none, than to replace it.
#[inline(always)]
fn may_replace(seen: Word, block: &Range<usize>, ending: Option<Known<'_>>) -> bool {
    if seen == Word::EMPTY && budget::is_limited() {
        return false;
    }
    let Some((clock, blocks)) = ending else { return true };
    if seen != Word::EMPTY {
        return clock.knows(seen.epoch());
    }
    // What the table of large blocks has of it is what it would begin with.
    let first = blocks.entry_at_hand_of(block);
    first.is_some_and(|first| first.is_none_or(|entry| clock.knows(entry.word.epoch())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccessKind::{self, Allocate, AtomicRead, AtomicWrite, Free, Read, VolatileRead, Write};
    use crate::shadow::word::Mask;
    use crate::sync::atomics::{AtomicPlace, CallSite};
    use crate::sys::atomic::Ordering::AcqRel;
    use crate::thread::context::NodeId;
    use crate::thread::{Thread, current, registry};

    const GRANULES: usize = 5;

    /// What one granule of a block may have.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Had {
        Own,
        OtherKnown,
        OtherUnknown,
        TwoKnown,
        NewerUnknown,
        OlderUnknown,
        Three,
        OneOfFourUnknown,
        Atomic,
        AtomicUnknown,
        Locked,
    }

    impl Had {
        const ALL: [Had; 11] = [
            Had::Own,
            Had::OtherKnown,
            Had::OtherUnknown,
            Had::TwoKnown,
            Had::NewerUnknown,
            Had::OlderUnknown,
            Had::Three,
            Had::OneOfFourUnknown,
            Had::Atomic,
            Had::AtomicUnknown,
            Had::Locked,
        ];

        fn is_replaced(self, by: AccessKind) -> bool {
            match self {
                Had::Own | Had::OtherKnown | Had::TwoKnown | Had::Three | Had::Atomic => true,
                Had::OtherUnknown | Had::NewerUnknown | Had::OlderUnknown => by == Allocate,
                Had::OneOfFourUnknown | Had::AtomicUnknown => by == Allocate,
                Had::Locked => false,
            }
        }
    }

    #[test]
    fn what_does_not_just_give_way_is_left_as_it_is() {
        crate::start::ensure();
        let mut parent = current::enter().expect("the engine is idle");
        let mut owner = registry::spawn(&mut parent, None, NodeId::ROOT);
        let mut other = registry::spawn(&mut parent, None, NodeId::ROOT);
        let memory = Box::new([0_u128; GRANULES.div_ceil(2)]);
        let start = &raw const *memory as usize;
        let block = start..start + GRANULES * GRANULE;
        for (place, had) in (0..GRANULES).flat_map(|place| Had::ALL.map(|had| (place, had))) {
            for kind in [Allocate, Free] {
                owner.forget(block.start, block.end);
                owner.access(block.start, block.len(), Read, NodeId::ROOT);
                let of_place = start + place * GRANULE;
                let access = |thread: &mut Thread, kind| thread.access(of_place, GRANULE, kind, NodeId::ROOT);
                other.acquire_head(&owner.release());
                let mut locked = None;
                match had {
                    Had::Own => access(&mut owner, Write),
                    Had::OtherKnown => {
                        access(&mut other, Write);
                        owner.acquire_head(&other.release());
                    }
                    Had::OtherUnknown => access(&mut other, Write),
                    Had::TwoKnown => access(&mut owner, AtomicWrite),
                    Had::NewerUnknown => {
                        access(&mut owner, Write);
                        other.acquire_head(&owner.release());
                        access(&mut other, Read);
                    }
                    Had::OlderUnknown => [&mut other, &mut owner].into_iter().for_each(|thread| access(thread, Read)),
                    Had::Three => [AtomicWrite, VolatileRead].into_iter().for_each(|kind| access(&mut owner, kind)),
                    Had::OneOfFourUnknown => {
                        access(&mut other, Read);
                        [AtomicRead, VolatileRead].into_iter().for_each(|kind| access(&mut owner, kind));
                    }
                    Had::Atomic => release(&mut owner, of_place),
                    Had::AtomicUnknown => release(&mut other, of_place),
                    Had::Locked => locked = Some(Granule::lock(of_place)),
                }
                let before = map_word(of_place);
                let has_two = matches!(had, Had::TwoKnown | Had::NewerUnknown | Had::OlderUnknown);
                // SAFETY: the test's own memory.
                let site = unsafe { map::site_of(of_place) }.load(Relaxed);
                assert_eq!(RecordId::of_site(site).is_none() && before.is_listed(), has_two);
                let entry = Entry { word: Word::new(owner.epoch(), kind, Mask::ALL), site: NodeId::ROOT };
                let left = match kind {
                    Allocate => begin_anyhow(block.clone(), entry, &mut owner.records),
                    _ => {
                        let (clock, blocks, records) = owner.clock_blocks_and_records();
                        end_anyhow(block.clone(), entry, clock, blocks, records)
                    }
                };
                let expected = if had.is_replaced(kind) { block.end } else { of_place };
                assert_eq!(left, expected, "{had:?} at {place}, {kind:?}");
                for address in (start..left).step_by(GRANULE) {
                    assert_eq!(map_word(address), entry.word);
                }
                assert!(left == block.end || map_word(of_place) == before);
                drop(locked);
            }
        }
        owner.forget(block.start, block.end);
        [owner, other].into_iter().for_each(registry::finish);
    }

    /// The variable carries something from now on.
    fn release(thread: &mut Thread, address: usize) {
        let place = AtomicPlace { address, size: GRANULE, from: CallSite::Stack(NodeId::ROOT) };
        thread.atomic_update(place, AcqRel, || ());
    }

    #[test]
    fn what_is_no_memory_of_whole_granules_is_left() {
        crate::start::ensure();
        let entry = Entry { word: Word::EMPTY, site: NodeId::ROOT };
        for block in [1..9, 8..9, 8..8, 0x0480_0000_0000..0x0480_0000_0010, 0x03ff_ffff_fff8..0x0400_0000_0008] {
            assert_eq!(begin(block.clone(), entry), block.start);
        }
    }

    fn map_word(address: usize) -> Word {
        // SAFETY: the test's own memory.
        Word::from_bits(unsafe { map::word_of(address) }.load(Relaxed))
    }
}
