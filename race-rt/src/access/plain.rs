//! Plain loads and stores within one granule, which nearly all accesses are: from the question of the hot path to the long way.
//!
//! ```text
//! read, write       the newest entry says as much: done
//! beyond_newest     one entry
//!   again             the thread's own, for the same access from the same place in an earlier step: it moves on
//!   again_from_elsewhere  from another place: the access takes its place
//!   join_newest       nothing is to be remembered of it: the access takes its place
//! begin             none
//! beyond_first      several: the second says as much: done
//! beyond_second     more: all together say as much: done
//! join              the access takes its place beside the others
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
use crate::shadow::granule::{self, Entry, NewAccess};
use crate::shadow::map::{self, GRANULE};
use crate::shadow::shortcut::{self, Answer};
use crate::shadow::{Mask, Word};
use crate::sys::atomic::AtomicU64;
use crate::sys::atomic::Ordering::Relaxed;
use crate::thread::context::NodeId;
use crate::thread::current::Brief;
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
    if word.is_listed() {
        return beyond_first::<false>(address, pc, Mask::new(address, size), word);
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
    if word.is_listed() {
        return beyond_first::<true>(address, pc, Mask::new(address, size), word);
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

pub(super) const fn kind(writes: bool) -> AccessKind {
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
        return beyond_first::<WRITES>(address, pc, mask, seen);
    }
    if seen == Word::EMPTY {
        return begin::<WRITES>(address, pc, mask);
    }
    // SAFETY: the hot part is the running thread's own or a placeholder, whose epoch nothing has.
    let epoch = unsafe { (*current::hot()).epoch.load(Relaxed) };
    // Who is asked to step on has a flag in there which no open granule has.
    let wanted = Word::from_bits(Word::new(Epoch::NONE, kind(WRITES), mask).bits() | epoch);
    if seen.is_same_before(wanted) {
        return again::<WRITES>(address, pc, seen, wanted);
    }
    join_newest::<WRITES>(address, pc, mask, seen);
}

/// Where the only entry is the thread's own, for the same access in an earlier step.
#[inline(never)]
fn again<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word) {
    if !move_on::<WRITES>(address, pc, seen, wanted) {
        again_from_elsewhere::<WRITES>(address, pc, seen, wanted);
    }
}

/// Likewise, from another place in the program.
#[inline(never)]
fn again_from_elsewhere<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word) {
    let is_done = enter_briefly::<WRITES>().is_some_and(|brief| {
        let is_present = brief.epoch == wanted.epoch();
        let site = brief.thread.site_at_hand(pc).filter(|_| is_present);
        let is_done = site.is_some_and(|site| shortcut::replace(address, seen, Entry { word: wanted, site }));
        brief.leave(is_done);
        is_done
    });
    if !is_done {
        join::<WRITES>(address, pc, wanted.mask());
    }
}

/// Moves it on to the present step, without the lock, if it is from the same place in the program. False, with nothing changed,
/// when it is not.
#[inline(always)]
fn move_on<const WRITES: bool>(address: usize, pc: Pc, seen: Word, wanted: Word) -> bool {
    if trace::is_on() {
        return false;
    }
    let Some(thread) = current::at_rest() else { return false };
    !thread.is_ignoring(kind(WRITES))
        && thread.is_site(shortcut::newest_site_of(address), pc)
        && shortcut::move_on(address, seen, wanted)
}

/// Where the only entry was this.
#[inline(never)]
fn join_newest<const WRITES: bool>(address: usize, pc: Pc, mask: Mask, seen: Word) {
    if !(mask.covers(seen.mask()) && seen.is_subsumed_by(kind(WRITES))) {
        return join::<WRITES>(address, pc, mask);
    }
    if !join_briefly::<WRITES>(address, pc, mask, How::Alone(seen)) {
        join::<WRITES>(address, pc, mask);
    }
}

/// Where nobody has accessed the granule.
#[inline(never)]
fn begin<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    if !join_briefly::<WRITES>(address, pc, mask, How::First) {
        long_way::<WRITES>(address, pc, mask);
    }
}

/// Where the granule has several entries, of which this is `seen` to be the newest.
#[inline(never)]
fn beyond_first<const WRITES: bool>(address: usize, pc: Pc, mask: Mask, seen: Word) {
    // SAFETY: the hot part is the running thread's own or a placeholder, whose epoch nothing has.
    let epoch = unsafe { (*current::hot()).epoch.load(Relaxed) };
    // Nobody has an epoch with a request to step on in it.
    match shortcut::ask_second(address, seen, epoch, mask, WRITES) {
        Answer::Repeated => {}
        _ if !map::is_covered(address) => long_way::<WRITES>(address, pc, mask),
        Answer::New => join::<WRITES>(address, pc, mask),
        Answer::Open => beyond_second::<WRITES>(address, pc, mask),
    }
}

/// Where none of the first two entries alone makes the access pointless, but all entries together may.
#[inline(never)]
fn beyond_second<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    // SAFETY: as for `beyond_first`.
    let epoch = unsafe { (*current::hot()).epoch.load(Relaxed) };
    // Who is asked to step on has no entries of its present step yet.
    if epoch & Hot::STEP != 0 || !granule::is_repeated(address, Epoch::from_bits(epoch), kind(WRITES), mask) {
        return join::<WRITES>(address, pc, mask);
    }
    if let Some(brief) = enter_briefly::<WRITES>() {
        answer::remember(address, brief.thread.clock(), brief.epoch, mask, WRITES);
        brief.leave(true);
    }
}

/// Where no entry of the granule makes the access pointless.
#[inline(never)]
fn join<const WRITES: bool>(address: usize, pc: Pc, mask: Mask) {
    if !join_briefly::<WRITES>(address, pc, mask, How::Beside) {
        long_way::<WRITES>(address, pc, mask);
    }
}

/// What an access finds in a granule.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// Nothing.
    First,
    /// One entry, which was this.
    Alone(Word),
    /// Whatever it may be.
    Beside,
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
        How::Alone(seen) => shortcut::join_single(address, seen, &new),
        How::Beside => shortcut::join(address, &new),
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
