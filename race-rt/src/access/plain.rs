//! Plain loads and stores within one granule, which nearly all accesses are: from the question of the hot path to the long way.
//!
//! ```text
//! read, write       the newest entry says as much: done
//! beyond_newest     one entry: of another step?
//!   join_single       nothing of it has to be remembered: the access takes its place
//! among_entries     several: one of the first two, or all together, say as much: done
//!   join_list         the access takes the place of what it makes needless, or a vacant one
//! slow              all else
//! ```
//!
//! Each is a function that needs little of the stack, since it leaves by a jump to the next one or does its work without a
//! call: what `join_single` and `join_list` do not have at hand (a call stack without a number, a lock that is taken, a fork
//! under way, a recording) is left to [`slow`], before anything has been changed.

use super::{AccessKind, slow};
use crate::clock::Epoch;
use crate::report::model::Pc;
use crate::shadow::granule::{self, NewAccess};
use crate::shadow::map::{self, GRANULE};
use crate::shadow::shortcut::{self, Answer};
use crate::shadow::{Mask, Word};
use crate::sys::atomic::AtomicU64;
use crate::sys::atomic::Ordering::Relaxed;
use crate::thread::{Hot, Thread, current};
use crate::trace;

/// A plain load of `size` bytes, within one granule.
///
/// # Safety
/// The program has memory at `address`.
#[inline(always)]
pub unsafe fn read(address: usize, size: usize, pc: Pc) {
    // SAFETY: `hot` is valid for reading; the word is only read, and the program has memory at `address`.
    let (epoch, word) =
        unsafe { ((*current::hot()).epoch.load(Relaxed), Word::from_bits(map::word_of(address).load(Relaxed))) };
    if word.repeats_plain_read(epoch, Mask::new(address, size)) || epoch & Hot::SOLO != 0 {
        return;
    }
    beyond_newest::<false>(address, pc, Mask::new(address, size));
}

/// A plain store of `size` bytes, within one granule.
///
/// # Safety
/// The program has memory at `address`.
#[inline(always)]
pub unsafe fn write(address: usize, size: usize, pc: Pc) {
    // SAFETY: as for `read`.
    let (epoch, word) =
        unsafe { ((*current::hot()).epoch.load(Relaxed), Word::from_bits(map::word_of(address).load(Relaxed))) };
    if word.repeats_plain_write(epoch, Mask::new(address, size)) || epoch & Hot::SOLO != 0 {
        return;
    }
    beyond_newest::<true>(address, pc, Mask::new(address, size));
}

/// A plain load of two granules.
///
/// # Safety
/// As for [`read`].
#[inline(always)]
pub unsafe fn read_16(address: usize, pc: Pc) {
    // SAFETY: passed on from the caller.
    if unsafe { !is_repeated_in_both::<false>(address) } {
        in_both::<false>(address, pc);
    }
}

/// A plain store of two granules.
///
/// # Safety
/// As for [`read`].
#[inline(always)]
pub unsafe fn write_16(address: usize, pc: Pc) {
    // SAFETY: passed on from the caller.
    if unsafe { !is_repeated_in_both::<true>(address) } {
        in_both::<true>(address, pc);
    }
}

/// Whether both granules have been accessed so in the thread's present step, or the thread is alone.
#[inline(always)]
unsafe fn is_repeated_in_both<const WRITES: bool>(address: usize) -> bool {
    let granules = [address, address.wrapping_add(GRANULE)];
    // Of accesses of this size programs have few, and what is asked for need not be the program's.
    if !granules.iter().all(|granule| map::is_covered(*granule)) {
        return false;
    }
    // SAFETY: as for `read`, and covered.
    let (epoch, words) =
        unsafe { ((*current::hot()).epoch.load(Relaxed), granules.map(|granule| map::word_of(granule))) };
    let unlike = |word: &AtomicU64| Word::from_bits(word.load(Relaxed)).unlike_plain(epoch, Mask::ALL, WRITES);
    unlike(words[0]) | unlike(words[1]) == 0 || epoch & Hot::SOLO != 0
}

#[inline(never)]
fn in_both<const WRITES: bool>(address: usize, pc: Pc) {
    beyond_newest::<WRITES>(address, pc, Mask::ALL);
    beyond_newest::<WRITES>(address.wrapping_add(GRANULE), pc, Mask::ALL);
}

const fn kind(writes: bool) -> AccessKind {
    if writes { AccessKind::Write } else { AccessKind::Read }
}

/// An access that the granule's newest entry does not make pointless. A function of its own, so that the hot ones are short.
#[inline(never)]
fn beyond_newest<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    if !map::is_covered(address) {
        return long_way::<WRITES>(address, pc, mask);
    }
    let seen = shortcut::newest_of(address);
    if seen.is_listed() {
        return among_entries::<WRITES>(address, pc, mask);
    }
    let join = |thread: &mut Thread, epoch| {
        let Some(site) = thread.site_at_hand(pc) else { return false };
        shortcut::join_single(
            address,
            seen,
            &NewAccess { clock: thread.clock(), epoch, kind: kind(WRITES), mask, site },
        )
    };
    if !briefly::<WRITES>(join) {
        long_way::<WRITES>(address, pc, mask);
    }
}

/// Where the granule has several entries, or had them a moment ago.
#[inline(never)]
fn among_entries<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    // SAFETY: the hot part is the running thread's own or a placeholder, whose epoch nothing has.
    let epoch = unsafe { (*current::hot()).epoch.load(Relaxed) };
    // Nobody has an epoch with a request to step on in it.
    match shortcut::ask_pair(address, epoch, mask, WRITES) {
        Answer::Repeated => {}
        Answer::New => join_list::<WRITES>(address, pc, mask),
        Answer::Open => beyond_pair::<WRITES>(address, pc, mask),
    }
}

/// Where neither of the first two entries alone makes the access pointless, but all entries together may.
#[inline(never)]
fn beyond_pair<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    // SAFETY: as for `among_entries`.
    let epoch = unsafe { (*current::hot()).epoch.load(Relaxed) };
    // Who is asked to step on has no entries of its present step yet.
    if epoch & Hot::STEP != 0 || !granule::is_repeated(address, Epoch::from_bits(epoch), kind(WRITES), mask) {
        join_list::<WRITES>(address, pc, mask);
    }
}

/// Where no entry of the granule makes the access pointless.
#[inline(never)]
fn join_list<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    let join = |thread: &mut Thread, epoch| {
        let Some(site) = thread.site_at_hand(pc) else { return false };
        shortcut::join_list(address, &NewAccess { clock: thread.clock(), epoch, kind: kind(WRITES), mask, site })
    };
    if !briefly::<WRITES>(join) {
        long_way::<WRITES>(address, pc, mask);
    }
}

/// Lets the running thread do something that calls nothing. False when it did not, or when there is more to be done.
#[inline(always)]
fn briefly<const WRITES: bool>(work: impl FnOnce(&mut Thread, Epoch) -> bool) -> bool {
    !trace::is_on() && current::briefly(|thread, epoch| !thread.is_ignoring(kind(WRITES)) && work(thread, epoch))
}

#[cold]
#[inline(never)]
fn long_way<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    slow(address, mask.0.count_ones() as usize, kind(WRITES), pc);
}
