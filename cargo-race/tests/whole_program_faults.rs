//! Programs that end, or are ended, while reports are written, and places that reports cannot be written to.
//!
//! A report is one call of the kernel's and reports follow each other. So whatever ends the process, what was written is
//! whole reports, and at most one more that the kernel has cut off, at the end.

mod common;
mod whole_program;

use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use common::{Outcome, run, temporary_directory};
use whole_program::{Profile, Program};

const RULE: &str = "==================\n";

/// A run of the program with all its reports in a file, whose content is returned, too.
fn with_log(program: &str) -> (Outcome, String) {
    let place = temporary_directory();
    let faults = Program::build("faults", Profile::Debug);
    let options = format!("suppress_equal_stacks=0 log_path={}", place.path().join("log").display());
    let mut command = faults.command(&[program]);
    let outcome = run(command.env("RACE_OPTIONS", options));
    let files: Vec<_> = place.path().read_dir().expect("exists").map(|entry| entry.expect("readable").path()).collect();
    let [file] = files.as_slice() else { panic!("one file, not {files:?}: {outcome:#?}") };
    let log = std::fs::read_to_string(file).expect("text");
    (outcome, log)
}

/// Takes whole reports off the front of `log`, and returns how many there are and what follows them.
fn whole_reports(log: &str) -> (usize, &str) {
    let (mut count, mut rest) = (0, log);
    while let Some(report) = rest.strip_prefix(RULE)
        && let Some((report, after)) = report.split_once(RULE)
    {
        let is_whole = report.starts_with("WARNING: DATA RACE\n")
            && report.contains("\n\nPrevious ")
            && report.contains(" created at:\n")
            && report.ends_with('\n');
        assert!(is_whole, "report {count} is not whole: {report}");
        (count, rest) = (count + 1, after);
    }
    (count, rest)
}

/// The log of a process that was killed: whole reports, and perhaps the beginning of another.
#[track_caller]
fn check_killed(program: &str, signal: i32) {
    let (outcome, log) = with_log(program);
    let ended_by = outcome.status.signal().or(outcome.status.code().map(|code| code - 128));
    assert_eq!(ended_by, Some(signal), "{program}: {outcome:#?}");
    let (count, rest) = whole_reports(&log);
    assert!(count >= 5, "{program}: {log}");
    let is_cut = RULE.starts_with(rest) || rest.starts_with(RULE) && !rest.contains("Found ");
    assert!(is_cut, "{program}: after {count} reports comes {rest}");
}

#[test]
fn reports_are_whole_when_the_program_is_killed() {
    check_killed("abort", 6);
    check_killed("fault", 11);
    check_killed("terminate", 15);
    check_killed("panic", 6);
}

/// The count is told when no more reports come, and is that of the reports.
#[test]
fn reports_are_whole_and_counted_when_another_thread_exits() {
    for _ in 0..5 {
        let (outcome, log) = with_log("exit");
        assert_eq!(outcome.status.code(), Some(66), "{outcome:#?}");
        let (count, rest) = whole_reports(&log);
        assert!(count >= 5 && rest.starts_with("race: "), "{rest}");
        assert!(rest.ends_with(&format!("\nFound {count} data race(s)\n")), "after {count} reports comes {rest}");
    }
}

/// The engine's work holds no place at which the C library ends a thread.
#[test]
fn a_cancelled_thread_ends_at_a_place_of_its_own() {
    let (outcome, log) = with_log("cancel");
    assert_eq!((outcome.status.code(), outcome.stdout.as_str()), (Some(66), "ended\n"), "{outcome:#?}");
    let (count, rest) = whole_reports(&log);
    assert!(rest.ends_with(&format!("\nFound {count} data race(s)\n")), "after {count} reports comes {rest}");
}

/// What cannot be written changes nothing else: the program runs to its end and has the status of one with races.
#[test]
fn a_full_disk_or_a_closed_stderr_stops_nobody() {
    let program = Program::build("cases", Profile::Debug);
    let full = OpenOptions::new().write(true).open("/dev/full").expect("every Linux has it");
    let status = program.command(&["race_counter"]).stderr(full).status().expect("it starts");
    assert_eq!(status.code(), Some(66));
    let status = program.command(&["race_counter"]).stderr(Stdio::null()).status().expect("it starts");
    assert_eq!(status.code(), Some(66));
    let mut closed = std::process::Command::new("sh");
    closed.args(["-c", "exec \"$@\" 2>&-", "sh"]).arg(program.path()).arg("race_counter").env_remove("RACE_OPTIONS");
    let outcome = run(&mut closed).expect_code(66);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}
