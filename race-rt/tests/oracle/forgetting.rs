//! Executions in which regions of memory are forgotten at random moments, as they are beyond the limit on the engine's memory.
//!
//! Nothing false may be found then. A byte that races may be missed only if each of its racing pairs of accesses has a
//! moment between the two at which the byte's region was forgotten; a region that the engine refuses to forget, for the
//! sake of an atomic variable, does not count.

use std::ops::Range;

use race_rt::shadow::region::{Outcome, Region};

use crate::compare::judge;
use crate::engine::Arena;
use crate::execution::ARENA;
use crate::generator;
use crate::oracle::Event;
use crate::random::Random;
use crate::runs;

/// Bytes that were forgotten right before a step.
struct Loss {
    bytes: Range<usize>,
    before: Event,
}

impl Loss {
    fn excuses(&self, byte: usize, (earlier, later): (Event, Event)) -> bool {
        self.bytes.contains(&byte) && earlier < self.before && self.before <= later
    }
}

/// Forgets the region of the byte `at` of `arena`.
fn forget(at: usize, arena: &Range<usize>, before: Event, losses: &mut Vec<Loss>) {
    let region = Region::of(arena.start + at);
    if region.forget() != Outcome::Kept {
        let Range { start, end } = region.range();
        losses.push(Loss { bytes: start.saturating_sub(arena.start)..end - arena.start, before });
    }
}

#[test]
fn what_is_forgotten_hides_races_and_makes_up_none() {
    let seed = runs::number("RACE_ORACLE_SEED").unwrap_or_else(runs::fresh_seed);
    let runs = runs::number("RACE_ORACLE_RUNS").unwrap_or(1500);
    println!("RACE_ORACLE_SEED={seed} RACE_ORACLE_RUNS={runs}");
    let mut arena = Arena::new();
    let (mut forgotten, mut racy, mut missed) = (0, 0, 0);
    for run in 0..runs {
        let mut random = Random::new(Random::new(seed.wrapping_add(run)).next());
        let execution = generator::execution(&mut random);
        let steps = execution.steps();
        // Where something happens there is something to forget.
        let places: Vec<usize> = steps.iter().filter_map(|step| step.operation.place()).map(|place| place.at).collect();
        let mut losses = Vec::new();
        let found = arena.play_with(&execution, |event, arena| {
            if random.once_in(150) {
                (0..ARENA).step_by(Region::SIZE).for_each(|at| forget(at, &arena, event, &mut losses));
            } else if random.once_in(10) && !places.is_empty() {
                forget(random.pick(&places), &arena, event, &mut losses);
            }
        });
        let excused = |byte, pair| losses.iter().any(|loss| loss.excuses(byte, pair));
        match judge(&execution, &found, excused) {
            Ok(counts) => {
                racy += counts.racy;
                missed += counts.missed;
            }
            Err(difference) => panic!(
                "engine and oracle differ: {difference}\nrun it alone: RACE_ORACLE_SEED={} RACE_ORACLE_RUNS=1\n{execution}",
                seed.wrapping_add(run)
            ),
        }
        forgotten += losses.len();
    }
    println!("{forgotten} regions forgotten, {racy} racy runs of bytes, {missed} bytes missed");
    assert!(runs < 100 || (missed > 0 && racy > 0), "nothing is lost by what is forgotten, or all");
}
