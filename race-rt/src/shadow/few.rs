//! A granule with one entry or two, as who asks without the lock sees it. None of its variables carries anything: what does
//! has a cell, and a granule with a cell has a list.
//!
//! Who is the first to release holds the lock while he stores and leaves a list behind. So a value that was loaded while the
//! granule stayed as it was seen is none that carries something.

use super::map;
use super::record::RecordId;
use super::second::Second;
use super::shortcut;
use super::word::{Mask, Word};
use crate::access::AccessKind;
use crate::clock::Epoch;
use crate::sys::atomic::{Ordering::Acquire, fence};

/// The entries of one granule.
#[derive(Clone, Copy, Debug)]
pub struct Few {
    address: usize,
    newest: Word,
    /// Empty if there is one entry.
    other: Word,
}

impl Few {
    /// The entries of the granule at `address`, which is covered; `None` when they are in records, or when it is locked.
    #[inline(always)]
    pub fn of(address: usize) -> Option<Few> {
        let newest = shortcut::newest_of(address);
        if newest.is_locked() || newest.is_listed() && is_in_records(address) {
            return None;
        }
        let other = if newest.is_listed() { Second::of(address).word() } else { Word::EMPTY };
        Some(Few { address, newest, other })
    }

    /// Whether one of them makes recording the access pointless.
    #[inline(always)]
    pub fn repeats(&self, epoch: Epoch, kind: AccessKind, mask: Mask) -> bool {
        self.newest.repeats(epoch, kind, mask) || self.other.repeats(epoch, kind, mask)
    }

    /// Whether there is no list still, after what was loaded before.
    #[inline(always)]
    pub fn are_still(&self) -> bool {
        fence(Acquire);
        Few::of(self.address).is_some_and(|now| now.newest == self.newest)
    }
}

fn is_in_records(address: usize) -> bool {
    // SAFETY: callers come with covered addresses only, after the shadow was reserved.
    RecordId::of_site(unsafe { map::site_of(address) }.load(Acquire)).is_some()
}
