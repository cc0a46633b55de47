//! The programs of `tests/whole-program/foreign` under `--c`: C and C++ compiled by the crate `cc` with the system's
//! compilers, so a C and a C++ compiler must be there. Every race between Rust, C and C++ is reported with both stacks and
//! the creation of its threads, and what has no race is silent, in debug and release.
//!
//! `RACE_TEST_REPEATS=50` repeats each.

mod common;
mod whole_program;

use whole_program::{Profile, Program, Report, check_all, fault_of_clean, fault_of_racy, repeats};

fn check(profile: Profile) {
    let program = Program::build_with_c("foreign", profile);
    let cases = program.cases();
    let (racy, clean): (Vec<&String>, Vec<&String>) = cases.iter().partition(|name| name.starts_with("race_"));
    assert!(racy.len() >= 15 && clean.len() >= 20, "{cases:?}");
    check_all(&racy, repeats(1), |name| {
        let outcome = program.run(&[name]);
        // Of a call that goes through the C++ library, which is not instrumented, the stack lacks the caller's own place.
        let fault = fault_of_racy(&outcome, "earlier", "later", "foreign::main()");
        (outcome, fault)
    });
    check_all(&clean, repeats(2), |name| {
        let outcome = program.run(&[name]);
        let fault = fault_of_clean(&outcome);
        (outcome, fault)
    });
}

#[test]
fn races_with_c_are_reported_and_others_are_not_in_debug() {
    check(Profile::Debug);
}

#[test]
fn races_with_c_are_reported_and_others_are_not_in_release() {
    check(Profile::Release);
}

#[test]
fn functions_of_c_have_their_names_files_and_lines() {
    let program = Program::build_with_c("foreign", Profile::Release);
    let outcome = program.run(&["race_c_write_rust_read"]).expect_code(66);
    let report = Report::all(&outcome.stderr).remove(0);
    let mut lines = report.previous().lines().skip(1);
    assert_eq!(lines.next(), Some("  c_write()"), "{outcome:#?}");
    let place = lines.next().unwrap_or_default();
    assert!(place.contains("/foreign/src/accesses.c:"), "{outcome:#?}");
    assert!(!report.current().contains("accesses.c"), "{outcome:#?}");
    let outcome = program.run(&["race_threads_of_c"]).expect_code(66);
    let report = Report::all(&outcome.stderr).remove(0);
    assert!(report.creations().iter().all(|text| text.contains("  c_run_in_threads()\n")), "{outcome:#?}");
}
