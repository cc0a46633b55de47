//! Runs of granules, asked all at once.
//!
//! The naive form, which [`repeats_plainly`] equals:
//!
//! ```text
//! for each granule of the bytes: its word repeats the access to those of its bytes that are among them
//! ```
//!
//! Takes no lock and writes nothing. What a granule with several entries says beyond its newest is asked granule by granule
//! ([`first_new`]), and of that no more than the first two: the long way is for the rest.

use super::map::{self, GRANULE};
use super::present::Present;
use super::shortcut;
use super::word::{Mask, Word};
use crate::sys::atomic::Ordering::Relaxed;

/// Granules that are looked at before the first answer is asked for.
const BATCH: usize = 8;

/// Whether all `size` bytes (at least one) from `address` on were read plainly in the `present` step, or
/// were written if the access `writes`. Bytes without shadow were not.
#[inline(always)]
pub fn repeats_plainly(address: usize, size: usize, present: Present, writes: bool) -> bool {
    let Some(last) = address.checked_add(size - 1) else {
        return false;
    };
    if !map::is_covered(address) || !map::is_covered(last) {
        return false;
    }
    let unlike = |granule: usize, mask: Mask| {
        // SAFETY: covered, or between two covered addresses of a range that the program has.
        let word = unsafe { map::word_of(granule) };
        Word::from_bits(word.load(Relaxed)).unlike_plain(present, mask, writes)
    };
    let (first_bytes, last_bytes) = (Mask::from(address), Mask::up_to(last));
    let (mut granule, end) = (address & !(GRANULE - 1), last & !(GRANULE - 1));
    if granule == end {
        return unlike(granule, Mask(first_bytes.0 & last_bytes.0)) == 0;
    }
    if unlike(granule, first_bytes) | unlike(end, last_bytes) != 0 {
        return false;
    }
    granule += GRANULE;
    while end - granule >= BATCH * GRANULE {
        let all = (0..BATCH).fold(0, |all, number| all | unlike(granule + number * GRANULE, Mask::ALL));
        if all != 0 {
            return false;
        }
        granule += BATCH * GRANULE;
    }
    while granule < end {
        if unlike(granule, Mask::ALL) != 0 {
            return false;
        }
        granule += GRANULE;
    }
    true
}

/// The first of the bytes from `address` to `end` (at least one) which [`repeats_plainly`] is not true of even with the first
/// two of a granule's entries looked at; `None` where there is none. Data that several threads read is not new to any of them.
#[inline(always)]
pub fn first_new(address: usize, end: usize, present: Present, writes: bool) -> Option<usize> {
    if !map::is_covered_range(address, end) {
        return Some(address);
    }
    let mut at = address;
    while at < end {
        let next = (at | (GRANULE - 1)) + 1;
        let mask = if next > end { Mask(Mask::from(at).0 & Mask::up_to(end - 1).0) } else { Mask::from(at) };
        // SAFETY: covered.
        let word = Word::from_bits(unsafe { map::word_of(at) }.load(Relaxed));
        if word.unlike_plain(present, mask, writes) != 0
            && !(word.is_listed() && shortcut::is_told_beside(at, word, Word::plain(present, mask, writes)))
        {
            return Some(at);
        }
        at = next;
    }
    None
}
