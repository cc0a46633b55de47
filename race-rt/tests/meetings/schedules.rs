//! The engine's threads under a scheduler that chooses, before each of the engine's atomic operations and locks, who goes
//! on: at random, or by priorities that change at a few random steps (Burckhardt, Kothari, Musuvathi and Nagarakatte,
//! ASPLOS 2010), which finds each bug that needs few changes with a known probability.
//!
//! All lanes are played by one operating system's thread, so what the engine keeps for that is exchanged whenever another
//! lane goes on.
//!
//! Can miss: what only a processor that reorders memory does.

use std::cell::Cell;
use std::sync::atomic::Ordering::SeqCst;

use race_rt::sys::atomic::{self, Step};
use race_rt::thread::current;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

use crate::program::{Extent, Program};
use crate::random::Random;
use crate::stage::{Crew, meet};

thread_local!(static IS_MODEL: Cell<bool> = const { Cell::new(false) });

fn step(step: Step) {
    if IS_MODEL.get() {
        leave(|| match step {
            // The scheduler's own atomics let others go on before they do anything.
            Step::Operation => _ = shuttle::sync::atomic::AtomicBool::new(false).load(SeqCst),
            Step::Wait => shuttle::thread::yield_now(),
        });
    }
}

/// Does what may let another lane go on.
fn leave(switch: impl FnOnce()) {
    // SAFETY: null is allowed, and what it hands out is put back below, when this lane goes on.
    let own = unsafe { current::exchange(std::ptr::null_mut()) };
    switch();
    // SAFETY: it came from the exchange above.
    unsafe { current::exchange(own) };
}

/// Runs `body` under `scheduler`, again and again.
pub fn explore(scheduler: impl Scheduler + 'static, body: impl Fn() + Send + Sync + 'static) {
    let _alone = crate::alone();
    race_rt::start::ensure();
    atomic::on_step(step);
    let mut config = Config::new();
    config.stack_size = 1 << 20;
    Runner::new(scheduler, config).run(move || {
        IS_MODEL.set(true);
        body();
        IS_MODEL.set(false);
    });
}

const LANES: Crew =
    Crew { start: |lane| leave(|| _ = shuttle::thread::spawn(lane)), pause: || leave(shuttle::thread::yield_now) };

/// Schedules of each program.
const SCHEDULES: usize = 40;

/// Draws programs and plays each under many schedules, half of them of either kind. `RACE_MEETINGS_PROGRAMS` times as many
/// as asked for.
fn explore_programs(programs: usize, extent: &Extent) {
    let programs = programs * crate::number("RACE_MEETINGS_PROGRAMS").map_or(1, |times| times as usize);
    let mut random = Random::new(crate::seed());
    for number in 0..programs {
        let program = Program::draw(&mut random, extent);
        let granules = extent.granules.end - 1;
        let body = move || {
            if let Err(fault) = meet(program.clone(), granules, LANES) {
                panic!("program {number}: {fault}");
            }
        };
        let seed = random.next();
        if number % 2 == 0 {
            explore(RandomScheduler::new_from_seed(seed, SCHEDULES), body);
        } else {
            explore(PctScheduler::new_from_seed(seed, 3, SCHEDULES), body);
        }
    }
}

/// Entries join and leave one granule, and its records pass between granules.
#[test]
fn granules_under_any_schedule() {
    explore_programs(24, &Extent { lanes: 3..5, deeds: 3..9, granules: 1..3 });
}

/// Lanes begin and end while others do, so that slots pass on.
#[test]
fn slots_under_any_schedule() {
    explore_programs(16, &Extent { lanes: 6..11, deeds: 1..4, granules: 1..2 });
}

/// Clocks that grow long before they meet.
#[test]
fn clocks_under_any_schedule() {
    explore_programs(8, &Extent { lanes: 3..4, deeds: 20..30, granules: 1..4 });
}
