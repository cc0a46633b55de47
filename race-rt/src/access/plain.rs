//! Plain loads and stores within one granule, which nearly all accesses are: from the question of the hot path to the long way.
//!
//! ```text
//! read, write       the newest entry says as much, or the second one: done
//! beyond_newest     one entry
//!   again             the thread's own, for the same access from the same place in an earlier step: it moves on
//! begin             none
//! beyond_second     two: neither says as much; more: what is told of them does: done
//!   again_before      as again, with another entry
//! beyond_told       all together say as much: done
//! join              the access takes its place instead of what is there or beside it
//! slow              all else
//! ```
//!
//! Each is a function that needs little of the stack, since it leaves by a jump to the next one or does its work without a
//! call: what they do not have at hand (a call stack without a number, a lock that is taken, a fork
//! under way, a recording) is left to [`slow`], before anything has been changed.

use super::{AccessKind, slow};
use crate::clock::Epoch;
use crate::report::model::Pc;
use crate::shadow::answer;
use crate::shadow::granule::{self, NewAccess};
use crate::shadow::map::{self, GRANULE};
use crate::shadow::shortcut::{self, Answer};
use crate::shadow::{Mask, Present, Word};
use crate::sys::atomic::Ordering::{Relaxed, SeqCst};
use crate::sys::atomic::{AtomicU64, compiler_fence};
use crate::thread::context::NodeId;
use crate::thread::current::Brief;
use crate::thread::{Thread, current};
use crate::trace;

/// A plain load of `size` bytes, within one granule.
///
/// # Safety
/// The program has memory at `address`.
#[inline(always)]
pub unsafe fn read(address: usize, size: usize, pc: Pc) {
    // SAFETY: passed on from the caller.
    unsafe { access::<false>(address, pc, Mask::new(address, size)) }
}

/// A plain store of `size` bytes, within one granule.
///
/// # Safety
/// The program has memory at `address`.
#[inline(always)]
pub unsafe fn write(address: usize, size: usize, pc: Pc) {
    // SAFETY: passed on from the caller.
    unsafe { access::<true>(address, pc, Mask::new(address, size)) }
}

#[inline(always)]
unsafe fn access<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    // SAFETY: `hot` is valid for reading; the word is only read, and the program has memory at `address`.
    let (present, word) =
        unsafe { ((*current::hot()).present.get(), Word::from_bits(map::word_of(address).load(Relaxed))) };
    if word.repeats_plainly(present, mask, WRITES) {
        return;
    }
    // Else the compiler asks what follows first.
    compiler_fence(SeqCst);
    if present.is_solo() {
        return;
    }
    let wanted = Word::plain(present, mask, WRITES);
    if !word.is_listed() {
        return beyond_newest::<WRITES>(address, pc, word, wanted);
    }
    let other = shortcut::second_of(address);
    if !other.repeats_wanted(wanted) {
        beyond_second::<WRITES>(address, pc, word, wanted, other);
    }
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
    let (present, words) = unsafe { ((*current::hot()).present.get(), granules.map(|granule| map::word_of(granule))) };
    let unlike = |word: &AtomicU64| Word::from_bits(word.load(Relaxed)).unlike_plain(present, Mask::ALL, WRITES);
    unlike(words[0]) | unlike(words[1]) == 0 || present.is_solo()
}

#[inline(never)]
fn in_both<const WRITES: bool>(address: usize, pc: Pc) {
    for granule in [address, address.wrapping_add(GRANULE)] {
        if map::is_covered(granule) {
            // SAFETY: covered, so that there is a word to read.
            unsafe { access::<WRITES>(granule, pc, Mask::ALL) }
        } else {
            long_way::<WRITES>(granule, pc, Mask::ALL);
        }
    }
}

pub(super) const fn kind(writes: bool) -> AccessKind {
    if writes { AccessKind::Write } else { AccessKind::Read }
}

/// An access that the granule's newest entry, its only one, does not make pointless. A function of its own, so that the hot
/// ones are short.
#[inline(never)]
pub extern "C" fn beyond_newest<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word) {
    if !map::is_covered(address) || wanted.is_of_no_step() {
        return long_way::<WRITES>(address, pc, wanted.mask());
    }
    if seen.is_same_before(wanted) {
        return again::<WRITES>(address, pc, seen, wanted);
    }
    if seen == Word::EMPTY {
        return begin::<WRITES>(address, pc, wanted.mask());
    }
    join::<WRITES>(address, pc, seen, wanted);
}

/// Where the only entry is the thread's own, for the same access in an earlier step.
#[inline(never)]
fn again<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word) {
    match thread_at_site::<WRITES>(address, pc) {
        Some(_) if shortcut::move_on(address, seen, wanted) => end_at_rest::<WRITES>(address, pc, wanted),
        _ => join::<WRITES>(address, pc, seen, wanted),
    }
}

/// Where the newer of two entries is.
#[inline(never)]
fn again_before<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word, other: Word) {
    let is_done = thread_at_site::<WRITES>(address, pc).is_some_and(|thread| {
        let site = shortcut::newest_site_of(address);
        let (epoch, mask) = (wanted.epoch(), wanted.mask());
        let new = NewAccess { clock: thread.clock(), epoch, kind: kind(WRITES), mask, site };
        shortcut::move_on_before(address, seen, other, &new)
    });
    if is_done { end_at_rest::<WRITES>(address, pc, wanted) } else { join::<WRITES>(address, pc, seen, wanted) }
}

/// The running thread, of which nothing has to be known to others while it looks, if it is at the place in the program that
/// the newest entry is from.
#[inline(always)]
fn thread_at_site<'a, const WRITES: bool>(address: usize, pc: Pc) -> Option<&'a Thread> {
    if trace::is_on() {
        return None;
    }
    let is_there =
        |thread: &&Thread| !thread.is_ignoring(kind(WRITES)) && thread.is_site(shortcut::newest_site_of(address), pc);
    current::at_rest().filter(is_there)
}

/// The entry has moved on to what was the present step at the beginning. The handler of a signal may have stepped on since,
/// or somebody asked the thread to: then the access has to be recorded once more.
#[inline(always)]
fn end_at_rest<const WRITES: bool>(address: usize, pc: Pc, wanted: Word) {
    // SAFETY: the hot part is the running thread's own or a placeholder, which no word is like.
    if unsafe { (*current::hot()).present.get() } != Present::new(wanted.epoch()) {
        long_way::<WRITES>(address, pc, wanted.mask());
    }
}

/// Where nobody has accessed the granule.
#[inline(never)]
fn begin<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    if !join_briefly::<WRITES>(address, pc, mask, How::First) {
        long_way::<WRITES>(address, pc, mask);
    }
}

/// Where the granule has several entries, of which neither the newest nor the second makes the access pointless.
#[inline(never)]
pub extern "C" fn beyond_second<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word, other: Word) {
    match shortcut::ask_all(address, seen, other, wanted) {
        Answer::Repeated => {}
        _ if !map::is_covered(address) || wanted.is_of_no_step() => long_way::<WRITES>(address, pc, wanted.mask()),
        Answer::NewToTwo if seen.access().is_same_before(wanted) => {
            again_before::<WRITES>(address, pc, seen, wanted, other);
        }
        Answer::NewToTwo | Answer::NewToMany => join::<WRITES>(address, pc, seen, wanted),
        Answer::Open => beyond_told::<WRITES>(address, pc, seen, wanted),
    }
}

/// Where nothing tells that the access is pointless, but all entries together may say so.
#[inline(never)]
fn beyond_told<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word) {
    // SAFETY: as for `end_at_rest`.
    let present = unsafe { (*current::hot()).present.get() };
    let mask = wanted.mask();
    // Who is asked to step on has no entries of its present step yet.
    if !present.is_plain() || !granule::is_repeated(address, present.epoch(), kind(WRITES), mask) {
        return join::<WRITES>(address, pc, seen, wanted);
    }
    if let Some(brief) = enter_briefly::<WRITES>() {
        answer::remember(address, brief.thread.clock(), brief.epoch, mask, WRITES);
        brief.leave(true);
    }
}

/// Where no entry of the granule makes the access pointless.
#[inline(never)]
fn join<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word) {
    if !join_briefly::<WRITES>(address, pc, wanted.mask(), How::Beside(seen)) {
        long_way::<WRITES>(address, pc, wanted.mask());
    }
}

/// What an access finds in a granule.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// Nothing.
    First,
    /// Entries, of which this was the newest.
    Beside(Word),
}

/// Joins without a call. False, with nothing changed, where more is needed.
#[inline(always)]
fn join_briefly<const WRITES: bool>(address: usize, pc: Pc, mask: Mask, how: How) -> bool {
    let Some(brief) = enter_briefly::<WRITES>() else { return false };
    let is_done = match brief.thread.site_at_hand(pc) {
        Some(site) => join_as::<WRITES>(brief.thread, brief.epoch, address, mask, site, how),
        None => false,
    };
    brief.leave(is_done);
    is_done
}

#[inline(always)]
pub(super) fn join_as<const WRITES: bool>(
    thread: &Thread,
    epoch: Epoch,
    address: usize,
    mask: Mask,
    site: NodeId,
    how: How,
) -> bool {
    let new = NewAccess { clock: thread.clock(), epoch, kind: kind(WRITES), mask, site };
    match how {
        How::First => shortcut::join_none(address, &new, &thread.blocks),
        How::Beside(seen) => shortcut::join(address, seen, &new),
    }
}

/// The running thread for work that calls nothing, if that is all there is to do for such an access.
#[inline(always)]
pub(super) fn enter_briefly<'a, const WRITES: bool>() -> Option<Brief<'a>> {
    if trace::is_on() {
        return None;
    }
    let brief = current::enter_briefly()?;
    if brief.thread.is_ignoring(kind(WRITES)) {
        brief.leave(false);
        return None;
    }
    Some(brief)
}

#[cold]
#[inline(never)]
fn long_way<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    slow(address, mask.0.count_ones() as usize, kind(WRITES), pc);
}
