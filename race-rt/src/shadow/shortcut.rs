//! What a plain access asks of a granule, and does to it, by itself: without a call, and without the lock until nothing is left
//! to be found out.
//!
//! Naively: [`Granule::record_access`] under the lock. Equal to it: an access that an entry makes pointless changes nothing, and one
//! that leaves nothing to remember of the only entry takes its place. The entry cannot have changed between the look and
//! the lock, because the lock is taken by an exchange of the very word that was looked at. All else is left to the long way,
//! and nothing is changed then.

use super::budget;
use super::granule::{Granule, NewAccess};
use super::map;
use super::record::{RecordId, record};
use super::word::{Mask, Word};
use crate::heap;
use crate::sys::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sys::atomic::fence;

/// The newest entry's access to the granule at `address`, which is covered, as it is at this moment.
#[inline(always)]
pub fn newest_of(address: usize) -> Word {
    // SAFETY: callers come with covered addresses only, after the shadow was reserved.
    Word::from_bits(unsafe { map::word_of(address) }.load(Acquire))
}

/// What the first two of several entries say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The access is pointless to record.
    Repeated,
    /// It is not: the two are of other steps or other bytes, and all there are.
    New,
    /// All entries have to be asked.
    Open,
}

/// [`is_repeated`](super::granule::is_repeated) for a plain access, as far as one of the first two of several entries tells:
/// asked at each access to data that several threads read.
#[inline(always)]
pub fn ask_pair(address: usize, epoch: u64, mask: Mask, writes: bool) -> Answer {
    // SAFETY: as for `newest_of`.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    let seen = Word::from_bits(word.load(Acquire));
    if !seen.is_listed() || seen.is_locked() {
        return Answer::Open;
    }
    let first = site.load(Relaxed);
    let pair = record(RecordId(first));
    let [one, other] = [0, 1].map(|place| Word::from_bits(pair.words[place].load(Relaxed)));
    if one.unlike_plain(epoch, mask, writes) != 0 && other.unlike_plain(epoch, mask, writes) != 0 {
        let is_of_step = |entry: Word| entry.epoch().bits() == epoch && entry.mask().meets(mask);
        let is_whole = pair.next.load(Relaxed) == RecordId::NONE.0;
        return if is_whole && !is_of_step(one) && !is_of_step(other) { Answer::New } else { Answer::Open };
    }
    fence(Acquire);
    let was_its_own = site.load(Relaxed) == first && Word::from_bits(word.load(Relaxed)).is_listed();
    if was_its_own { Answer::Repeated } else { Answer::Open }
}

/// Adds an access that takes the place of the only entry of the granule at `address`, or of none, where that is open and still
/// as it was `seen`. Calls nothing. False when the access does not: nothing is changed then.
#[inline(always)]
pub fn join_single(address: usize, seen: Word, new: &NewAccess<'_>) -> bool {
    // SAFETY: as for `newest_of`.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    if seen.is_locked() || !new.leaves_nothing_of(seen) || seen == Word::EMPTY && !may_begin_anyhow() {
        return false;
    }
    if word.compare_exchange(seen.bits(), seen.bits() | Word::LOCKED, Acquire, Relaxed).is_err() {
        return false;
    }
    site.store(new.site.0, Relaxed);
    word.store(Word::new(new.epoch, new.kind, new.mask).bits(), Release);
    true
}

/// Whether nobody wants to know of a granule that is touched for the first time, and it begins with no entry.
#[inline(always)]
fn may_begin_anyhow() -> bool {
    !budget::is_limited() && !heap::has_large_blocks()
}

/// [`Granule::renew_listed`] for the granule at `address`, if it has a list of its own and is open. False when nothing was
/// changed.
#[inline(always)]
pub fn join_list(address: usize, new: &NewAccess<'_>) -> bool {
    // SAFETY: as for `newest_of`.
    let (word, site) = unsafe { (map::word_of(address), map::site_of(address)) };
    // Asked once more under the lock: here it saves the lock.
    let is_own = Word::from_bits(word.load(Acquire)).is_listed() && !record(RecordId(site.load(Relaxed))).is_shared();
    is_own && Granule::try_lock(address).is_some_and(|mut granule| granule.renew_listed(new))
}
