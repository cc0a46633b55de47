//! What a plain access asks of a granule, and does to it, by itself: without a call, and without the lock until nothing is left
//! to be found out.
//!
//! Naively: [`Granule::record_access`] under the lock. Equal to it: an access that an entry makes pointless changes
//! nothing, and one that leaves nothing to remember of the only entry takes its place. The entry cannot have changed
//! between the look and the lock, because the lock is taken by an exchange of the very word that was looked at. All else is
//! left to the long way, and nothing is changed then.

use super::answer;
use super::budget;
use super::granule::{Entry, Granule, NewAccess, left_of};
use super::map::{self, GRANULE};
use super::pair;
use super::record::RecordId;
use super::second::Second;
use super::word::{Mask, Word};
use crate::access::AccessKind;
use crate::clock::{Epoch, ThreadClock};
use crate::heap::BlockCache;
use crate::sys::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sys::atomic::{AtomicU32, AtomicU64, fence};
use crate::thread::context::NodeId;

/// The newest entry's access to the granule at `address`, which is covered, as it is at this moment.
#[inline(always)]
pub fn newest_of(address: usize) -> Word {
    // SAFETY: callers come with covered addresses only, after the shadow was reserved.
    Word::from_bits(unsafe { map::word_of(address) }.load(Acquire))
}

/// The newest entry's site, or the number of the first record. The caller must see the same word afterwards.
#[inline(always)]
pub fn newest_site_of(address: usize) -> NodeId {
    // SAFETY: as for `newest_of`.
    NodeId(unsafe { map::site_of(address) }.load(Relaxed))
}

/// The second entry's access of the granule at `address`, whose newest entry was seen to be of several; empty when they are
/// more than two.
#[inline(always)]
pub fn second_of(address: usize) -> Word {
    // What the flag stands for came before it.
    fence(Acquire);
    // Without a look at the site, which lies elsewhere: of a list the second word is empty.
    Second::of(address).word()
}

/// What the entries beside the newest say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The access is pointless to record.
    Repeated,
    /// It is not: there are two entries, of other steps or other bytes.
    NewToTwo,
    /// It is not: there are more entries, and none is of the thread's present step.
    NewToMany,
    /// All entries have to be asked.
    Open,
}

/// [`is_repeated`](super::granule::is_repeated) for the access `wanted` ([`Word::plain`]) to a granule with several
/// entries, as far as that is told without a walk. The newest is `seen`, `other` is [`second_of`]; neither says as much.
#[inline(always)]
pub fn ask_all(address: usize, seen: Word, other: Word, wanted: Word) -> Answer {
    let site = newest_site_of(address);
    if let Some(first) = RecordId::of_site(site.0) {
        // As in `is_repeated`: there are none of the present step then.
        if seen.is_of_other_step(wanted.bits()) {
            return Answer::NewToMany;
        }
        let is_told = answer::of(first).repeats_wanted(wanted);
        // The record may have passed to another granule meanwhile.
        fence(Acquire);
        let is_repeated = is_told && newest_site_of(address) == site && newest_of(address) == seen;
        return if is_repeated { Answer::Repeated } else { Answer::Open };
    }
    // Two entries of one step may say as much together.
    let may_add_up = seen.epoch() == wanted.epoch() && other.epoch() == wanted.epoch();
    if may_add_up { Answer::Open } else { Answer::NewToTwo }
}

/// Whether the entries beside the newest, which was `seen`, make the access pointless, as far as that is told without a walk.
#[inline(always)]
pub fn is_told_beside(address: usize, seen: Word, wanted: Word) -> bool {
    let other = second_of(address);
    other.repeats_wanted(wanted) || ask_all(address, seen, other, wanted) == Answer::Repeated
}

/// Adds an access to the granule at `address`, which was untouched a moment ago, where it takes the place of what the granule
/// begins with. False when it does not: nothing is changed then.
#[inline(always)]
pub fn join_none(address: usize, new: &NewAccess<'_>, blocks: &BlockCache) -> bool {
    may_begin(address, new, blocks) && join_open(address, Word::EMPTY, new)
}

/// Moves the only entry of the granule at `address` on to `wanted`, the same access of the same slot and from the same
/// place in a later step, where the granule is open and still as it was `seen` before its site was. False when it is not.
///
/// Equals recording the access. An only entry is one word, so nothing can come in between; the word comes back to what it was
/// only by the accesses of its own thread, so the site that was seen is that of the entry.
#[inline(always)]
pub fn move_on(address: usize, seen: Word, wanted: Word) -> bool {
    debug_assert!(seen.is_same_before(wanted));
    // SAFETY: as for `newest_of`.
    let word = unsafe { map::word_of(address) };
    word.compare_exchange(seen.bits(), wanted.bits(), AcqRel, Relaxed).is_ok()
}

/// [`join`] for whole granules from the one at `start` on and before `end`, as long as they have the same entry as that: where
/// the first one is that is left.
#[inline(always)]
pub fn join_alike(start: usize, end: usize, new: &NewAccess<'_>) -> usize {
    let seen = newest_of(start);
    let may_join = seen != Word::EMPTY
        && !seen.is_listed()
        && !seen.repeats(new.epoch, new.kind, new.mask)
        && new.leaves_nothing_of(seen);
    let mut at = start;
    while may_join && at < end && join_open(at, seen, new) {
        at += GRANULE;
    }
    at
}

/// Puts the access in the place of the only entry of the granule at `address`, or of none, if that is open and still as it was
/// `seen`.
#[inline(always)]
fn join_open(address: usize, seen: Word, new: &NewAccess<'_>) -> bool {
    // SAFETY: as for `newest_of`.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    let is_locked = lock(word, seen);
    if is_locked {
        open_with(word, site, Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site });
    }
    is_locked
}

/// Whether nobody wants to know of a granule that is touched for the first time, and the access leaves nothing to remember of
/// what it begins with.
#[inline(always)]
fn may_begin(address: usize, new: &NewAccess<'_>, blocks: &BlockCache) -> bool {
    let leaves_nothing = |entry: Option<Entry>| entry.is_none_or(|entry| new.leaves_nothing_of(entry.word));
    !budget::is_limited() && blocks.entry_at_hand(address).is_some_and(leaves_nothing)
}

/// [`Granule::renew`] for the granule at `address`, which is touched, if it is open and still as it was `seen`. False when
/// nothing was changed.
#[inline(always)]
pub fn join(address: usize, seen: Word, new: &NewAccess<'_>) -> bool {
    // SAFETY: as for `newest_of`.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    if !lock(word, seen) {
        return false;
    }
    if seen.is_listed() && RecordId::of_site(site.load(Relaxed)).is_some() {
        // Handed over by its address, so that the straight way keeps all it has in registers.
        return match new.kind {
            AccessKind::Write => join_list::<true>(address, new.clock, new.epoch, new.mask, new.site),
            _ => join_list::<false>(address, new.clock, new.epoch, new.mask, new.site),
        };
    }
    let renewed = pair::renew(address, seen, site, new);
    word.store(renewed.unwrap_or(seen).bits(), Release);
    renewed.is_some()
}

/// Locks the granule with this word if it is open and still as it was `seen`.
#[inline(always)]
pub(super) fn lock(word: &AtomicU64, seen: Word) -> bool {
    !seen.is_locked() && word.compare_exchange(seen.bits(), seen.bits() | Word::LOCKED, Acquire, Relaxed).is_ok()
}

/// Opens a granule that the caller has locked, with this as its only entry.
#[inline(always)]
pub(super) fn open_with(word: &AtomicU64, site: &AtomicU32, entry: Entry) {
    site.store(entry.site.0, Relaxed);
    word.store(entry.word.bits(), Release);
}

/// Moves the newest of two entries on to `new`, as [`move_on`] does with an only one. The other is `second`, of which the
/// access leaves all or nothing.
#[inline(always)]
pub fn move_on_before(address: usize, seen: Word, second: Word, new: &NewAccess<'_>) -> bool {
    let wanted = Word::new(new.epoch, new.kind, new.mask);
    debug_assert!(seen.access().is_same_before(wanted));
    let moved = match left_of(second, new) {
        Some(left) if left.mask() == Mask::NONE => wanted,
        // Of another step, so that the two are not to be one entry.
        Some(left) if left == second && second.epoch() != new.epoch => wanted.listed(),
        _ => return false,
    };
    // SAFETY: as for `newest_of`.
    let word = unsafe { map::word_of(address) };
    word.compare_exchange(seen.bits(), moved.bits(), AcqRel, Relaxed).is_ok()
}

/// A plain access to a granule with a list, which is locked.
#[inline(never)]
fn join_list<const WRITES: bool>(address: usize, clock: &ThreadClock, epoch: Epoch, mask: Mask, site: NodeId) -> bool {
    let kind = if WRITES { AccessKind::Write } else { AccessKind::Read };
    Granule::resume(address).renew_list(&NewAccess { clock, epoch, kind, mask, site })
}
