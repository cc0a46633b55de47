//! The options and the exit status, seen from outside a program with a race.

mod common;
mod whole_program;

use std::path::Path;
use std::process::Command;

use common::{Outcome, make_pipe, race, run, temporary_directory};
use whole_program::{Profile, Program, Report, repository};

/// Runs the case with two unlocked counters under `options`.
fn counter(options: &str) -> Outcome {
    let program = Program::build("cases", Profile::Debug);
    run(program.command(&["race_counter"]).env("RACE_OPTIONS", options))
}

fn found_line(reports: usize) -> String {
    format!("Found {reports} data race(s)\n")
}

#[test]
fn a_race_ends_the_program_with_66_and_the_count() {
    let outcome = counter("").expect_code(66);
    let reports = Report::all(&outcome.stderr);
    assert!(!reports.is_empty());
    assert!(outcome.stderr.ends_with(&found_line(reports.len())), "{outcome:#?}");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn cargo_race_run_ends_as_the_program_does() {
    let mut command = race(["run", "--quiet", "--package", "cases", "--", "race_counter"]);
    command.current_dir(repository().join("tests/whole-program"));
    command.env("CARGO_TARGET_DIR", common::scratch().join("whole-program")).env_remove("RACE_OPTIONS");
    let outcome = run(&mut command).expect_code(66);
    assert!(outcome.stderr.contains("WARNING: DATA RACE"), "{outcome:#?}");
}

#[test]
fn exitcode_takes_the_place_of_66() {
    assert!(counter("exitcode=13").expect_code(13).stderr.contains("WARNING: DATA RACE"));
    assert!(counter("exitcode=0").expect_code(0).stderr.contains("WARNING: DATA RACE"));
}

#[test]
fn a_program_that_fails_keeps_its_own_status() {
    let program = Program::build("cases", Profile::Debug);
    let outcome = program.run(&["race_counter", "3"]).expect_code(3);
    assert!(outcome.stderr.contains("WARNING: DATA RACE"), "{outcome:#?}");
}

#[test]
fn halt_on_error_ends_after_the_first_report() {
    let outcome = counter("halt_on_error=1").expect_code(66);
    assert_eq!(Report::all(&outcome.stderr).len(), 1, "{outcome:#?}");
    assert!(outcome.stderr.ends_with("\n==================\n"), "no count of races: {outcome:#?}");
}

#[test]
fn log_path_takes_everything() {
    let place = temporary_directory();
    let path = place.path().join("races");
    let outcome = counter(&format!("log_path={}", path.display())).expect_code(66);
    assert_eq!(outcome.stderr, "");
    let files: Vec<_> = place.path().read_dir().expect("exists").map(|entry| entry.expect("readable")).collect();
    let [file] = files.as_slice() else { panic!("one file, not {files:?}") };
    let name = file.file_name().to_string_lossy().into_owned();
    let process = name.strip_prefix("races.").expect("the given name, a dot and the process");
    assert!(process.parse::<u32>().is_ok(), "{name}");
    let text = std::fs::read_to_string(file.path()).expect("text");
    assert!(text.ends_with(&found_line(Report::all(&text).len())), "{text}");

    let outcome = counter("log_path=stdout").expect_code(66);
    assert_eq!(outcome.stderr, "");
    assert!(outcome.stdout.contains("WARNING: DATA RACE") && outcome.stdout.contains("Found "), "{outcome:#?}");
}

#[test]
fn a_log_that_cannot_be_written_is_refused_at_the_start() {
    let outcome = counter("log_path=/no/such/directory/races").expect_code(2);
    assert!(outcome.stderr.starts_with("race: ") && outcome.stderr.lines().count() == 1, "{outcome:#?}");
}

/// The number of the process is known before the program starts.
#[test]
fn a_log_that_is_no_plain_file_is_refused_at_the_start() {
    let (program, place) = (Program::build("cases", Profile::Debug), temporary_directory());
    let mut command = Command::new("timeout");
    command.args(["60", "sh", "-c", "mkfifo \"$LOG.$$\" && exec \"$0\" race_counter"]).arg(program.path());
    let log = place.path().join("races");
    command.env("LOG", &log).env("RACE_OPTIONS", format!("log_path={}", log.display()));
    let outcome = run(&mut command).expect_code(2);
    assert!(outcome.stderr.contains("which cannot be written (it is no plain file)"), "{outcome:#?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
}

#[test]
fn strip_path_prefix_cuts_after_the_first_occurrence() {
    let place_of = |outcome: &Outcome, function: &str| {
        let mut lines = outcome.stderr.lines().skip_while(|line| line.trim() != function);
        lines.nth(1).unwrap_or_else(|| panic!("no {function} in {outcome:#?}")).trim().to_owned()
    };
    let function = "cases::counters::count()";
    let whole = place_of(&counter(""), function);
    let file = whole.split(':').next().expect("split gives one piece at least");
    assert!(Path::new(file).is_file(), "{whole}");
    let stripped = place_of(&counter("strip_path_prefix=whole-program/cases/"), function);
    assert!(stripped.starts_with("src/counters.rs:"), "{stripped}");
    assert!(whole.contains(&format!("cases/{}", stripped.split(' ').next().expect("one piece"))), "{whole} {stripped}");
}

#[test]
fn report_bugs_0_is_silent() {
    let outcome = counter("report_bugs=0").expect_code(0);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn equal_stacks_are_reported_once_unless_asked_for() {
    let program = Program::build("cases", Profile::Debug);
    let reports = |options: &str| {
        let outcome = run(program.command(&["race_many_places"]).env("RACE_OPTIONS", options)).expect_code(66);
        let reports = Report::all(&outcome.stderr).len();
        assert!(outcome.stderr.ends_with(&found_line(reports)), "{outcome:#?}");
        reports
    };
    assert_eq!(reports(""), 1);
    assert_eq!(reports("suppress_equal_stacks=0"), 8);
}

#[test]
fn races_beyond_max_reports_are_counted() {
    let program = Program::build("cases", Profile::Debug);
    let options = "suppress_equal_stacks=0 max_reports=3";
    let outcome = run(program.command(&["race_many_places"]).env("RACE_OPTIONS", options)).expect_code(66);
    assert_eq!(Report::all(&outcome.stderr).len(), 3);
    assert!(outcome.stderr.contains("race: 5 races not reported (max_reports)\n"), "{outcome:#?}");
    assert!(outcome.stderr.ends_with(&found_line(3)), "{outcome:#?}");
}

#[test]
fn suppressed_races_are_not_reported_but_counted() {
    let place = temporary_directory();
    let file = place.path().join("suppressions");
    let with = |text: &str| {
        std::fs::write(&file, text).expect("the directory is there");
        counter(&format!("verbose=1 suppressions={}", file.display()))
    };
    for entry in ["race:cases::counters::count", "race:cases::counters", "race_top:^cases::*::write$"] {
        let outcome = with(&format!("# Known.\n\n{entry}\n")).expect_code(0);
        assert!(!outcome.stderr.contains("DATA RACE") && !outcome.stderr.contains("Found "), "{outcome:#?}");
        assert!(outcome.stderr.contains(&format!("race(s) suppressed by {entry}\n")), "{outcome:#?}");
    }
    for entry in ["race:no_such_function", "race_top:counters::count", "race:count::$"] {
        let outcome = with(entry).expect_code(66);
        assert!(!outcome.stderr.contains("suppressed"), "{outcome:#?}");
    }
}

#[test]
fn suppressions_that_cannot_be_understood_are_refused_at_the_start() {
    let place = temporary_directory();
    let file = place.path().join("suppressions");
    std::fs::write(&file, "race:one\nmutex:two\n").expect("the directory is there");
    // Nobody ever writes to it: who opened it to read would wait without end.
    let pipe = place.path().join("pipe");
    make_pipe(&pipe);
    for (path, word) in [
        (file, "suppressions:2: \"mutex:two\""),
        (place.path().join("none"), "none, which cannot be read"),
        (pipe, "pipe, which cannot be read (it is no plain file)"),
        (place.path().to_owned(), "which cannot be read (it is no plain file)"),
        ("/dev/zero".into(), "/dev/zero, which cannot be read (it is no plain file)"),
    ] {
        let outcome = counter(&format!("suppressions={}", path.display())).expect_code(2);
        assert!(outcome.stderr.starts_with("race: RACE_OPTIONS: ") && outcome.stderr.contains(word), "{outcome:#?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
    }
}

#[test]
fn a_wrong_option_is_refused_before_the_program_starts() {
    let program = Program::build("cases", Profile::Debug);
    for (options, word) in [("no_such_option=1", "no_such_option"), ("exitcode=300", "300"), ("exitcode", "exitcode")] {
        let outcome = run(program.command(&["list"]).env("RACE_OPTIONS", options)).expect_code(2);
        assert_eq!(outcome.stdout, "", "{options}: the program must not have run");
        assert!(outcome.stderr.starts_with("race: RACE_OPTIONS: "), "{outcome:#?}");
        assert!(outcome.stderr.contains(word), "{outcome:#?}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:#?}");
    }
}

#[test]
fn help_prints_the_options_and_ends() {
    let outcome = counter("help=1").expect_code(0);
    assert!(outcome.stderr.contains("halt_on_error") && !outcome.stderr.contains("DATA RACE"), "{outcome:#?}");
}
