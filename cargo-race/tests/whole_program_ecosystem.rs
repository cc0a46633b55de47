//! Well-known crates, used as they are meant to be used, give no report: the programs of `tests/whole-program/ecosystem`.
//!
//! Each run is a process of its own, with the options' defaults. `RACE_TEST_REPEATS=20` repeats each.

mod common;
mod whole_program;

use whole_program::{Profile, Program, check_all, fault_of_clean, repeats};

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

#[test]
fn well_known_crates_are_silent_in_release() {
    all_are_silent(Profile::Release);
}
