//! The engine against a brute-force oracle, on random executions.
//!
//! An execution ([`execution`]) is drawn at random ([`generator`]), played to the engine ([`engine`]) and judged by the
//! definition of happens-before ([`oracle`]); the racy bytes must be the same ([`compare`]). A difference is made small
//! ([`shrink`]) and printed as a regression test, which then goes to [`regressions`].
//!
//! `RACE_ORACLE_RUNS` sets how many executions are played, `RACE_ORACLE_SEED` the seed that is otherwise fresh.
//!
//! Can miss: what depends on two threads being in the engine at once (see `stress.rs`), the exhaustion of the slots.

mod compare;
mod engine;
mod execution;
mod generator;
mod oracle;
mod random;
mod regressions;
mod shrink;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use compare::{Counts, compare};
use engine::Arena;
use random::Random;

/// Executions that are played unless the environment says otherwise.
const RUNS: u64 = 20_000;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}: give it a number")))
}

#[test]
fn random_executions_race_where_the_definition_says() {
    let seed = number("RACE_ORACLE_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    let runs = number("RACE_ORACLE_RUNS").unwrap_or(RUNS);
    println!("RACE_ORACLE_SEED={seed} RACE_ORACLE_RUNS={runs}");
    let mut arena = Arena::new();
    let mut total = Counts::default();
    let mut silent = 0;
    for run in 0..runs {
        // Each run has a seed of its own, so that one can be played alone.
        let own = Random::new(seed.wrapping_add(run)).next();
        let execution = generator::execution(&mut Random::new(own));
        match compare(&mut arena, &execution) {
            Ok(counts) => {
                total.shown += counts.shown;
                total.racy += counts.racy;
                silent += u64::from(counts.racy == 0);
            }
            Err(_) => {
                let small = shrink::shrink(&execution, |smaller| compare(&mut arena, smaller).is_err());
                let difference = compare(&mut arena, &small).expect_err("the smaller execution differs too");
                panic!(
                    "engine and oracle differ: {difference}\n\
                     run it alone: RACE_ORACLE_SEED={} RACE_ORACLE_RUNS=1; regression test:\n\
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
