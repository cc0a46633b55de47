//! `#[race::test]`: which tests a race fails, in libtest's own words and exit status.
//!
//! The tests in `fixture` are run by those here, a few at a time in a process of their own, and judged by libtest's
//! output. Without the feature the same tests are plain ones.

mod fixture;
#[path = "../wrapper_case/mod.rs"]
mod wrapper_case;

use std::process::Command;

/// Says that this is the process of a fixture.
const FIXTURE: &str = "RACE_TESTING_FIXTURE";

fn is_on() -> bool {
    std::env::var_os(FIXTURE).is_some()
}

/// How a run of some fixtures ended.
struct Outcome {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    fn all(&self) -> String {
        format!("{:?}\n{}\n{}", self.status, self.out, self.err)
    }

    fn reports(&self) -> usize {
        self.err.matches("WARNING: DATA RACE").count()
    }

    /// Checks which of the fixtures passed and which failed, and how many reports there were.
    #[track_caller]
    fn check(&self, status: i32, passed: &[&str], failed: &[&str], reports: usize) {
        for (names, word) in [(passed, "ok"), (failed, "FAILED")] {
            for name in names {
                let ended = |line: &str| {
                    let rest = line.strip_prefix(&format!("test fixture::{name} "));
                    rest.is_some_and(|rest| rest.ends_with(&format!("... {word}")))
                };
                assert!(self.out.lines().any(ended), "{name} should be {word}: {}", self.all());
            }
        }
        let counts = format!("{} passed; {} failed;", passed.len(), failed.len());
        assert!(self.out.contains(&counts), "{counts} {}", self.all());
        assert_eq!((self.status, self.reports()), (Some(status), reports), "{}", self.all());
    }

    /// Checks that the output of the failed tests, or what the engine says, contains the text.
    #[track_caller]
    fn says(&self, text: &str) {
        assert!(self.out.contains(text) || self.err.contains(text), "{text}: {}", self.all());
    }
}

/// Runs the fixtures whose paths contain `part`, with so many of libtest's threads.
fn run(part: &str, threads: usize) -> Outcome {
    run_with(part, threads, "seed=7")
}

/// The same with these options.
fn run_with(part: &str, threads: usize, options: &str) -> Outcome {
    let output = Command::new(std::env::current_exe().expect("a test knows its own file"))
        .args([&format!("fixture::{part}"), &format!("--test-threads={threads}")])
        .env(FIXTURE, "1")
        .env("RACE_OPTIONS", format!("atexit_sleep_ms=0 {options}"))
        .output()
        .expect("a test can start itself");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { status: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[cfg(race_engine)]
mod with_the_engine {
    use super::*;

    /// What a failed test says of one race.
    const VERDICT: &str = "race detected during execution of test (1 race)\n";

    #[test]
    fn a_race_fails_a_test_whose_assertions_hold() {
        let outcome = run("one::racy", 1);
        outcome.check(101, &[], &["one::racy"], 1);
        outcome.says(VERDICT);
        outcome.says("the racy test was here");
        outcome.says("'fixture::one::racy':\n");
        assert!(outcome.out.contains("wrapper_testing/fixture.rs:"), "the place: {}", outcome.all());
    }

    #[test]
    fn a_silent_test_passes_and_its_output_is_captured() {
        for threads in [1, 2] {
            let outcome = run("one::silent", threads);
            outcome.check(0, &["one::silent"], &[], 0);
            assert!(!outcome.all().contains("was here") && outcome.err.is_empty(), "{}", outcome.all());
        }
    }

    #[test]
    fn a_race_is_charged_to_each_test_in_which_it_happens() {
        for threads in [1, 2] {
            let outcome = run("helper::", threads);
            outcome.check(101, &["helper::third_silent"], &["helper::first", "helper::second"], 2);
            assert_eq!(outcome.out.matches(VERDICT).count(), 2, "{}", outcome.all());
        }
    }

    #[test]
    fn tests_do_not_blame_those_beside_them() {
        let outcome = run("beside::", 4);
        let (silent, racy) = (["beside::silent_one", "beside::silent_two"], ["beside::racy_one", "beside::racy_two"]);
        outcome.check(101, &silent, &racy, 2);
    }

    #[test]
    fn a_race_between_two_tests_fails_both() {
        let outcome = run("between::", 2);
        outcome.check(101, &[], &["between::one", "between::other"], 1);
        assert_eq!(outcome.out.matches(VERDICT).count(), 2, "{}", outcome.all());
    }

    #[test]
    fn a_race_fails_a_test_that_panics_as_it_should() {
        let outcome = run("panics::racy", 1);
        outcome.check(101, &[], &["panics::racy", "panics::racy_otherwise"], 2);
        outcome.says("(1 race); it panicked as it should, and fails because of the race\n");
        outcome.says("note: test did not panic as expected");
        // The other one fails for its message.
        outcome.says(VERDICT);
        outcome.says("note: panic did not contain expected string");
    }

    #[test]
    fn a_silent_test_that_should_panic_has_to() {
        let outcome = run("panics::silent", 1);
        outcome.check(101, &["panics::silent"], &["panics::silent_returns"], 0);
    }

    #[test]
    fn a_failure_of_its_own_stands_beside_the_race() {
        let outcome = run("panics::fails", 1);
        outcome.check(101, &[], &["panics::fails_by_itself_and_races"], 1);
        outcome.says("an assertion of its own");
        outcome.says(VERDICT);
    }

    #[test]
    fn results_are_judged_as_ever() {
        let outcome = run("returns::", 1);
        outcome.check(101, &["returns::silent"], &["returns::racy", "returns::silent_error"], 1);
        outcome.says(VERDICT);
        outcome.says("Error: \"an error of its own\"");
    }

    #[test]
    fn runs_end_with_the_first_that_fails() {
        let outcome = run("repeated::", 2);
        let failed = ["repeated::racy_in_the_third", "repeated::fails_in_the_second", "repeated::fails_in_the_last"];
        outcome.check(101, &["repeated::silent"], &failed, 1);
        outcome.says("(1 race, in run 3 of 5; RACE_OPTIONS='seed=7' asks for the same pauses)");
        outcome.says("test fixture::repeated::fails_in_the_second failed, in run 2 of 5; RACE_OPTIONS='seed=7' asks");
        outcome.says("test fixture::repeated::fails_in_the_last failed, in run 5 of 5;");
        for (run, tests) in [(1, 3), (2, 3), (3, 2), (4, 1), (5, 1), (6, 0)] {
            assert_eq!(outcome.out.matches(&format!("this is run {run}\n")).count(), tests, "{}", outcome.all());
        }
    }

    #[test]
    fn the_failure_says_how_much_was_disturbed() {
        let outcome = run_with("repeated::fails_in_the_second", 1, "perturb=full seed=9");
        outcome.says("failed, in run 2 of 5; RACE_OPTIONS='perturb=full seed=9' asks");
    }

    #[test]
    fn a_race_of_a_thread_left_behind_is_charged_to_the_finished_test() {
        let outcome = run("leak::racy", 1);
        outcome.check(66, &["leak::racy_first", "leak::racy_next"], &[], 1);
        let last =
            "race: 1 race(s) were charged to the finished test fixture::leak::racy_first\nFound 1 data race(s)\n";
        assert!(outcome.err.ends_with(last), "{}", outcome.all());
    }

    #[test]
    fn a_thread_left_behind_that_does_not_race_is_no_matter() {
        run("leak::silent", 1).check(0, &["leak::silent_first", "leak::silent_next"], &[], 0);
    }

    #[test]
    fn plain_tests_fail_by_the_exit_status() {
        run("plain::racy", 1).check(66, &["plain::racy"], &[], 1);
        run("plain::silent", 1).check(0, &["plain::silent"], &[], 0);
        run("plain::failing", 1).check(101, &[], &["plain::failing_and_racy"], 1);
    }
}

#[cfg(not(race_engine))]
mod without_the_engine {
    use super::*;

    #[test]
    fn tests_are_plain_ones() {
        run("one::", 2).check(0, &["one::racy", "one::silent"], &[], 0);
        let panics = ["panics::racy", "panics::silent"];
        let returns = ["panics::racy_otherwise", "panics::silent_returns", "panics::fails_by_itself_and_races"];
        run("panics::", 2).check(101, &panics, &returns, 0);
        let outcome = run("returns::", 2);
        outcome.check(101, &["returns::racy", "returns::silent"], &["returns::silent_error"], 0);
        outcome.says("Error: \"an error of its own\"");
    }

    #[test]
    fn there_is_one_run() {
        let outcome = run("repeated::", 2);
        let all = ["racy_in_the_third", "fails_in_the_second", "fails_in_the_last", "silent"];
        outcome.check(0, &all.map(|name| format!("repeated::{name}")).each_ref().map(String::as_str), &[], 0);
    }
}
