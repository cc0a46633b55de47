//! `perturb=full`: threads that are unlike each other.
//!
//! A schedule hides a race when one thread's access and what it then releases come before what another thread acquires
//! before its own access. If the first one holds back in between and the second one does not, the race shows. So each
//! thread has a temper: some hurry, some wait long before nearly every step by which they synchronise, and some wait a
//! little. Which has which follows from the seed and the threads' numbers: with five seeds of eight two halves of the
//! threads differ, neighbours above all, with one it is drawn for each, and with two all do what they do with `perturb=on`,
//! which shows some races nearly always.
//!
//! Bounds: a place (a call stack) is passed the more quickly the more often it was looked at, a thread that has
//! synchronised [`MANY`] times is looked at now and then only, and all pauses are within the process's
//! [budget](super::budget). With some seeds pauses are rare, so that it lasts for what comes late in the program.

use std::time::Duration;

use super::{SITES, is_even, mix};
use crate::report::model::Pc;
use crate::sys::atomic::AtomicU32;
use crate::sys::atomic::Ordering::Relaxed;
use crate::thread::context::NodeId;
use crate::thread::{Thread, ThreadId};

/// So often a thread synchronises before only one step in [`SPARSE`] is looked at.
const MANY: u32 = 64;
const SPARSE: u64 = 8;
/// Half as likely to pause, then a third, and so on, after so many looks at a place.
const LOOKS: u32 = 4;

/// A pause is this long at least, and twice that for each step that it is stretched by.
const SHORTEST: Duration = Duration::from_micros(200);
const STEPS: u32 = 6;
/// No pause is as long.
#[cfg(test)]
pub(super) const LONGEST: Duration = Duration::from_micros(200 << STEPS);

static LOOKED_AT: [AtomicU32; SITES] = [const { AtomicU32::new(0) }; SITES];

// What tells the numbers that are drawn for one purpose from those for another.
const TEMPER: u64 = 0x7465_6d70_6572;
const RARITY: u64 = 0x7261_7269_7479;

/// How a thread behaves where it synchronises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temper {
    /// It does not pause.
    Hasty,
    /// It pauses nearly everywhere, for long.
    Patient,
    /// It pauses at every other step, shortly.
    Restless,
    /// It pauses before it drops a reference count, as all threads do with `perturb=on`.
    Lingering,
}

impl Temper {
    pub(super) fn of(seed: u64, thread: ThreadId) -> Temper {
        let number = u64::from(thread.0);
        let is_patient = match seed % 8 {
            _ if is_even(seed) => return Temper::Lingering,
            1 | 5 => number & 1 == 0,
            2 | 6 => number & 1 == 1,
            3 => (number >> 1 ^ seed >> 3) & 1 == 0,
            _ => match mix(mix(seed ^ TEMPER).wrapping_add(number)) % 8 {
                0 | 1 => return Temper::Restless,
                drawn => drawn & 1 == 0,
            },
        };
        if is_patient { Temper::Patient } else { Temper::Hasty }
    }

    /// In 256 steps at new places so many pauses, and by how many steps they are stretched at most.
    fn habit(self) -> Option<(u32, u32)> {
        match self {
            Temper::Hasty | Temper::Lingering => None,
            Temper::Patient => Some((224, STEPS)),
            Temper::Restless => Some((128, 2)),
        }
    }
}

/// By what pauses are rarer with this seed.
fn rarity(seed: u64) -> u32 {
    match mix(seed ^ RARITY) % 8 {
        0 => 8,
        _ => 1,
    }
}

/// A length between [`SHORTEST`] and twice that for each step: each doubling is as likely as the others.
pub(super) fn stretched(drawn: u64, steps: u32) -> Duration {
    let least = SHORTEST * (1 << (drawn % u64::from(steps)));
    let more = (drawn >> 8) % least.as_nanos() as u64;
    least + Duration::from_nanos(more)
}

/// How long `thread` pauses before it synchronises, in a call that returns to `pc`.
pub(super) fn choose(thread: &mut Thread, pc: Pc, seed: u64) -> Option<Duration> {
    let count = thread.synchronisations;
    thread.synchronisations = count.saturating_add(1);
    let (chance, steps) = Temper::of(seed, thread.id()).habit()?;
    let drawn = mix(mix(seed ^ (u64::from(thread.id().0) << 32)).wrapping_add(u64::from(count)));
    if count >= MANY && !(drawn >> 40).is_multiple_of(SPARSE) {
        return None;
    }
    let NodeId(site) = thread.site(pc);
    let looks = LOOKED_AT[mix(u64::from(site)) as usize % SITES].fetch_add(1, Relaxed);
    let chance = chance / rarity(seed) / (1 + looks / LOOKS).min(256);
    ((drawn >> 48) as u32 % 256 < chance).then(|| stretched(drawn, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_have_their_bounds() {
        for drawn in (0..10_000_u64).map(mix) {
            for steps in [2, 4, STEPS] {
                let length = stretched(drawn, steps);
                assert!((SHORTEST..SHORTEST * (1 << steps)).contains(&length), "{length:?}");
                assert!(length < LONGEST);
            }
        }
    }

    /// Of two threads the one waits where the other does not, for enough of the seeds that are tried first.
    #[test]
    fn seeds_make_threads_unlike() {
        let unlike = |one, other| {
            let tempers = |seed| [one, other].map(|id| Temper::of(seed, ThreadId(id)));
            (1..=20).filter(|seed| tempers(*seed) == [Temper::Patient, Temper::Hasty]).count()
        };
        for one in 0..6 {
            let neighbour = (unlike(one, one + 1), unlike(one + 1, one));
            assert!(neighbour.0 >= 5 && neighbour.1 >= 5, "{one}: {neighbour:?}");
            let next = (unlike(one, one + 2), unlike(one + 2, one));
            assert!(next.0 >= 1 && next.1 >= 1, "{one}: {next:?}");
        }
    }
}
