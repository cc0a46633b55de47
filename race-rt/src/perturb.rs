//! Pauses that keep the schedule from hiding races.
//!
//! A thread with a short body often ends before the next one starts, and then reference counts of std (thread handle,
//! result packet) order the two: in that execution there is no race to see. So a spawned thread lingers before it drops
//! a reference count (a decrement by one with release ordering), and a thread that has just spawned another pauses so
//! that the child gets to work. Only the schedule changes, never what counts as a race.
//!
//! Bounds: per call stack the first [`ALWAYS`] times, then at powers of four; and for the whole process [`GRACE`] plus a
//! twentieth of the time it has run. Seeded: the seed varies how long each place pauses, and in three of four seeds how
//! many reference counts each thread lingers at.
//!
//! A test that is run again gets another schedule: from its second run on, each of the first [`SHIFTED`] threads that it
//! creates begins late or not, and its creator pauses or not, as drawn from the seed, the run and the thread's number.

use std::time::Duration;

use once_cell::sync::OnceCell;

use crate::options::Perturb;
use crate::report::attribution::{self, Trial};
use crate::report::model::Pc;
use crate::start::options;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicU32, AtomicU64};
use crate::sys::errno;
use crate::sys::tasks::OtherTasks;
use crate::thread::context::NodeId;
use crate::thread::{Thread, ThreadId, current, registry};

/// How often a call stack pauses each time it is passed.
const ALWAYS: u32 = 4;
/// So many reference counts a thread drops before most are passed over without a look at their place.
const MANY: u32 = 256;
/// What a process may spend on pauses however short it runs.
const GRACE: Duration = Duration::from_millis(80);
const SITES: usize = 4096;

static PASSED: [AtomicU32; SITES] = [const { AtomicU32::new(0) }; SITES];
static SPENT: AtomicU64 = AtomicU64::new(0);
static START: OnceCell<std::time::Instant> = OnceCell::new();

/// Seeds with any of these bits let threads differ in their patience. Which seed is drawn has none: even threads show the
/// most races, but one that lingers at every reference count on its way may let another end that it should have met.
const UNEVEN: u64 = 3;

/// How many reference counts a thread of number `id` lingers at, with its first, which it passes over.
fn patience(id: ThreadId) -> u32 {
    const DRAWN: [u32; 6] = [1, 2, 3, 5, 9, u32::MAX];
    if seed() & UNEVEN == 0 {
        return u32::MAX;
    }
    DRAWN[mix(u64::from(id.0) ^ seed().rotate_left(17)) as usize % DRAWN.len()]
}

/// The seed of this process: the option's, or one drawn at the start.
pub fn seed() -> u64 {
    static SEED: OnceCell<u64> = OnceCell::new();
    *SEED.get_or_init(|| {
        options().seed.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            (mix(now.as_nanos() as u64 ^ u64::from(std::process::id())) >> 32) & !UNEVEN
        })
    })
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let value = (value ^ (value >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    value ^ (value >> 33)
}

/// The bounds of a pause.
type Bounds = (Duration, Duration);

const LINGER: Bounds = (Duration::from_micros(1800), Duration::from_micros(2400));
const AFTER_SPAWN: Bounds = (Duration::from_micros(100), Duration::from_micros(400));

/// A spawned thread is about to drop a reference count, in a call that returns to `pc`.
pub fn before_reference_drop(pc: Pc) {
    let Some(mut thread) = current::enter() else { return };
    if thread.id() == ThreadId::MAIN || thread.is_solo() || thread.is_hidden() {
        return;
    }
    thread.reference_drops = thread.reference_drops.saturating_add(1);
    // The first is std's own, before it calls the thread's body: a delay there would only hold back the start, which the
    // pause of the parent is there to let happen. A thread that drops many is past what pauses are for.
    let count = thread.reference_drops;
    if count == 1 || (count > MANY && !count.is_power_of_two()) || count > patience(thread.id()) {
        return;
    }
    let pause = choose(&mut thread, pc, LINGER);
    drop(thread);
    let Some(pause) = pause else { return };
    errno::keep(|| {
        // On a busy machine the others may not have run at all by the end of the pause, which was there for them.
        let others = unseen(OtherTasks::now);
        sleep(pause);
        for _ in 0..LONGEST_WAIT {
            if !unseen(|| others.any_starved()) {
                break;
            }
            sleep(Duration::from_millis(1));
        }
    });
}

/// Milliseconds by which a linger grows at most for threads that wait for a processor.
const LONGEST_WAIT: u32 = 20;

/// The running thread has just spawned another, in a call that returns to `pc`.
pub fn after_spawn(pc: Pc) {
    let Some(mut thread) = current::enter() else { return };
    let pause = choose(&mut thread, pc, AFTER_SPAWN);
    drop(thread);
    if let Some(pause) = pause {
        errno::keep(|| sleep(pause));
    }
}

/// Threads created in one run of a test that begin at another time than in the others.
const SHIFTED: u64 = 32;
/// By how much at most.
const FARTHEST: Duration = Duration::from_micros(1500);

/// How a repeated test differs from its other runs around the creation of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// How late the new thread begins.
    child: Option<Duration>,
    /// How long its creator pauses then.
    creator: Option<Duration>,
}

impl Shift {
    /// That of the thread that `creator` is about to create, which makes a difference for the second run of a test and
    /// later ones.
    pub fn of_next(creator: ThreadId) -> Option<Shift> {
        if !attribution::is_in_use() || options().perturb == Perturb::Off {
            return None;
        }
        let trial = registry::trial_of(creator).filter(|trial| trial.run > 1)?;
        Some(Shift::draw(seed(), trial, trial.next_thread()))
    }

    fn draw(seed: u64, trial: Trial, number: u64) -> Shift {
        if number >= SHIFTED {
            return Shift { child: None, creator: None };
        }
        let drawn = mix(mix(seed ^ u64::from(trial.run)) ^ number);
        let pause = |drawn: u64| {
            let length = Duration::from_nanos((drawn >> 1) % FARTHEST.as_nanos() as u64);
            (drawn & 1 == 0).then_some(length)
        };
        Shift { child: pause(drawn), creator: pause(mix(drawn)) }
    }

    /// The new thread is about to begin.
    pub fn before_begin(self) {
        if let Some(pause) = self.child {
            errno::keep(|| sleep(pause));
        }
    }

    /// The new thread exists; in place of [`after_spawn`].
    pub fn after_spawn(self) {
        if let Some(pause) = self.creator {
            errno::keep(|| sleep(pause));
        }
    }
}

fn choose(thread: &mut Thread, pc: Pc, (shortest, longest): Bounds) -> Option<Duration> {
    if options().perturb == Perturb::Off {
        return None;
    }
    let NodeId(site) = thread.site(pc);
    let passed = PASSED[mix(u64::from(site)) as usize % SITES].fetch_add(1, Relaxed);
    if passed >= ALWAYS && !is_power_of_four(passed) {
        return None;
    }
    // All threads pause equally long at one place: threads that run the same code keep their distance, and the pause
    // before the last decrement, not those on the way, decides who is ahead.
    let range = (longest - shortest).as_nanos() as u64;
    let pause = shortest + Duration::from_nanos(mix(u64::from(site) ^ seed()) % range.max(1));
    let running = START.get_or_init(std::time::Instant::now).elapsed();
    let spent = SPENT.fetch_add(pause.as_nanos() as u64, Relaxed);
    (Duration::from_nanos(spent) < GRACE + running / 20).then_some(pause)
}

fn is_power_of_four(count: u32) -> bool {
    count.is_power_of_two() && count.trailing_zeros().is_multiple_of(2)
}

/// Runs what reads files of the kernel's: the engine's own reading is none of the program's.
fn unseen<R>(look: impl FnOnce() -> R) -> R {
    let _inside = current::enter();
    look()
}

fn sleep(pause: Duration) {
    let request = libc::timespec { tv_sec: 0, tv_nsec: pause.as_nanos() as i64 };
    // SAFETY: the request outlives the call; an interruption only makes the pause shorter.
    unsafe { libc::syscall(libc::SYS_nanosleep, &raw const request, std::ptr::null_mut::<libc::timespec>()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::attribution::TestId;

    fn shifts(seed: u64, run: u32) -> Vec<Shift> {
        let trial = Trial { run, ..TestId::begin("shifted").begin_run(1) };
        (0..SHIFTED + 1).map(|number| Shift::draw(seed, trial, number)).collect()
    }

    #[test]
    fn runs_differ_and_seeds_repeat() {
        assert_eq!(shifts(7, 2), shifts(7, 2));
        assert_ne!(shifts(7, 2), shifts(7, 3));
        assert_ne!(shifts(7, 2), shifts(8, 2));
    }

    #[test]
    fn some_begin_late_and_some_do_not_and_none_later_than_allowed() {
        let shifts = shifts(7, 2);
        let late = shifts.iter().filter_map(|shift| shift.child).collect::<Vec<_>>();
        assert!((8..24).contains(&late.len()), "{late:?}");
        assert!(late.iter().all(|pause| *pause < FARTHEST));
        assert_eq!(shifts.last(), Some(&Shift { child: None, creator: None }));
    }
}
