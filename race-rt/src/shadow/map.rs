//! Where the shadow of an address lies.
//!
//! Linux on x86-64 gives a program three ranges of its 47-bit address space, whatever the randomisation: the lowest
//! terabytes (programs linked at a fixed address), from 0x5555_5555_4000 with up to 16 TiB of random offset (others,
//! and their heap), and from the top down with as much (libraries, threads, everything mapped). The gap between the
//! first and the rest holds the shadow. With addresses in units of 2^40:
//!
//! ```text
//! program   0x00..0x04              0x55..0x80
//! words     0x51..0x55              0x26..0x51     (address xor 0x40) + 0x11 - OFFSET
//! sites     0x20..0x22              0x0a.8..0x20   (address / 2) xor 0x20
//! rows      0x22..0x23                             (address / 128) + 0x22
//! blocks    0x05..0x06.8                           numbered, see shadow::second
//! ```
//!
//! The words lie lower than that by [`OFFSET`], so that memory and its words differ in more than the uppermost bits of their
//! addresses: some processors tell the lines of their innermost cache apart by a hash of bits 12 to 27, and would have to
//! fetch an access's word and its data anew each time.
//!
//! A reservation for each; memory backs only what is touched. With a stack without limit the
//! kernel maps from 0x2a up or from 0x15 down, which cannot be served: `start` refuses it.

use std::io;
use std::ops::Range;
use std::slice;

use super::second::{self, BlockId};
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicU32, AtomicU64};
use crate::sys::memory::{self, PAGE};

/// Bytes that one shadow word describes.
pub const GRANULE: usize = 8;

const LOW_END: usize = 0x0400_0000_0000;
const HIGH_START: usize = 0x5500_0000_0000;
const HIGH_END: usize = 0x8000_0000_0000;

/// No address from here on has a shadow.
pub(super) const END: usize = HIGH_END;

/// Bits far apart, so that data of a small working set does not meet other data's words either; whole pages.
const OFFSET: usize = 0xa5000;
const WORDS_START: usize = 0x2600_0000_0000 - OFFSET;
const WORDS_END: usize = 0x5500_0000_0000 - OFFSET;
const SITES_START: usize = 0x0a80_0000_0000;
const SITES_END: usize = 0x2200_0000_0000;

/// Bytes of memory whose granules have their second entries in one block.
pub(crate) const ROW: usize = 64 * GRANULE;
/// Bytes of a block: a word and a site for each granule of a row.
pub(crate) const BLOCK: usize = ROW + ROW / 2;

pub(crate) const ROWS_START: usize = SITES_END;
const ROWS_END: usize = ROWS_START + HIGH_END / ROW * size_of::<AtomicU32>();
pub(crate) const BLOCKS_START: usize = 0x0500_0000_0000;
const BLOCKS_END: usize = BLOCKS_START + second::LIMIT * BLOCK;

/// Reserves the shadow.
///
/// # Errors
/// What the system said when it refused the address space.
pub fn reserve() -> io::Result<()> {
    memory::reserve_at(WORDS_START, WORDS_END - WORDS_START)?;
    memory::reserve_at(SITES_START, SITES_END - SITES_START)?;
    memory::reserve_at(ROWS_START, ROWS_END - ROWS_START)?;
    memory::reserve_at(BLOCKS_START, BLOCKS_END - BLOCKS_START)
}

/// Whether the address lies where programs have their memory, and so has a shadow.
#[inline(always)]
pub const fn is_covered(address: usize) -> bool {
    // The words of both ranges lie in one, so that one comparison tells; in units in which its bounds are small numbers.
    const { assert!(LOW_END.is_multiple_of(UNIT) && HIGH_START.is_multiple_of(UNIT) && HIGH_END == 2 * FLIP) };
    const START: usize = (HIGH_START ^ FLIP) / UNIT;
    const END: usize = (FLIP + LOW_END) / UNIT;
    word_unit(address).wrapping_sub(START as u32) < (END - START) as u32
}

/// Whether memory from `start` on and before `end`, which is not empty, lies in one of the ranges that have a shadow.
#[inline(always)]
pub const fn is_covered_range(start: usize, end: usize) -> bool {
    let last = end - 1;
    // The words of the low range lie behind those of the high one, so that from one to the other is back.
    is_covered(start) && ((start ^ last) < UNIT || is_covered(last) && word_unit(start) <= word_unit(last))
}

const UNIT: usize = 1 << 40;

/// In units of [`UNIT`] bytes, where an address's word would be if the words began at zero.
#[inline(always)]
const fn word_unit(address: usize) -> u32 {
    ((address / UNIT) as u32) ^ (FLIP / UNIT) as u32
}

/// Brings the low range behind the high one.
pub(crate) const FLIP: usize = 0x4000_0000_0000;

/// From there to the word.
pub(crate) const DISTANCE: usize = 0x1100_0000_0000 - OFFSET;

const fn word_address(address: usize) -> usize {
    ((address & !7) ^ FLIP) + DISTANCE
}

const fn site_address(address: usize) -> usize {
    ((address & !7) >> 1) ^ 0x2000_0000_0000
}

const fn row_address(address: usize) -> usize {
    ROWS_START + address / ROW * size_of::<AtomicU32>()
}

/// The number of the block that the row at `address` has.
///
/// # Safety
/// The shadow is reserved and the address is below [`END`].
#[inline(always)]
pub(super) unsafe fn block_of(address: usize) -> &'static AtomicU32 {
    // SAFETY: as for the words.
    unsafe { &*(row_address(address) as *const AtomicU32) }
}

/// Word and site of the granule at `address` in the block of its row.
#[inline(always)]
pub(super) fn second_of(block: BlockId, address: usize) -> (&'static AtomicU64, &'static AtomicU32) {
    debug_assert!((block.0 as usize) < second::LIMIT);
    let start = BLOCKS_START + block.0 as usize * BLOCK;
    let offset = address & (ROW - GRANULE);
    // SAFETY: the reservation has room for all blocks, is never given back, aligned, and holds atomics only.
    unsafe { (&*((start + offset) as *const AtomicU64), &*((start + ROW + offset / 2) as *const AtomicU32)) }
}

/// The shadow word of the granule at `address`.
///
/// # Safety
/// The shadow is reserved and [`is_covered`] holds, or the word is only read and the program has memory there.
#[inline(always)]
pub unsafe fn word_of(address: usize) -> &'static AtomicU64 {
    // SAFETY: the reservation is never given back, aligned, and zero where untouched.
    unsafe { &*(word_address(address) as *const AtomicU64) }
}

/// The site of the granule at `address`.
///
/// # Safety
/// The shadow is reserved and [`is_covered`] holds.
#[inline(always)]
pub unsafe fn site_of(address: usize) -> &'static AtomicU32 {
    // SAFETY: as for the words.
    unsafe { &*(site_address(address) as *const AtomicU32) }
}

/// The words and the sites of the granules of these addresses.
///
/// # Safety
/// The shadow is reserved, [`is_covered_range`] holds, and the addresses are of whole granules.
#[inline(always)]
pub(super) unsafe fn shadow_of(addresses: &Range<usize>) -> (&'static [AtomicU64], &'static [AtomicU32]) {
    let granules = addresses.len() / GRANULE;
    let (words, sites) = (word_address(addresses.start), site_address(addresses.start));
    // SAFETY: the reservations have room for all covered addresses, in their order within a range; are never given back,
    // aligned, and zero where untouched.
    unsafe { (slice::from_raw_parts(words as *const _, granules), slice::from_raw_parts(sites as *const _, granules)) }
}

/// Where the words of these addresses lie, which are covered, in one range, and whole granules.
pub(super) fn words_of(addresses: Range<usize>) -> Range<usize> {
    let start = word_address(addresses.start);
    start..start + addresses.len()
}

/// Where their sites lie.
pub(super) fn sites_of(addresses: Range<usize>) -> Range<usize> {
    let start = site_address(addresses.start);
    start..start + addresses.len() / 2
}

/// Accesses of up to so many bytes are taken as they are.
const LONG_ACCESS: usize = 1 << 20;

/// Whether an access of so many bytes is taken as it is.
#[inline(always)]
pub const fn is_short(size: usize) -> bool {
    size <= LONG_ACCESS
}

/// How many of the `size` bytes from `address` on an access can reach before it faults, or leaves what has a shadow.
#[inline]
pub fn accessible(address: usize, size: usize) -> usize {
    if is_short(size) { size } else { accessible_of_long(address, size) }
}

#[cold]
fn accessible_of_long(address: usize, size: usize) -> usize {
    if !is_covered(address) {
        // One granule, to be counted.
        return GRANULE;
    }
    let range_end = if address < LOW_END { LOW_END } else { HIGH_END };
    let end = address.saturating_add(size).min(range_end);
    let mapped_end = memory::mapped_end(address & !(PAGE - 1), end.next_multiple_of(PAGE));
    mapped_end.min(end).saturating_sub(address)
}

/// Bytes of shadow that are walked without asking which of them were ever touched.
const FEW_PAGES: usize = 4 * PAGE;

/// Calls `each` for the address of every granule of `start..end` that was touched. `start` and `end` are covered, in one
/// range, and multiples of [`GRANULE`].
pub fn for_each_touched(start: usize, end: usize, mut each: impl FnMut(usize)) {
    let mut look = |first: usize, last: usize| {
        for address in (first..last).step_by(GRANULE) {
            // SAFETY: the range is covered.
            if unsafe { word_of(address) }.load(Relaxed) != 0 {
                each(address);
            }
        }
    };
    let words = word_address(start) & !(PAGE - 1);
    let words_end = (word_address(end - GRANULE) + GRANULE).next_multiple_of(PAGE);
    if words_end - words <= FEW_PAGES {
        // Looking at all of it costs less than asking the system.
        return look(start, end);
    }
    memory::for_each_resident(words, words_end - words, |from, size| {
        // Words and granules have one size, so the distance is the same on both sides.
        let first = (start + from).saturating_sub(word_address(start)).max(start);
        let last = (start + from + size - word_address(start)).min(end);
        look(first, last);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shadows_lie_in_their_reservations_and_nowhere_else() {
        for unit in (0..0x200).chain((9..24).map(|bit| 1 << bit)).chain([usize::MAX >> 40]) {
            for address in [unit << 40, (unit << 40) + ((1 << 40) - 1)] {
                let covered = address < LOW_END || (HIGH_START..HIGH_END).contains(&address);
                assert_eq!(is_covered(address), covered, "{address:#x}");
            }
        }
        let edges = [0, LOW_END - 8, HIGH_START, 0x6000_0000_0000, 0x7000_0000_0000, HIGH_END - 8];
        for address in edges {
            assert!(is_covered(address));
            assert!((WORDS_START..WORDS_END).contains(&word_address(address)), "{address:#x}");
            assert!((SITES_START..SITES_END).contains(&site_address(address)), "{address:#x}");
            assert!((ROWS_START..ROWS_END).contains(&row_address(address)), "{address:#x}");
            assert!(!is_covered(word_address(address)) && !is_covered(site_address(address)));
        }
        const { assert!(OFFSET.is_multiple_of(PAGE)) };
        const { assert!(ROWS_END <= WORDS_START && WORDS_END <= HIGH_START) };
        const { assert!(LOW_END <= BLOCKS_START && BLOCKS_END <= SITES_START && SITES_END <= ROWS_START) };
    }

    #[test]
    fn a_range_lies_in_one_of_the_two() {
        assert!(is_covered_range(0, LOW_END) && is_covered_range(HIGH_START, HIGH_END));
        for (start, end) in [(0, LOW_END + 1), (0, HIGH_END), (HIGH_START - 1, HIGH_END), (HIGH_END - 8, usize::MAX)] {
            assert!(!is_covered_range(start, end), "{start:#x} {end:#x}");
        }
    }

    #[test]
    fn of_a_long_access_what_faults_is_left_out() {
        const SIZE: usize = LONG_ACCESS + 5 * PAGE;
        let start = memory::reserve(SIZE + PAGE).expect("there is room");
        // SAFETY: the last page of what was reserved just now.
        unsafe { memory::release(start + SIZE, PAGE) };
        for size in [0, 1, LONG_ACCESS, SIZE - 7] {
            assert_eq!(accessible(start + 7, size), size);
        }
        for size in [SIZE, 1 << 40, usize::MAX] {
            assert!((SIZE - 7..=1 << 40).contains(&accessible(start + 7, size)));
            assert_eq!(accessible(WORDS_START, usize::MAX), GRANULE);
            assert_eq!(accessible(usize::MAX, usize::MAX), GRANULE);
        }
        // What lies behind may be somebody else's memory; before the first page nothing is.
        assert!(accessible(8, usize::MAX) < LONG_ACCESS);
        // SAFETY: nobody uses it.
        unsafe { memory::release(start, SIZE) };
    }

    #[test]
    fn the_two_ranges_do_not_share_shadow() {
        assert!(word_address(HIGH_END - 8) < word_address(0));
        assert!(site_address(HIGH_END - 8) < site_address(0));
    }
}
