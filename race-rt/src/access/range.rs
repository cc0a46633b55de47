//! Accesses of any size at any address, granule by granule.
//!
//! ```text
//! range             all granules say as much: done
//! range_from_new    from the first on that does not: each joins, by itself, as a plain access does (see super::plain)
//! slow              from the first on that cannot
//! ```

use super::plain::{self, How};
use super::{AccessKind, slow};
use crate::report::model::Pc;
use crate::shadow::granule::{self, NewAccess};
use crate::shadow::map::{self, GRANULE};
use crate::shadow::run;
use crate::shadow::shortcut;
use crate::shadow::{Mask, Word};
use crate::thread::current;

/// An access of any size at any address: granules that were accessed as strongly in the same epoch are passed over.
#[inline(always)]
pub fn range(address: usize, size: usize, kind: AccessKind, pc: Pc) {
    // SAFETY: the hot part is the running thread's own or a placeholder, which no word is like.
    let present = unsafe { (*current::hot()).present.get() };
    if present.is_solo() || size == 0 {
        return;
    }
    match kind {
        AccessKind::Read if run::repeats_plainly(address, size, present, false) => {}
        AccessKind::Write if run::repeats_plainly(address, size, present, true) => {}
        AccessKind::Read => range_from_new::<false>(address, size, pc),
        AccessKind::Write => range_from_new::<true>(address, size, pc),
        _ => slow(address, size, kind, pc),
    }
}

#[inline(never)]
fn range_from_new<const WRITES: bool>(address: usize, size: usize, pc: Pc) {
    // SAFETY: as for `range`.
    let present = unsafe { (*current::hot()).present.get() };
    let kind = plain::kind(WRITES);
    let Some(end) = address.checked_add(size) else { return slow(address, size, kind, pc) };
    let Some(mut from) = run::first_new(address, end, present, WRITES) else { return };
    // Of what a program cannot access the long way takes less.
    if map::is_short(size) && map::is_covered_range(from, end) {
        while from < end {
            let Some(left) = join_run::<WRITES>(from, end, pc) else { break };
            from = ((left | (GRANULE - 1)) + 1).min(end);
            if left < end {
                slow(left, from - left, kind, pc);
            }
        }
    }
    if from < end {
        slow(from, end - from, kind, pc);
    }
}

/// Joins the granules of the bytes from `from` on and before `end`, which are covered, up to the first that is left to the long
/// way: where that begins. `None` when all of them are.
fn join_run<const WRITES: bool>(from: usize, end: usize, pc: Pc) -> Option<usize> {
    let brief = plain::enter_briefly::<WRITES>()?;
    let epoch = brief.epoch;
    let mut at = from;
    if let Some(site) = brief.thread.site_at_hand(pc) {
        let last_whole = end & !(GRANULE - 1);
        while at < end {
            // What is written and read as a whole has the same entry all over.
            if at.is_multiple_of(GRANULE) {
                let (clock, kind) = (brief.thread.clock(), plain::kind(WRITES));
                let new = NewAccess { clock, epoch, kind, mask: Mask::ALL, site };
                let alike = shortcut::join_alike(at, last_whole, &new);
                if alike > at {
                    at = alike;
                    continue;
                }
            }
            let next = ((at | (GRANULE - 1)) + 1).min(end);
            let mask = Mask::new(at, next - at);
            let seen = shortcut::newest_of(at);
            let how = if seen == Word::EMPTY { How::First } else { How::Beside(seen) };
            let is_done = granule::is_repeated(at, epoch, plain::kind(WRITES), mask)
                || plain::join_as::<WRITES>(brief.thread, epoch, at, mask, site, how);
            if !is_done {
                break;
            }
            at = next;
        }
    }
    brief.leave(at == end);
    Some(at)
}
