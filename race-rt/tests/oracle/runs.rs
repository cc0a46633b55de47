//! Many random executions, each played and judged, until one shows a difference.
//!
//! Two variables of the environment say how many and from which seed, which is otherwise fresh and printed.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::compare::{Counts, compare};
use crate::engine::Arena;
use crate::execution::Execution;
use crate::random::Random;
use crate::shrink;

/// The number that a variable of the environment holds, if it is set.
pub fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}: give it a number")))
}

/// A seed that no run had before.
pub fn fresh_seed() -> u64 {
    RandomState::new().hash_one(0)
}

/// Plays executions that `draw` makes: as many as the variable `<name>_RUNS` says, else `runs`, from the seed `<name>_SEED`.
/// Of the parts of one that shows a difference, only such are tried that `may_play` says can be played.
///
/// # Panics
/// When engine and oracle differ, with a small execution that shows it.
pub fn play(
    name: &str,
    runs: u64,
    arena: &mut Arena,
    draw: impl Fn(&mut Random) -> Execution,
    may_play: impl Fn(&Execution) -> bool,
) {
    let seed = number(&format!("{name}_SEED")).unwrap_or_else(fresh_seed);
    let runs = number(&format!("{name}_RUNS")).unwrap_or(runs);
    println!("{name}_SEED={seed} {name}_RUNS={runs}");
    let mut total = Counts::default();
    let mut silent = 0;
    for run in 0..runs {
        // Each run has a seed of its own, so that one can be played alone.
        let own = Random::new(seed.wrapping_add(run)).next();
        let execution = draw(&mut Random::new(own));
        match compare(arena, &execution) {
            Ok(counts) => {
                total.shown += counts.shown;
                total.racy += counts.racy;
                silent += u64::from(counts.racy == 0);
            }
            Err(first) => {
                let small = shrink::shrink(&execution, |smaller| may_play(smaller) && compare(arena, smaller).is_err());
                let difference = compare(arena, &small).err().unwrap_or(first);
                panic!(
                    "engine and oracle differ: {difference}\n\
                     run it alone: {name}_SEED={} {name}_RUNS=1; regression test:\n\
                     #[test]\nfn name_it() {{\n    agree({small});\n}}",
                    seed.wrapping_add(run)
                );
            }
        }
    }
    println!(
        "{runs} executions, {silent} without a race, {} racy runs of bytes, {} races shown",
        total.racy, total.shown
    );
    // Neither all silent nor all racy: otherwise the comparison would mean little.
    assert!(
        runs < 100 || (silent > runs / 50 && silent < runs / 50 * 49),
        "{silent} of {runs} executions have no race"
    );
}
