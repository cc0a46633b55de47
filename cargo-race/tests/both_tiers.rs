//! Programs that use the crate `race`, with its feature on, under `cargo race`: one engine sees both its types and all
//! memory. `tests/whole-program/both-tiers` has the programs; its test targets are the wrapper tier's own.
//!
//! Each run is a process of its own. `RACE_TEST_REPEATS=50` repeats each case.

mod common;
mod whole_program;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use common::{race, run, scratch};
use object::{Object, ObjectSymbol};
use whole_program::{Profile, Program, Report, check_all, fault_of_clean, fault_of_racy, repeats, repository};

const PACKAGE: &str = "both-tiers";

fn cases(prefix: &str, at_least: usize, program: &Program) -> Vec<String> {
    let cases: Vec<String> = program.cases().into_iter().filter(|name| name.starts_with(prefix)).collect();
    assert!(cases.len() >= at_least, "only {} cases begin with {prefix}", cases.len());
    cases
}

#[test]
fn races_are_reported_once() {
    for profile in Profile::BOTH {
        let program = Program::build(PACKAGE, profile);
        check_all(&cases("race_", 20, &program), repeats(1), |name| {
            let outcome = program.run(&[name]);
            let fault = fault_of_racy(&outcome, "both_tiers::case::earlier()", "both_tiers::case::later()", name);
            let reports = Report::all(&outcome.stderr).len();
            let fault = fault.or_else(|| (reports != 1).then(|| format!("there are {reports} reports")));
            (outcome, fault)
        });
    }
}

#[test]
fn programs_without_a_race_are_silent() {
    for profile in Profile::BOTH {
        let program = Program::build(PACKAGE, profile);
        check_all(&cases("clean_", 20, &program), repeats(2), |name| {
            let outcome = program.run(&[name]);
            let fault = fault_of_clean(&outcome);
            (outcome, fault)
        });
    }
}

/// The wrapper tier's cases, that `order` by means which this tier does not see either.
///
/// Not here: those that need std's types wrapped, whose contracts the instrumented std does not keep to the letter
/// (readers of its `RwLock` order each other), and those of tasks that share a worker, which pass for ordered here.
#[test]
fn cases_of_the_wrapper_tier_hold() {
    // What is handed over by an atomic of std is not ordered in the wrapper tier, and is here.
    let ordered_here = ["race_release_gone_with_its_block"];
    let mut command = race(["test", "--quiet", "--locked", "--no-fail-fast", "--package", PACKAGE, "--tests", "--"]);
    for name in ordered_here {
        command.args(["--skip", name]);
    }
    let project = repository().join("tests/whole-program");
    command.current_dir(project).env("CARGO_TARGET_DIR", scratch().join("whole-program")).env_remove("RACE_OPTIONS");
    let outcome = run(&mut command).expect_code(0);
    let passed = outcome.stdout.lines().filter_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next());
    let passed: usize = passed.map(|count| count.parse::<usize>().expect("a number")).sum();
    assert!(passed > 400, "only {passed} passed: {outcome:#?}");
}

/// The names of a file's symbols.
fn symbols(file: &Path) -> Vec<String> {
    let bytes = std::fs::read(file).expect("the program was just built");
    let file = object::File::parse(bytes.as_slice()).expect("rustc writes valid programs");
    file.symbols().filter_map(|symbol| Some(symbol.name().ok()?.to_owned())).collect()
}

/// One counter of races, one registry of threads, one place where options are read.
#[test]
fn there_is_one_engine_in_the_process() {
    let program = Program::build(PACKAGE, Profile::Debug);
    let symbols = symbols(program.path());
    for variable in ["8registry8REGISTRY", "6gather6DEDUPE", "5start5STATE"] {
        let found: Vec<_> = symbols.iter().filter(|name| name.contains("race_rt") && name.contains(variable)).collect();
        assert_eq!(found.len(), 1, "{variable}: {found:?}");
    }
    let project = repository().join("tests/whole-program");
    let mut tree = Command::new("cargo");
    tree.args(["tree", "--locked", "--package", PACKAGE, "--edges", "normal", "--prefix", "none"]);
    tree.args(["--target", "x86_64-unknown-linux-gnu"]).env("RUSTFLAGS", "--cfg=race").current_dir(project);
    let tree = run(&mut tree).expect_code(0).stdout;
    let packages: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(packages.contains("race-detector") && !packages.contains("race-rt"), "{packages:?}");
}

/// A lock without guard is named, with the place where it was taken, beside one of std's that is not known to be one.
#[test]
fn a_report_names_the_locks_that_the_crate_announces() {
    let outcome = Program::build(PACKAGE, Profile::Debug).run(&["race_under_another_lock"]).expect_code(66);
    let held = outcome.stderr.matches("locks::race_under_another_lock").count();
    assert!(outcome.stderr.contains("olding") && held >= 2, "{outcome:#?}");
}
