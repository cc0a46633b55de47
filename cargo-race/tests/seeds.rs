//! `--seeds N`: every seed runs, every distinct report is shown once, and the status tells of failures.
//!
//! The fixture races and fails with the seeds that it is told to, so nothing here depends on the schedule.

mod common;

use common::{Project, run};

/// How often `needle` occurs.
fn count(text: &str, needle: &str) -> usize {
    text.matches(needle).count()
}

#[test]
fn distinct_reports_are_shown_once_with_their_seeds() {
    let project = Project::fixture("several");
    let outcome = run(&mut project.race(["run", "--seeds", "3", "--quiet", "--", "1,3", "2,3"])).expect_code(66);
    // The two accesses of each place are a read and a write of one line, so each place gives one report.
    assert_eq!(count(&outcome.stderr, "WARNING: DATA RACE\n"), 2, "{outcome:#?}");
    assert_eq!(count(&outcome.stderr, "==================\n"), 4, "{outcome:#?}");
    assert!(outcome.stderr.contains("\nFound with seed 1, 3\n"), "{outcome:#?}");
    assert!(outcome.stderr.contains("\nFound with seed 2, 3\n"), "{outcome:#?}");
    let last = outcome.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("cargo race: 2 distinct data race(s); 3 of 3 runs found some (seed 1: "), "{last}");
}

#[test]
fn a_failure_of_the_program_stops_nothing_and_is_the_status() {
    let project = Project::fixture("several");
    let outcome = run(&mut project.race(["run", "-q", "--seeds=3", "--", "3", "0", "1"])).expect_code(3);
    assert!(outcome.stderr.contains("\nFound with seed 3\n"), "{outcome:#?}");
    assert!(outcome.stderr.ends_with("; 1 failed otherwise\n"), "{outcome:#?}");
    let silent = run(&mut project.race(["run", "-q", "--seeds=2", "--", "9"])).expect_code(0);
    assert!(silent.stderr.ends_with("cargo race: 0 distinct data race(s); 0 of 2 runs found some\n"), "{silent:#?}");
}

#[test]
fn tests_are_built_once_and_run_with_each_seed() {
    let project = Project::fixture("several");
    let mut command = project.race(["test", "--seeds", "2", "--lib"]);
    let outcome = run(command.env("RACE_OPTIONS", "seed=7 verbose=0")).expect_code(66);
    assert_eq!(count(&outcome.stderr, "Compiling several"), 1, "{outcome:#?}");
    assert_eq!(count(&outcome.stdout, "running 2 tests"), 2, "{outcome:#?}");
    assert!(outcome.stderr.contains("\nFound with seed 2\n"), "{outcome:#?}");
    assert!(outcome.stderr.contains("; 1 of 2 runs found some (seed 2: "), "{outcome:#?}");
}

#[test]
fn a_build_that_fails_is_cargos_matter() {
    let project = Project::fixture("several");
    let outcome = run(&mut project.race(["run", "--seeds", "2", "--bin", "no-such-program"])).expect_code(101);
    assert_eq!(count(&outcome.stderr, "no bin target named"), 1, "{outcome:#?}");
}

#[test]
fn wrong_numbers_are_refused() {
    let project = Project::fixture("several");
    for (words, given) in [(&["--seeds", "0"][..], "0"), (&["--seeds=many"], "many"), (&["--seeds"], "")] {
        let sentence = run(project.race(["test"]).args(words)).expect_sentence();
        assert_eq!(sentence, format!("--seeds needs a number of runs from 1 to 1000000, not {given:?}"));
    }
}
