//! The wrapper tier's types against a brute-force oracle, on random programs.
//!
//! An execution is drawn at random, by the generator of `race-rt/tests/oracle`, from what these types can do ([`possible`]),
//! and done by real threads of which one runs at a time ([`engine`]): who is next is told by means that the tier does not
//! see. The oracle judges it by the contracts; the racy bytes must be the same, and each pair that is shown one that the
//! oracle calls a race, with its kinds and threads.
//!
//! `RACE_WRAPPER_ORACLE_RUNS` sets how many executions are played, `RACE_WRAPPER_ORACLE_SEED` the seed that is otherwise
//! fresh.
//!
//! Every third lane is a task. Locks and onces are also poisoned, and half of the onces are `OnceLock`s.
//!
//! Can miss: what depends on two threads running at once, wrong places in stacks, operations that the model lacks (maps, pools,
//! timers, scopes, wakes of tasks).
#![cfg(race_wrapped)]

#[allow(dead_code)] // what the player does not need of what it shares
#[path = "../../race-rt/tests/oracle/compare.rs"]
mod compare;
#[path = "../../race-rt/tests/oracle/contracts.rs"]
mod contracts;
mod engine;
#[allow(dead_code)]
#[path = "../../race-rt/tests/oracle/execution.rs"]
mod execution;
#[path = "../../race-rt/tests/oracle/found.rs"]
mod found;
#[path = "../../race-rt/tests/oracle/generator.rs"]
mod generator;
mod lane;
#[path = "../../race-rt/tests/oracle/motifs.rs"]
mod motifs;
#[allow(dead_code)]
#[path = "../../race-rt/tests/oracle/objects.rs"]
mod objects;
#[allow(dead_code)]
#[path = "../../race-rt/tests/oracle/oracle.rs"]
mod oracle;
mod possible;
#[path = "../../race-rt/tests/oracle/random.rs"]
mod random;
#[path = "../../race-rt/tests/oracle/runs.rs"]
mod runs;
#[path = "../../race-rt/tests/oracle/shrink.rs"]
mod shrink;
#[path = "../../race-rt/tests/oracle/sweeps.rs"]
mod sweeps;
mod things;
#[path = "../../race-rt/tests/oracle/turns.rs"]
mod turns;
#[path = "../../race-rt/tests/oracle/uses.rs"]
mod uses;

use std::collections::BTreeMap;

use engine::Arena;
use execution::{Execution, Operation};
use lane::is_task;
use random::Random;

fn draw(random: &mut Random) -> Execution {
    let objects = 2 + random.below(3);
    possible::part_of(&generator::with_objects(random, objects))
}

#[test]
fn random_programs_race_where_the_contracts_say() {
    runs::play("RACE_WRAPPER_ORACLE", 1000, &mut Arena::new(), draw, |part| possible::part_of(part) == *part);
}

/// How often each kind of operation is in the programs of as many seeds as the other test plays.
fn kinds_drawn() -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut count = |kind: String| *counts.entry(kind).or_insert(0) += 1;
    for seed in 0..1000 {
        let program = draw(&mut Random::new(seed));
        for (step, effect) in program.steps().iter().zip(program.effects()) {
            if let Operation::Spawn(lane) = step.operation {
                count(if is_task(lane) { "task" } else { "thread" }.to_owned());
            }
            let text = match step.operation {
                Operation::Use(operation) => format!("{operation:?}"),
                other => format!("{other:?}"),
            };
            let kind = text.split('(').next().unwrap_or_default();
            count(kind.to_owned());
            if effect.waits {
                count(format!("{kind} waits"));
            }
            if is_task(step.lane) && step.operation.access().is_some() {
                count("access of a task".to_owned());
            }
        }
    }
    counts
}

/// That much of everything is in them, and not only said to be.
#[test]
fn programs_have_every_kind_of_operation() {
    let counts = kinds_drawn();
    let at_least = |least: usize, kinds: &[&str]| {
        for kind in kinds {
            let count = counts.get(*kind).copied().unwrap_or_default();
            assert!(count >= least, "{count} of {kind}, wanted {least}: {counts:?}");
        }
    };
    at_least(200, &["Access", "Load", "Store", "Fence", "Lock", "ReadLock", "WriteLock", "Send", "Receive", "task"]);
    at_least(100, &["thread", "access of a task", "Join", "BeginOnce", "EndOnce", "CallOnce", "Arrive", "Take"]);
    at_least(100, &["Open", "Done", "WaitForGroup", "GiveBack", "LookAtOnce", "PoisonLock", "SelectSend"]);
    at_least(30, &["Wait waits", "Notify", "PoisonMutex", "BreakOnce", "Close", "SelectReceive", "SelectWait waits"]);
    at_least(30, &["Arrive waits", "WaitForGroup waits", "Take waits", "Send waits", "Receive waits"]);
    at_least(10, &["TrySelect", "TrySend", "TryReceive", "TryLock", "Downgrade"]);
}
