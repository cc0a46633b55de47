//! Well-known crates, used as they are meant to be used, give no report: the programs of `tests/whole-program/ecosystem`.
//!
//! Each run is a process of its own, with the options' defaults. `RACE_TEST_REPEATS=20` repeats each.

mod common;
mod whole_program;

use common::run;
use whole_program::{Profile, Program, Report, check_all, fault_of_clean, repeats};

fn all_are_silent(profile: Profile) {
    let program = Program::build("ecosystem", profile);
    let names = program.cases();
    assert!(names.len() >= 40, "{names:?}");
    check_all(&names, repeats(3), |name| {
        let outcome = program.run(&[name]);
        let fault = fault_of_clean(&outcome);
        (outcome, fault)
    });
}

#[test]
fn well_known_crates_are_silent_in_debug() {
    all_are_silent(Profile::Debug);
}

/// The shipped list of suppressions has what is needed, and no more than that.
#[test]
fn chosen_races_are_reported_on_request_and_counted_otherwise() {
    for profile in Profile::BOTH {
        let program = Program::build("ecosystem", profile);
        let chosen = |options| run(program.command(&["crossbeam_atomic_cell"]).env("RACE_OPTIONS", options));
        let outcome = chosen("suppressions=off").expect_code(66);
        let entry = "crossbeam_utils::atomic::atomic_cell::atomic_load";
        for report in Report::all(&outcome.stderr) {
            assert!(report.current().contains(entry) || report.previous().contains(entry), "{report:#?}");
        }
        let outcome = chosen("verbose=1").expect_code(0);
        assert!(outcome.stderr.contains(&format!("race(s) suppressed by race_top:{entry}\n")), "{outcome:#?}");
    }
}

#[test]
fn well_known_crates_are_silent_in_release() {
    all_are_silent(Profile::Release);
}
