//! Races that the plain schedule hides (`tests/whole-program/schedules`): each is reported within twenty seeds of
//! `perturb=full`, and the twin without a race is silent whatever the setting.
//!
//! Each run is a process of its own. With `RACE_SCHEDULE_RUNS=100` the table of docs/memory-model.md is made instead: how
//! many of so many runs report the race with each setting, and whether one of the seeds 1 to 20 does. Best on a machine with
//! nothing else to do.

mod common;
mod whole_program;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Outcome, race, run, scratch};
use whole_program::{Profile, Program, Report, check_all, fault_of_clean, repository};

/// Seeds that a race is looked for with.
const SEEDS: u32 = 20;

/// A program, and how to run it.
struct Case {
    name: String,
    path: PathBuf,
    arguments: Vec<String>,
}

impl AsRef<str> for Case {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

impl Case {
    fn run(&self, options: &str) -> Outcome {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", "120"]).arg(&self.path).args(&self.arguments);
        run(command.env_remove("RUST_BACKTRACE").env("RACE_OPTIONS", options))
    }

    fn is_racy(&self) -> bool {
        self.name.starts_with("race_")
    }
}

/// All programs: those of the binary, and those that are tests.
fn cases() -> Vec<Case> {
    let program = Program::build("schedules", Profile::Debug);
    let named = |name: String| Case { path: program.path().to_owned(), arguments: vec![name.clone()], name };
    let mut cases: Vec<Case> = program.cases().into_iter().map(named).collect();
    let tests = test_binary();
    let listed = run(Command::new(&tests).args(["--list", "--format", "terse"])).expect_code(0).stdout;
    let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
    let arguments = |name: &str| ["--exact", name, "--nocapture"].map(str::to_owned).to_vec();
    cases.extend(names.map(|name| Case { name: name.into(), path: tests.clone(), arguments: arguments(name) }));
    cases
}

/// The package's integration test, built.
fn test_binary() -> PathBuf {
    let mut command = race(["test", "--locked", "--package", "schedules", "--test", "under_libtest", "--no-run"]);
    command.current_dir(repository().join("tests/whole-program"));
    command.env("CARGO_TARGET_DIR", scratch().join("whole-program"));
    let outcome = run(&mut command).expect_code(0);
    let line = outcome.stderr.lines().find(|line| line.contains("Executable ")).unwrap_or_default();
    let path = line.rsplit_once('(').and_then(|(_, path)| path.strip_suffix(')')).unwrap_or_default();
    assert!(Path::new(path).is_file(), "{outcome:#?}");
    path.into()
}

fn fault(case: &Case, outcome: &Outcome, seed: u32) -> Option<String> {
    let reports = Report::all(&outcome.stderr);
    let told = format!("\nSchedule: perturb=full seed={seed}\n");
    if outcome.status.code() == Some(0) && reports.is_empty() {
        Some(format!("no race was reported with the seeds 1 to {SEEDS}"))
    } else if !reports
        .iter()
        .any(|report| [report.current(), report.previous()].iter().all(|side| side.contains("schedules::")))
    {
        Some(format!("with seed {seed}: {} is not in both accesses", case.name))
    } else if outcome.stderr.matches(&told).count() != reports.len() {
        Some(format!("with seed {seed}: not every report says so"))
    } else {
        None
    }
}

#[test]
fn hidden_races_are_found_within_twenty_seeds_and_their_twins_are_silent() {
    let cases = cases();
    assert!(cases.len() >= 24 && cases.iter().filter(|case| case.is_racy()).count() * 2 == cases.len());
    if let Ok(runs) = std::env::var("RACE_SCHEDULE_RUNS") {
        let runs = runs.parse().unwrap_or_else(|_| panic!("RACE_SCHEDULE_RUNS must be a number, not {runs:?}"));
        return print_table(&cases, runs);
    }
    check_all(&cases, 1, |case| {
        if case.is_racy() {
            let with = |seed| (case.run(&format!("perturb=full seed={seed}")), seed);
            let (outcome, seed) =
                (1..SEEDS).map(with).find(|(outcome, _)| found(outcome)).unwrap_or_else(|| with(SEEDS));
            let fault = fault(case, &outcome, seed);
            return (outcome, fault);
        }
        // One seed of each kind: all threads alike, two halves of them, each by itself.
        let settings = ["off", "on", "full seed=1", "full seed=2", "full seed=3", "full seed=4", "full seed=7"];
        let runs = settings.map(|setting| case.run(&format!("perturb={setting}")));
        let faulty = runs.iter().position(|outcome| fault_of_clean(outcome).is_some()).unwrap_or(0);
        let outcome = runs.into_iter().nth(faulty).expect("there are several");
        let fault = fault_of_clean(&outcome).map(|fault| format!("perturb={}: {fault}", settings[faulty]));
        (outcome, fault)
    });
}

/// How often, and how many milliseconds in all, the process paused that runs this program.
fn pauses(name: &str) -> (u32, u32) {
    let program = Program::build("schedules", Profile::Debug);
    let mut command = program.command(&[name]);
    let outcome = run(command.env("RACE_OPTIONS", "verbose=1 seed=4")).expect_code(0);
    let told = outcome.stderr.lines().find_map(|line| line.strip_prefix("race: ")?.strip_suffix(" ms in all"));
    let number = |text: &str| text.parse::<u32>().ok();
    told.and_then(|told| told.split_once(" pauses, "))
        .and_then(|(count, time)| Some((number(count)?, number(time)?)))
        .unwrap_or_else(|| panic!("{outcome:#?}"))
}

#[test]
fn a_thread_that_gave_up_waiting_is_not_paused() {
    // The one pause is the creator's.
    assert_eq!(pauses("timed_out").0, 1);
    assert!(pauses("notified").0 >= 5);
}

/// What the engine counts, not what passes on the clock.
#[test]
fn nobody_lingers_while_all_others_wait() {
    let (beside_a_waiter, beside_a_sleeper) = (pauses("beside_a_waiter"), pauses("beside_a_sleeper"));
    assert!(beside_a_waiter.0 >= 4 && beside_a_waiter.1 <= 1, "{beside_a_waiter:?}");
    assert!(beside_a_sleeper.0 >= 4 && beside_a_sleeper.1 >= 4, "{beside_a_sleeper:?}");
}

fn found(outcome: &Outcome) -> bool {
    !Report::all(&outcome.stderr).is_empty()
}

fn print_table(cases: &[Case], runs: u32) {
    println!("| program | `off` | `on` | `full` | seeds 1 to {SEEDS} of `full` |\n|---|---|---|---|---|");
    for case in cases.iter().filter(|case| case.is_racy()) {
        let share = |options: &str| {
            let count = (0..runs).filter(|_| found(&case.run(options))).count();
            format!("{} %", (count * 100 + runs as usize / 2) / runs as usize)
        };
        let columns = ["perturb=off", "perturb=on", "perturb=full"].map(share);
        let first = (1..=SEEDS).find(|seed| found(&case.run(&format!("perturb=full seed={seed}"))));
        let first = first.map_or("not found".to_owned(), |seed| format!("found with seed {seed}"));
        println!("| `{}` | {} | {first} |", case.name.trim_start_matches("race_"), columns.join(" | "));
    }
}
