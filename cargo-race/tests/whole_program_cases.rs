//! The small programs of `tests/whole-program/cases` and `allocator`: every race is reported with both stacks and the
//! creation of its threads, and what has no race is silent, in debug and release.
//!
//! Each run is a process of its own, with the options' defaults. `RACE_TEST_REPEATS=50` repeats each.

mod common;
mod whole_program;

use whole_program::{Profile, Program, Report, check_all, fault_of_clean, fault_of_racy, repeats};

fn cases(prefix: &str, at_least: usize, program: &Program) -> Vec<String> {
    let cases: Vec<String> = program.cases().into_iter().filter(|name| name.starts_with(prefix)).collect();
    assert!(cases.len() >= at_least, "only {} cases begin with {prefix}", cases.len());
    cases
}

fn races_are_reported(profile: Profile) {
    let program = Program::build("cases", profile);
    check_all(&cases("race_", 60, &program), repeats(1), |name| {
        let outcome = program.run(&[name]);
        let fault = fault_of_racy(&outcome, "cases::case::earlier()", "cases::case::later()", name);
        (outcome, fault)
    });
}

fn the_others_are_silent(profile: Profile) {
    let program = Program::build("cases", profile);
    check_all(&cases("clean_", 50, &program), repeats(3), |name| {
        let outcome = program.run(&[name]);
        let fault = fault_of_clean(&outcome);
        (outcome, fault)
    });
}

#[test]
fn races_are_reported_in_debug() {
    races_are_reported(Profile::Debug);
}

#[test]
fn races_are_reported_in_release() {
    races_are_reported(Profile::Release);
}

#[test]
fn programs_without_a_race_are_silent_in_debug() {
    the_others_are_silent(Profile::Debug);
}

#[test]
fn programs_without_a_race_are_silent_in_release() {
    the_others_are_silent(Profile::Release);
}

#[test]
fn every_case_says_what_to_expect() {
    let program = Program::build("cases", Profile::Debug);
    let all = program.cases();
    assert_eq!(cases("race_", 60, &program).len() + cases("clean_", 50, &program).len(), all.len());
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len(), "a name is there twice");
}

/// The first access lies 20 million accesses back, and its stack is still whole.
#[test]
fn an_old_access_keeps_its_stack() {
    for profile in Profile::BOTH {
        let outcome = Program::build("cases", profile).run(&["race_old_access"]).expect_code(66);
        let reports = Report::all(&outcome.stderr);
        let [report] = reports.as_slice() else { panic!("{outcome:#?}") };
        let frames = ["write_long_ago()", "counters::race_old_access::", "case::earlier()", "case::in_order::"];
        let mut rest = report.previous();
        for frame in frames {
            let at = rest.find(frame).unwrap_or_else(|| panic!("{frame} is missing or out of order: {outcome:#?}"));
            rest = &rest[at + frame.len()..];
        }
        assert!(report.current().contains("counters::race_old_access::"), "{outcome:#?}");
    }
}

/// Functions that were left by a jump are no longer in the stacks, however often that was.
#[test]
fn a_jump_takes_functions_off_the_stack() {
    for profile in Profile::BOTH {
        for case in ["race_after_jumps", "race_after_jumps_out_of_handlers"] {
            let outcome = Program::build("cases", profile).run(&[case]).expect_code(66);
            let reports = Report::all(&outcome.stderr);
            let [report] = reports.as_slice() else { panic!("{outcome:#?}") };
            for stack in [report.current(), report.previous()] {
                assert!(!stack.contains("left_by_") && !stack.contains("deeper"), "{outcome:#?}");
                assert!(stack.lines().count() < 20, "{outcome:#?}");
            }
        }
    }
}

/// The program `host` loads and unloads the library `plugin`.
#[test]
fn libraries_come_and_go() {
    for profile in Profile::BOTH {
        let library = Program::build("plugin", profile).path().with_file_name("libplugin.so");
        let host = Program::build("host", profile);
        let run = |case: &str| host.run(&[case, library.to_str().expect("the path is text")]);
        for case in ["race_in_library", "race_with_library", "race_with_closed_library"] {
            let outcome = run(case);
            let fault = fault_of_racy(&outcome, "host::case::earlier()", "host::case::later()", case);
            assert_eq!(fault, None, "{case}, {profile:?}: {outcome:#?}");
            if case != "race_with_closed_library" {
                let report = Report::all(&outcome.stderr).remove(0);
                assert!(report.current().contains("plugin_write()"), "{outcome:#?}");
            }
        }
        for case in ["clean_reopened_library", "clean_opened_twice"] {
            let outcome = run(case);
            assert_eq!(fault_of_clean(&outcome), None, "{case}, {profile:?}: {outcome:#?}");
        }
    }
}

/// Of an allocator that is not the C library's, nobody knows what else it orders by the lock of std's list of threads.
#[test]
fn blocks_of_an_own_allocator_pass_from_thread_to_thread() {
    for profile in Profile::BOTH {
        let outcome = Program::build("allocator", profile).run(&[]);
        assert_eq!(fault_of_clean(&outcome), None, "{profile:?}: {outcome:#?}");
    }
}

#[test]
fn threads_are_called_by_their_names() {
    let outcome = Program::build("cases", Profile::Debug).run(&["race_named"]).expect_code(66);
    let reports = Report::all(&outcome.stderr);
    let [report] = reports.as_slice() else { panic!("{outcome:#?}") };
    assert!(report.current().contains("by thread 2 'late reader':"), "{outcome:#?}");
    assert!(report.previous().contains("by thread 1 'early writer':"), "{outcome:#?}");
    for creation in ["Thread 1 'early writer' (running) created at:", "Thread 2 'late reader' (running) created at:"] {
        assert!(report.creations().iter().any(|section| section.starts_with(creation)), "{outcome:#?}");
    }
}

/// Which kinds of access the two sides are called, where they are not plain.
#[test]
fn kinds_of_access_are_told_apart() {
    let program = Program::build("cases", Profile::Debug);
    for (case, current, previous) in [
        ("race_plain_read_of_atomic", "Read at", "Previous atomic write at"),
        ("race_plain_write_of_atomic", "Atomic read at", "Previous write at"),
        ("race_volatile_write_plain_read", "Read at", "Previous volatile write at"),
        ("race_plain_write_volatile_read", "Volatile read at", "Previous write at"),
        ("race_free_after_read", "Free at", "Previous read at"),
        ("race_zeroed_allocation", "Read at", "Previous allocation at"),
        ("race_fill", "Write at", "Previous write at"),
    ] {
        let outcome = program.run(&[case]).expect_code(66);
        let report = Report::all(&outcome.stderr).remove(0);
        let first = report.current().lines().nth(1).unwrap_or_default();
        assert!(first.starts_with(current), "{case}: {outcome:#?}");
        assert!(report.previous().starts_with(previous), "{case}: {outcome:#?}");
    }
}
