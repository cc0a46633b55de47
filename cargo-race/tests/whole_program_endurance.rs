//! Programs with many threads, or that go on for long: the detector's memory stays as it is, nothing false is reported, and a
//! race at the end is found. In small: `tests/whole-program/endurance` has the programs, docs/testing.md the full sizes.
//!
//! The bounds on memory are generous, since the C library's allocator keeps what it likes; what they are to find is growth
//! with each thread.

mod common;
mod whole_program;

use common::{Outcome, run};
use whole_program::{Profile, Program, Report, fault_of_clean};

fn endurance(arguments: &[&str]) -> Outcome {
    Program::build("endurance", Profile::Release).run(arguments)
}

fn endurance_with(options: &str, arguments: &[&str]) -> Outcome {
    run(Program::build("endurance", Profile::Release).command(arguments).env("RACE_OPTIONS", options))
}

/// The resident memory that the program has printed, in KiB.
fn resident(outcome: &Outcome) -> Vec<usize> {
    let figures = outcome.stdout.lines().filter_map(|line| line.split(": ").nth(1)?.strip_suffix(" KiB")?.parse().ok());
    figures.collect()
}

/// From the middle of the run to its end there is no more than a quarter and 2 MiB on top.
fn fault_of_memory(outcome: &Outcome) -> Option<String> {
    growth(outcome, |middle| middle / 4 + 2048)
}

/// From the middle of the run to its end there is no more on top than `may_grow` says.
fn growth(outcome: &Outcome, may_grow: impl Fn(usize) -> usize) -> Option<String> {
    let resident = resident(outcome);
    let (middle, end) = (*resident.get(4)?, *resident.last()?);
    (end > middle + may_grow(middle)).then(|| format!("the memory grows: {resident:?} KiB"))
}

/// The one report of the race at the end.
#[track_caller]
fn check_race(outcome: Outcome) -> Outcome {
    let outcome = outcome.expect_code(66);
    let reports = Report::all(&outcome.stderr);
    let [report] = reports.as_slice() else { panic!("one report: {outcome:#?}") };
    assert!(report.current().contains("case::later()"), "{outcome:#?}");
    assert!(report.previous().contains("case::earlier()"), "{outcome:#?}");
    outcome
}

#[test]
fn joined_threads_leave_nothing() {
    let outcome = endurance(&["joined", "6000"]);
    assert_eq!(fault_of_clean(&outcome), None, "{outcome:#?}");
    assert_eq!(fault_of_memory(&outcome), None);
    check_race(endurance(&["joined", "2000", "race"]));
}

/// Those whose ends nobody learns of are merged with later ones, which is told.
#[test]
fn detached_threads_are_merged_when_there_are_many() {
    let outcome = endurance(&["detached", "4000"]).expect_code(0);
    assert!(outcome.stderr.ends_with(" threads merged with others (out of slots)\n"), "{outcome:#?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
    // Clocks as long as there are slots before any is used again, and one that each ended thread leaves, are there by the middle:
    // some 30 MiB. From then on each new one takes the place of an old one.
    assert_eq!(growth(&outcome, |middle| middle / 10), None);
    let outcome = check_race(endurance(&["detached", "2000", "race"]));
    assert!(outcome.stderr.contains(" threads merged with others"), "{outcome:#?}");
}

#[test]
fn of_a_thousand_that_live_at_once_two_race() {
    let outcome = endurance(&["alive", "1000"]);
    assert_eq!(fault_of_clean(&outcome), None, "{outcome:#?}");
    let outcome = check_race(endurance(&["alive", "1000", "race"]));
    assert!(outcome.stderr.contains("by thread 1000:") && outcome.stderr.contains("by thread 1:"), "{outcome:#?}");
}

/// 48 MiB of heap need 72 of shadow and more: there is room for 16.
#[test]
fn a_limit_on_memory_is_kept_and_new_races_are_found() {
    const LIMIT: &str = "memory_limit=16";
    let forgotten = |outcome: &Outcome| {
        let told = outcome.stderr.lines().find(|line| line.ends_with(" MiB of shadow forgotten (memory_limit)"))?;
        told.strip_prefix("race: ")?.split(' ').next()?.parse::<usize>().ok()
    };
    let limited = endurance_with(LIMIT, &["heap", "48"]).expect_code(0);
    assert_eq!(limited.stderr.lines().count(), 1, "{limited:#?}");
    // Forgotten as it was made, and again as it was read.
    assert!(forgotten(&limited).is_some_and(|mebibytes| (72..200).contains(&mebibytes)), "{limited:#?}");
    // Beside heap and shadow there are the program and what the detector does not count.
    assert!(resident(&limited).iter().all(|size| *size < (48 + 16 + 16) << 10), "{limited:#?}");
    let unlimited = endurance(&["heap", "48"]);
    assert_eq!(fault_of_clean(&unlimited), None, "{unlimited:#?}");
    assert!(resident(&unlimited).iter().any(|size| *size > (48 + 72) << 10), "{unlimited:#?}");
    let racy = check_race(endurance_with(LIMIT, &["heap", "48", "race"]));
    assert!(forgotten(&racy).is_some(), "{racy:#?}");
}

#[test]
fn a_mixture_goes_on_without_a_report_until_there_is_a_race() {
    let outcome = endurance(&["soak", "3", "race"]);
    assert_eq!(resident(&outcome).len(), 10, "{outcome:#?}");
    assert_eq!(fault_of_memory(&outcome), None);
    check_race(outcome);
    let outcome = endurance(&["soak", "1"]);
    assert!(!outcome.stderr.contains("DATA RACE"), "{outcome:#?}");
}
