//! The engine against a brute-force oracle, on random executions.
//!
//! An execution ([`execution`]) is drawn at random ([`generator`]), played to the engine ([`engine`]) and judged by the
//! definition of happens-before ([`oracle`], [`contracts`]); the racy bytes must be the same ([`compare`]). A difference is
//! made small ([`shrink`]) and printed as a regression test, which then goes to [`regressions`].
//!
//! With memory that is forgotten on the way, less is found and nothing false ([`forgetting`]). What another detector's rule
//! makes of the same executions is counted too ([`peer`]).
//!
//! `RACE_ORACLE_RUNS` sets how many executions are played, `RACE_ORACLE_SEED` the seed that is otherwise fresh.
//!
//! Can miss: what depends on two threads being in the engine at once (see `stress.rs`), the exhaustion of the slots.

mod compare;
mod contracts;
mod engine;
mod execution;
mod forgetting;
mod found;
mod generator;
mod motifs;
mod objects;
mod oracle;
mod peer;
mod random;
mod regressions;
mod runs;
mod shrink;
mod stand_in;
mod sweeps;
mod turns;
mod uses;
mod way_in;

use std::collections::BTreeSet;

use engine::Arena;
use oracle::{Truth, View};
use peer::{Rule, Verdict};
use random::Random;

/// Kinds of operations, by their names, some of which also wait.
fn kinds_of(execution: &execution::Execution) -> Vec<String> {
    let kind = |step: &execution::Step| {
        let text = match step.operation {
            execution::Operation::Use(operation) => format!("{operation:?}"),
            other => format!("{other:?}"),
        };
        text.split('(').next().unwrap_or_default().to_owned()
    };
    let steps = execution.steps().iter().zip(execution.effects());
    steps.map(|(step, effect)| format!("{}{}", kind(step), if effect.waits { " waits" } else { "" })).collect()
}

#[test]
fn executions_have_every_kind_of_operation() {
    let executions = (0..2000).map(|seed| generator::execution(&mut Random::new(seed)));
    let kinds: BTreeSet<String> = executions.flat_map(|execution| kinds_of(&execution)).collect();
    for kind in "Access ReadWrite Load Store Update Exchange FailedExchange Fence ObjectRelease ObjectReleaseMerge \
                 ObjectAcquire ObjectConsume ObjectClear ReleaseAt AcquireAt Resume Spawn Adopt Finish Move Join Allocate \
                 Free Forget Lock TryLock Unlock PoisonMutex Notify ReadLock TryReadLock ReadUnlock WriteLock TryWriteLock \
                 WriteUnlock PoisonLock Downgrade BeginOnce EndOnce BreakOnce CallOnce LookAtOnce Arrive Open Add Done WaitForGroup Take TryTake GiveBack Send \
                 TrySend Receive TryReceive Close CloseAgain SelectSend SelectReceive TrySelect WaitForPost Post"
        .split_whitespace()
    {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}");
    }
    for kind in ["Wait", "CallOnce", "Arrive", "WaitForGroup", "Take", "Send", "Receive", "SelectWait", "WaitForPost"] {
        assert!(kinds.contains(&format!("{kind} waits")), "no {kind} that waits among {kinds:?}");
    }
}

#[test]
fn random_executions_race_where_the_definition_says() {
    runs::play("RACE_ORACLE", 20_000, &mut Arena::new(), generator::execution, |_| true);
}

/// Prints the table in docs/memory-model.md.
#[test]
fn the_peers_rule_misses_and_invents_where_the_definition_says_otherwise() {
    let seed = runs::number("RACE_ORACLE_SEED").unwrap_or(1);
    let runs = runs::number("RACE_ORACLE_RUNS").unwrap_or(500);
    println!("RACE_ORACLE_SEED={seed} RACE_ORACLE_RUNS={runs}");
    let whole = Rule { few_cells: true, reports_once: true, view: View { fences: false, stores_end_sequences: false } };
    let fences = View { fences: true, ..whole.view };
    let rules = [
        ("as it is", whole),
        ("with room for every access", Rule { few_cells: false, ..whole }),
        ("with every race of a granule", Rule { reports_once: false, ..whole }),
        ("with both", Rule { few_cells: false, reports_once: false, ..whole }),
        ("with fences", Rule { view: fences, ..whole }),
        ("with fences and relaxed stores that end release sequences", Rule { view: View::TRUE, ..whole }),
        ("with all four", Rule { few_cells: false, reports_once: false, view: View::TRUE }),
    ];
    let mut verdicts = [Verdict::default(); 7];
    for run in 0..runs {
        let own = Random::new(seed.wrapping_add(run)).next();
        let execution = peer::without_large_blocks(&generator::execution(&mut Random::new(own)));
        let truth = Truth::about(&execution);
        for ((_, rule), verdict) in rules.iter().zip(&mut verdicts) {
            verdict.add(&execution, &truth, *rule, Random::new(own));
        }
    }
    println!("{} executions race, {} bytes", verdicts[0].racy, verdicts[0].bytes);
    println!("| rule | racy executions missed | racy bytes missed | executions with an invented race | bytes |");
    println!("|---|---|---|---|---|");
    for ((name, _), Verdict { silent, missed, inventive, invented, .. }) in rules.iter().zip(verdicts) {
        println!("| {name} | {silent} | {missed} | {inventive} | {invented} |");
    }
    // The simulation itself: put right in all its parts, the rule is the definition.
    let right = verdicts[6];
    assert_eq!((right.silent, right.missed, right.inventive, right.invented), (0, 0, 0, 0));
    let whole = verdicts[0];
    assert!(whole.missed > 0 && whole.invented > 0, "{whole:?}");
    assert!(verdicts[3].missed < whole.missed && verdicts[4].invented == 0, "{verdicts:?}");
}
