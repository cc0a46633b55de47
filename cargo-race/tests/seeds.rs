//! `--seeds N`: every seed runs, every distinct report is shown once, and the status tells of failures.
//!
//! The fixture races and fails with the seeds that it is told to, so nothing here depends on the schedule.

mod common;

use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};

use common::{Project, run, temporary_directory};

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
fn a_crash_keeps_what_was_found_and_stops_nothing() {
    let project = Project::fixture("several");
    let mut command = project.race(["run", "-q", "--seeds=3", "--", "1,2,3", "0", "0", "2"]);
    let outcome = run(command.env("RACE_OPTIONS", "perturb=full")).expect_code(134);
    assert_eq!(count(&outcome.stderr, "WARNING: DATA RACE\n"), 1, "{outcome:#?}");
    assert!(outcome.stderr.contains("\nSchedule: perturb=full seed=1\n"), "{outcome:#?}");
    assert!(outcome.stderr.contains("\nFound with seed 1, 2, 3\n"), "{outcome:#?}");
    assert!(outcome.stderr.ends_with("; 1 failed otherwise\n"), "{outcome:#?}");
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

/// nextest is not needed for this: what stands in for it says how it was called, and fails as nextest does.
#[test]
fn nextest_runs_with_each_seed() {
    let (project, place) = (Project::fixture("several"), temporary_directory());
    let script = "#!/bin/sh\necho \"$*\"; echo \"$RACE_OPTIONS\"\ncase $RACE_OPTIONS in *seed=2*) exit 100 ;; esac\n";
    common::write_script(&place.path().join("cargo-nextest"), script);
    let path = std::env::var("PATH").expect("set");
    let mut command = project.race(["nextest", "run", "--seeds=2", "-E", "all()"]);
    let outcome = run(command.env("PATH", format!("{}:{path}", place.path().display()))).expect_code(100);
    let calls: Vec<&str> = outcome.stdout.lines().collect();
    let [build, none, first, one, second, two] = calls.as_slice() else { panic!("{outcome:#?}") };
    assert!(build.starts_with("nextest run --target ") && build.ends_with(" -E all() --no-run"), "{build}");
    assert!(first == second && first.ends_with(" -E all()"), "{first} {second}");
    assert!(none.is_empty() && one.contains(" seed=1 ") && two.contains(" seed=2 "), "{outcome:#?}");
    assert!(outcome.stderr.ends_with("0 of 2 runs found some; 1 failed\n"), "{outcome:#?}");
}

#[test]
fn an_interrupted_series_leaves_no_file_and_ends_by_the_signal() {
    let project = Project::fixture("several");
    for (signal, number) in [("INT", 2), ("TERM", 15)] {
        let place = temporary_directory();
        let mut command = project.race(["run", "-q", "--seeds", "3", "--", "wait"]);
        command.env("TMPDIR", place.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut series = command.process_group(0).spawn().expect("started");
        let files = || place.path().read_dir().expect("there").count();
        let mut said = String::new();
        let mut output = BufReader::new(series.stdout.take().expect("piped"));
        output.read_line(&mut said).expect("text");
        assert_eq!((said.as_str(), files()), ("waiting\n", 1), "the first run is under way");
        // A terminal sends the one to all, a service manager the other to the process that it started.
        let whom = if signal == "INT" { format!("-{}", series.id()) } else { series.id().to_string() };
        run(Command::new("kill").args(["-s", signal, "--", &whom])).expect_code(0);
        let input = series.stdin.take();
        let status = series.wait().expect("our child");
        assert_eq!((status.signal(), files()), (Some(number), 0), "{signal}: {status:?}");
        drop(input);
        output.read_line(&mut said).expect("the program's end");
        assert_eq!(said, "waiting\n", "no further run");
    }
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
