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
//! Can miss: what depends on two threads running at once, wrong places in stacks, operations that the model lacks (select,
//! maps, pools, tasks and timers, poisoning).
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
mod things;

use engine::Arena;
use execution::Execution;
use random::Random;

fn draw(random: &mut Random) -> Execution {
    let objects = 2 + random.below(3);
    possible::part_of(&generator::with_objects(random, objects))
}

#[test]
fn random_programs_race_where_the_contracts_say() {
    runs::play("RACE_WRAPPER_ORACLE", 1000, &mut Arena::new(), draw, |part| possible::part_of(part) == *part);
}
