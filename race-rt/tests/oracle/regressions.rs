//! Executions on which the engine once differed from the oracle, made small, and a few that show that the oracle itself
//! knows the rules.

use std::sync::atomic::Ordering::*;

use race_rt::access::AccessKind::*;

use crate::compare::{Counts, compare};
use crate::engine::Arena;
use crate::execution::Operation::*;
use crate::execution::{Execution, Lane, Step, bytes, step};

fn agree(steps: &[Step]) -> Counts {
    let execution = Execution::from_steps(steps);
    assert_eq!(execution.steps().len(), steps.len(), "a step that cannot be");
    match compare(&mut Arena::new(), &execution) {
        Ok(counts) => counts,
        Err(difference) => panic!("{difference}"),
    }
}

fn agree_on_silence(steps: &[Step]) {
    assert_eq!(agree(steps).racy, 0, "the oracle sees a race");
}

fn agree_on_a_race(steps: &[Step]) {
    assert_ne!(agree(steps).racy, 0, "the oracle sees no race");
}

/// A lane writes and publishes by a release store, another acquires and reads.
#[test]
fn a_message_is_ordered() {
    agree_on_silence(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Store(bytes(8, 4), Release)),
        step(1, 3, Load(bytes(8, 4), Acquire)),
        step(1, 4, Access(Read, bytes(0, 4))),
    ]);
}

/// A relaxed store ends the release sequence.
#[test]
fn a_relaxed_store_ends_the_message() {
    agree_on_a_race(&[
        step(0, 0, Spawn(Lane(1))),
        step(0, 1, Access(Write, bytes(0, 4))),
        step(0, 2, Store(bytes(8, 4), Release)),
        step(0, 3, Store(bytes(8, 4), Relaxed)),
        step(1, 4, Load(bytes(8, 4), Acquire)),
        step(1, 5, Access(Read, bytes(0, 4))),
    ]);
}
