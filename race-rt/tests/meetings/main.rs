//! Random programs whose lanes are in the engine at the same time, judged by the oracle of `tests/oracle`.
//!
//! A program ([`program`]) is drawn at random, its lanes run at once and write down in which order they met ([`stage`]), and
//! the racy bytes of that execution must be what the engine showed. Lanes are threads here; with the feature `model`
//! they are those of a scheduler that chooses who goes on before each of the engine's atomic operations ([`schedules`]),
//! and the engine's structures are also tried one by one ([`structures`]).
//!
//! `RACE_MEETINGS_SEED` repeats a run's programs; `RACE_MEETINGS_SECONDS` sets how long the threads of [`stress`] meet,
//! `RACE_MEETINGS_PROGRAMS` how many times as many programs are drawn for the scheduler.
//!
//! Can miss: an order that did not come up.

// What other tests use of these.
#[allow(dead_code)]
#[path = "../oracle/contracts.rs"]
mod contracts;
#[allow(dead_code)]
#[path = "../oracle/execution.rs"]
mod execution;
#[allow(dead_code)]
#[path = "../oracle/objects.rs"]
mod objects;
#[allow(dead_code)]
#[path = "../oracle/oracle.rs"]
mod oracle;
mod program;
#[path = "../oracle/random.rs"]
mod random;
#[cfg(feature = "model")]
mod schedules;
mod stage;
mod stress;
#[cfg(feature = "model")]
mod structures;
#[allow(dead_code)]
#[path = "../oracle/uses.rs"]
mod uses;
#[path = "../oracle/way_in.rs"]
mod way_in;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A number that the environment gives.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}: give it a number")))
}

/// The seed of this run, printed.
fn seed() -> u64 {
    let seed = number("RACE_MEETINGS_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    println!("RACE_MEETINGS_SEED={seed}");
    seed
}

/// Held while a test's lanes are at work. The scheduler's lanes would wait in vain for a lock of the engine's that another
/// test's lane holds.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
