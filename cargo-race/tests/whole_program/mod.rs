//! What the tests of the whole-program tier share: programs built by `cargo race` in one place, run one process per case
//! under a time limit, and their reports taken apart.
//!
//! How often a case runs is the caller's choice; the variable `RACE_TEST_REPEATS` overrules it, for the full figures.

// Each test binary uses its own part of this module.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Outcome, race, run, scratch};

/// How a program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Debug,
    Release,
}

impl Profile {
    pub const BOTH: [Self; 2] = [Self::Debug, Self::Release];

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Debug => &[],
            Self::Release => &["--release"],
        }
    }

    fn directory(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// What one run may take. Most take a tenth of a second; a deadlock must not stop the suite.
const TIME_LIMIT: &str = "120";
/// How `timeout` ends when the time was up.
const TIMED_OUT: i32 = 124;

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

/// How often to run each case.
pub fn repeats(otherwise: usize) -> usize {
    match std::env::var("RACE_TEST_REPEATS") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("RACE_TEST_REPEATS must be a number, not {text:?}")),
        Err(_) => otherwise,
    }
}

/// A program in `tests/whole-program`, built.
pub struct Program(PathBuf);

impl Program {
    /// Builds the package `name`; the target directory is common to all tests.
    pub fn build(name: &str, profile: Profile) -> Self {
        let project = repository().join("tests/whole-program");
        let target = scratch().join("whole-program");
        Self::build_at(&project, &target, name, profile, &["--package", name])
    }

    /// The same with its C and C++ code instrumented.
    pub fn build_with_c(name: &str, profile: Profile) -> Self {
        let project = repository().join("tests/whole-program");
        Self::build_at(&project, &scratch().join("whole-program"), name, profile, &["--package", name, "--c"])
    }

    /// The same with the engine's code put into it.
    pub fn build_inlined(name: &str, profile: Profile) -> Self {
        let project = repository().join("tests/whole-program");
        Self::build_at(&project, &scratch().join("whole-program"), name, profile, &["--package", name, "--inline"])
    }

    /// Builds a project anywhere. `arguments` are cargo's.
    pub fn build_at(project: &Path, target: &Path, name: &str, profile: Profile, arguments: &[&str]) -> Self {
        let mut command = race(["build", "--quiet", "--locked"]);
        command.args(arguments).args(profile.arguments()).current_dir(project).env("CARGO_TARGET_DIR", target);
        run(&mut command).expect_code(0);
        let subdirectory = match arguments {
            [.., "--c"] => "race-c",
            [.., "--inline"] => "race-inline",
            _ => "race",
        };
        let directory = target.join(subdirectory).join("x86_64-unknown-linux-gnu").join(profile.directory());
        Self(directory.join(name))
    }

    /// The program's file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A run with `arguments`, not yet started: under the time limit, and with no options of the developer's.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", TIME_LIMIT]).arg(&self.0).args(arguments);
        command.env_remove("RACE_OPTIONS").env_remove("RUST_BACKTRACE");
        command
    }

    /// A whole run.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        run(&mut self.command(arguments))
    }

    /// The names of all cases.
    pub fn cases(&self) -> Vec<String> {
        self.run(&["list"]).expect_code(0).stdout.lines().map(str::to_owned).collect()
    }
}

/// One report: what stands between two lines of `=`, but for the locks held and the schedule.
#[derive(Debug)]
pub struct Report {
    pub sections: Vec<String>,
}

impl Report {
    /// All reports in a program's output. Fails when one is not closed.
    pub fn all(output: &str) -> Vec<Self> {
        const LINE: &str = "==================\n";
        let pieces: Vec<&str> = output.split(LINE).collect();
        assert!(pieces.len() % 2 == 1, "an odd number of lines of =: {output}");
        let texts = pieces.into_iter().skip(1).step_by(2);
        // Locks that were held stand between the two accesses, the schedule at the end.
        let is_wanted = |section: &&str| !section.starts_with("Holding ") && !section.starts_with("Schedule: ");
        let sections = |text: &str| text.split("\n\n").filter(is_wanted).map(str::to_owned).collect();
        texts.map(|text| Self { sections: sections(text) }).collect()
    }

    /// The access that completed the race.
    pub fn current(&self) -> &str {
        &self.sections[0]
    }

    /// The earlier access.
    pub fn previous(&self) -> &str {
        self.sections.get(1).map_or("", String::as_str)
    }

    /// Where the threads were created.
    pub fn creations(&self) -> &[String] {
        self.sections.get(2..).unwrap_or_default()
    }
}

/// What is wrong with a run that should have reported a race between functions whose names contain `earlier` and `later`,
/// in threads created by `creator`, and nothing else.
pub fn fault_of_racy(outcome: &Outcome, earlier: &str, later: &str, creator: &str) -> Option<String> {
    let reports = Report::all(&outcome.stderr);
    if outcome.status.code() != Some(66) {
        return Some("the exit status is not 66".to_owned());
    }
    if !outcome.stderr.ends_with(&format!("\nFound {} data race(s)\n", reports.len())) {
        return Some("the last line does not count the reports".to_owned());
    }
    reports.iter().find_map(|report| {
        let fault = if !report.current().starts_with("WARNING: DATA RACE\n") {
            "has no heading"
        } else if !report.current().contains(later) {
            "lacks the later access's function in its first section"
        } else if !report.previous().starts_with("Previous ") || !report.previous().contains(earlier) {
            "lacks the earlier access's function in its second section"
        } else if report.creations().is_empty() || !report.creations().iter().all(|text| text.contains(creator)) {
            "does not lead to the place where the threads were created"
        } else {
            return None;
        };
        Some(format!("a report {fault}"))
    })
}

/// What is wrong with a run that should have been silent.
pub fn fault_of_clean(outcome: &Outcome) -> Option<String> {
    if outcome.status.code() == Some(TIMED_OUT) {
        Some("it did not end".to_owned())
    } else if outcome.status.code() != Some(0) {
        Some("the exit status is not 0".to_owned())
    } else if !outcome.stderr.is_empty() {
        Some("it was not silent".to_owned())
    } else {
        None
    }
}

/// Runs every case `repeats` times, two processes at once, and fails with all faults that `fault` finds.
#[track_caller]
pub fn check_all<Case: Sync + AsRef<str>>(
    cases: &[Case],
    repeats: usize,
    fault: impl Fn(&Case) -> (Outcome, Option<String>) + Sync,
) {
    let next = AtomicUsize::new(0);
    let faults = Mutex::new(Vec::new());
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = (0..repeats).filter_map(|_| {
                let (outcome, fault) = fault(case);
                fault.map(|fault| (outcome, fault))
            });
            let found: Vec<_> = found.collect();
            if let Some((outcome, fault)) = found.first() {
                let text = format!(
                    "{}, {} of {repeats} runs: {fault}\nstatus: {}\n{}{}",
                    case.as_ref(),
                    found.len(),
                    outcome.status,
                    outcome.stdout,
                    outcome.stderr
                );
                faults.lock().expect("no thread panics with the lock").push(text);
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let faults = faults.into_inner().expect("no thread panicked with the lock");
    assert!(faults.is_empty(), "{} of {} cases failed:\n{}", faults.len(), cases.len(), faults.join("\n"));
}
