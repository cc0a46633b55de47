//! Pauses that keep the schedule from hiding races.
//!
//! A thread with a short body often ends before the next one starts, and then reference counts of std (thread handle,
//! result packet) order the two: in that execution there is no race to see. So a spawned thread lingers before it drops
//! a reference count (a decrement by one with release ordering), and a thread that has just spawned another pauses so
//! that the child gets to work. The creator does not linger at the counts that it drops right after that, the child's
//! handle among them: who drops one last learns of the other, and that is to be the child. Nobody lingers while all others
//! wait for another thread. Only the schedule changes, never what counts as a race.
//!
//! Bounds: per call stack the first [`ALWAYS`] times, then at powers of four; and for the whole process a [`budget`].
//! Seeded: the seed varies how long each place pauses, and in three of four seeds how many reference counts each thread
//! lingers at.
//!
//! Nor does a thread whose wait has just ended because its time was up: tests of timeouts look at the clock then.
//!
//! `perturb=full` goes further, see [`temper`]. What is different around the creation of a thread is a [`Shift`].

mod budget;
mod pause;
mod shift;
mod temper;

use std::time::Duration;

use once_cell::sync::OnceCell;

use crate::options::{Options, Perturb};
use crate::report::model::{Pc, Schedule};
use crate::start::options;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicBool, AtomicU32};
use crate::thread::context::NodeId;
use crate::thread::{Thread, ThreadId, current, registry};

pub use budget::spent;
pub use shift::Shift;
use temper::Temper;

/// How often a call stack pauses each time it is passed.
const ALWAYS: u32 = 4;
/// So many reference counts a thread drops before most are passed over without a look at their place.
const MANY: u32 = 256;
/// So many reference counts a thread drops without a pause after it has spawned another.
const AFTER_A_SPAWN: u32 = 8;
/// So many after the time of a wait was up.
const AFTER_A_TIMEOUT: u32 = 16;
const SITES: usize = 4096;

static PASSED: [AtomicU32; SITES] = [const { AtomicU32::new(0) }; SITES];
/// Whether `perturb=full` holds, for those who must be quick.
static FULL: AtomicBool = AtomicBool::new(false);

/// Seeds with any of these bits let threads differ in their patience. Which seed is drawn has none: even threads show the
/// most races, but one that lingers at every reference count on its way may let another end that it should have met. Not so
/// with `perturb=full`.
const UNEVEN: u64 = 3;

fn is_even(seed: u64) -> bool {
    seed & UNEVEN == 0
}

/// How many reference counts a thread of number `id` lingers at, with its first, which it passes over.
fn patience(id: ThreadId) -> u32 {
    const DRAWN: [u32; 6] = [1, 2, 3, 5, 9, u32::MAX];
    if is_even(seed()) {
        return u32::MAX;
    }
    DRAWN[mix(u64::from(id.0) ^ seed().rotate_left(17)) as usize % DRAWN.len()]
}

/// These settings hold from now on.
pub(crate) fn set_up(options: &Options) {
    FULL.store(options.perturb == Perturb::Full, Relaxed);
}

/// The seed of this process: the option's, or one drawn at the start.
pub fn seed() -> u64 {
    static SEED: OnceCell<u64> = OnceCell::new();
    *SEED.get_or_init(|| {
        options().seed.unwrap_or_else(|| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let drawn = mix(now.as_nanos() as u64 ^ u64::from(std::process::id())) >> 32;
            if options().perturb == Perturb::Full { drawn } else { drawn & !UNEVEN }
        })
    })
}

/// What the pauses of this process are drawn from.
pub fn schedule() -> Schedule {
    Schedule { perturb: options().perturb, seed: seed() }
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
#[inline]
pub fn before_reference_drop(pc: Pc) {
    if !current::at_rest().is_some_and(Thread::passes_over_reference_drop) {
        look_at_reference_drop(pc);
    }
}

impl Thread {
    /// Counts a dropped reference count if it is one of those that are passed over without a look at their place.
    #[inline]
    fn passes_over_reference_drop(&self) -> bool {
        let count = self.reference_drops.load(Relaxed).saturating_add(1);
        let passes = count > MANY && !count.is_power_of_two() && self.reference_drops_spared == 0;
        if passes {
            self.reference_drops.store(count, Relaxed);
        }
        passes
    }
}

#[inline(never)]
fn look_at_reference_drop(pc: Pc) {
    let Some(mut thread) = current::enter() else { return };
    if thread.id() == ThreadId::MAIN || thread.is_solo() || thread.is_hidden() {
        return;
    }
    // The first is std's own, before it calls the thread's body: a delay there would only hold back the start, which the
    // pause of the parent is there to let happen. A thread that drops many is past what pauses are for.
    let count = thread.reference_drops.load(Relaxed).saturating_add(1);
    thread.reference_drops.store(count, Relaxed);
    if thread.reference_drops_spared > 0 {
        thread.reference_drops_spared -= 1;
        return;
    }
    if count == 1 || (count > MANY && !count.is_power_of_two()) || count > patience(thread.id()) {
        return;
    }
    if is_full() && Temper::of(seed(), thread.id()) != Temper::Lingering {
        return;
    }
    let pause = choose(&mut thread, pc, LINGER);
    drop(thread);
    if let Some(pause) = pause {
        // What others waited for a processor is not counted.
        budget::settle(pause, pause::linger(pause).min(pause));
    }
}

/// The running thread has just spawned another, which is shifted or not, in a call that returns to `pc`.
pub fn after_spawn(shift: Option<Shift>, pc: Pc) {
    let Some(mut thread) = current::enter() else { return };
    thread.reference_drops_spared = AFTER_A_SPAWN;
    if let Some(shift) = shift {
        drop(thread);
        return shift.after_spawn();
    }
    let pause = choose(&mut thread, pc, AFTER_SPAWN);
    drop(thread);
    pause.into_iter().for_each(pause::pause);
}

/// A wait of the running thread has ended because its time was up.
#[cold]
pub fn time_was_up() {
    // Of whom the engine has not met it would learn by this, and wait for at the end.
    if current::is_known()
        && let Some(mut thread) = current::enter()
    {
        thread.reference_drops_spared = AFTER_A_TIMEOUT;
    }
}

/// Whether threads also pause where they synchronise otherwise.
#[inline]
pub fn is_full() -> bool {
    FULL.load(Relaxed)
}

/// The running thread is about to synchronise with others, in a call that returns to `pc`.
#[inline]
pub fn before_synchronisation(pc: Pc) {
    if is_full() {
        before_synchronisation_in_full(pc);
    }
}

#[cold]
#[inline(never)]
fn before_synchronisation_in_full(pc: Pc) {
    let Some(mut thread) = current::enter() else { return };
    if registry::live_hint() < 2 || thread.is_hidden() || thread.is_ignoring_synchronisation() {
        return;
    }
    let pause = temper::choose(&mut thread, pc, seed());
    drop(thread);
    let Some(pause) = pause.filter(|pause| budget::spend(*pause, Perturb::Full)) else { return };
    // A look at the others takes its time, too.
    if pause < LINGER.0 {
        pause::pause(pause);
    } else {
        budget::settle(pause, pause::linger(pause));
    }
}

fn choose(thread: &mut Thread, pc: Pc, (shortest, longest): Bounds) -> Option<Duration> {
    let perturb = options().perturb;
    if perturb == Perturb::Off {
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
    budget::spend(pause, perturb).then_some(pause)
}

fn is_power_of_four(count: u32) -> bool {
    count.is_power_of_two() && count.trailing_zeros().is_multiple_of(2)
}
