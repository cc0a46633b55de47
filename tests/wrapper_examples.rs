//! The examples do what their headers say: with the feature the racy variant of each is reported and the fixed one is
//! silent; without it both are plain programs that end well.
//!
//! Guarantees: every file in the folder is run, so none can be forgotten. Can miss: a header that describes the report
//! wrongly, beyond the file that both stacks lead to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// Programs of one variant. Those for the subcommand have nothing that this tier sees.
const SINGLE: [&str; 4] = ["counter", "counter_fixed", "std_counter", "std_counter_fixed"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

fn source(example: &str) -> String {
    fs::read_to_string(folder().join(example).with_extension("rs")).expect("an example can be read")
}

/// The names of all examples.
fn all() -> BTreeSet<String> {
    let files = fs::read_dir(folder()).expect("the examples can be listed");
    let paths = files.map(|file| file.expect("a file can be listed").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned())
        .collect()
}

/// The names of the examples with two variants.
fn pairs() -> Vec<String> {
    let pairs: Vec<String> = all().into_iter().filter(|name| !SINGLE.contains(&name.as_str())).collect();
    assert!(pairs.len() >= 18, "examples are missing: {pairs:?}");
    pairs
}

/// Where the examples are that this build of the tests belongs to: made on purpose, since the tests of a single file come
/// without them, or with those of another day.
static BINARIES: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().expect("a test knows its own file");
    let profile = test.ancestors().nth(2).expect("a test lies in a folder of its profile");
    let target = profile.parent().expect("a profile lies in the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--examples", "--target-dir"]).arg(target);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    if cfg!(feature = "race") {
        cargo.args(["--features", "race"]);
    }
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    profile.join("examples")
});

fn run(example: &str, arguments: &[&str]) -> Output {
    // A program that hangs is killed, and fails.
    let mut program = Command::new("timeout");
    program.arg("60").arg(BINARIES.join(example)).args(arguments);
    program.env("RACE_OPTIONS", "atexit_sleep_ms=0").output().expect("an example runs")
}

/// The only line that a program wrote to stdout, without its numbers: a race may change them.
fn shape_of_line(example: &str, output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), 1, "{example} is to print one line:\n{text}");
    text.replace(|character: char| character.is_ascii_digit() || character == '-', "")
}

#[track_caller]
fn assert_silent(example: &str, output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*text), (Some(0), ""), "{example}");
}

/// That a program was reported as racy, and both stacks and the origin of a thread lead to its file.
#[track_caller]
fn assert_reported(example: &str, output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(66), "{example}:\n{text}");
    let (_, reports) =
        text.split_once("WARNING: DATA RACE\n").unwrap_or_else(|| panic!("no report of {example}:\n{text}"));
    let report = reports.split("==================").next().unwrap_or_default();
    let place = format!("examples/{example}.rs:");
    let mut sections = report.trim_end().split("\n\n");
    let current = sections.next().unwrap_or_default();
    assert!(current.contains(" at 0x") && current.contains(&place), "{example}, the access:\n{text}");
    let mut leads_here = |heading: &str| {
        sections.by_ref().any(|section| {
            section.lines().next().is_some_and(|first| first.contains(heading)) && section.contains(&place)
        })
    };
    assert!(leads_here("Previous "), "{example}, the access before:\n{text}");
    assert!(leads_here(" created at:"), "{example}, the origin of a thread:\n{text}");
}

#[test]
fn every_mistake_is_reported_and_every_fix_is_silent() {
    for example in pairs() {
        let racy = run(&example, &[]);
        if cfg!(race_engine) {
            assert_reported(&example, &racy);
        } else {
            assert_silent(&example, &racy);
        }
        let fixed = run(&example, &["fixed"]);
        assert_silent(&example, &fixed);
        assert_eq!(shape_of_line(&example, &racy), shape_of_line(&example, &fixed), "{example}");
    }
}

#[test]
fn other_arguments_are_refused() {
    for example in pairs() {
        for arguments in [&["fixd"][..], &["fixed", "fixed"]] {
            let output = run(&example, arguments);
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{example}: {text}");
            assert!(text.starts_with("error: ") && output.stdout.is_empty(), "{example}: {text}");
        }
    }
}

#[test]
fn every_example_says_what_to_read_and_is_in_the_table() {
    let table = fs::read_to_string(folder().join("README.md")).expect("the table can be read");
    for example in all() {
        assert!(table.contains(&format!("| [`{example}`]({example}.rs) |")), "examples/README.md lacks {example}");
    }
    for example in pairs() {
        let source = source(&example);
        for part in ["The mistake", "To read in the ", "The fix:", &format!("--example {example}`")] {
            assert!(source.contains(part), "{example} lacks {part:?}");
        }
    }
}

#[test]
fn the_counter_is_reported() {
    let output = run("counter", &[]);
    let report = String::from_utf8_lossy(&output.stderr);
    if cfg!(race_engine) {
        assert_reported("counter", &output);
        assert_eq!(report.matches("WARNING: DATA RACE").count(), 1, "{report}");
        assert_eq!(report.matches("counter::Shared::add()").count(), 2, "{report}");
        assert_eq!(report.matches(" created at:\n").count(), 2, "{report}");
        assert!(report.ends_with("Found 1 data race(s)\n"), "{report}");
    } else {
        assert_silent("counter", &output);
    }
}

#[test]
fn the_cured_counter_is_silent() {
    for example in ["counter_fixed", "std_counter_fixed"] {
        let output = run(example, &[]);
        assert_silent(example, &output);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "2000\n", "{example}");
    }
}

#[test]
fn a_program_without_race_types_is_left_alone() {
    assert_silent("std_counter", &run("std_counter", &[]));
}
