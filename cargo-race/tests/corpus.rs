//! Real races in published crates, if a corpus of them lies beside the repository: every vulnerable version is reported,
//! every repaired one is silent.
//!
//! The corpus is `$RACE_CORPUS`, else `../shared/corpus/rustsec` seen from the repository: a directory of standalone
//! projects, each with a `case.toml` that names the vulnerable crate and says what to expect. Without one the test says
//! so and has nothing to check. A few cases by default; `RACE_CORPUS_ALL=1` takes all, `RACE_CORPUS_PROFILE=release`
//! another profile, `RACE_CORPUS_ONLY=NAME` a single case, `RACE_TEST_REPEATS=5` five runs of each. With
//! `RACE_CORPUS_SEEDS=20` a race counts as found when one of the seeds 1 to 20 shows it.
//! Can miss: what it expects of a report is a frame of the crate or of the case on both sides, not the very lines.

mod common;
mod whole_program;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{Outcome, scratch};
use serde::Deserialize;
use whole_program::{Profile, Program, Report, check_all, fault_of_clean, repeats, repository};

/// Checked by default, with their repaired twins.
const FEW: [&str; 6] = ["abox", "dashmap", "event-listener", "im", "lock_api", "spin-rwlock"];

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Race,
    Clean,
}

#[derive(Debug, Deserialize)]
struct Case {
    #[serde(skip)]
    name: String,
    #[serde(rename = "crate")]
    vulnerable: Option<String>,
    expect: Expected,
}

impl AsRef<str> for Case {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

fn corpus() -> Option<PathBuf> {
    match std::env::var_os("RACE_CORPUS") {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(path.is_dir(), "RACE_CORPUS must be a directory: {}", path.display());
            Some(path)
        }
        None => Some(repository().parent()?.join("shared/corpus/rustsec")).filter(|path| path.is_dir()),
    }
}

fn is_wanted(name: &str) -> bool {
    if let Ok(only) = std::env::var("RACE_CORPUS_ONLY") {
        return name == only;
    }
    let all = std::env::var("RACE_CORPUS_ALL").is_ok_and(|value| value == "1");
    all || FEW.contains(&name.trim_end_matches("-fixed"))
}

/// Up to which seed a race is looked for; `None` when each run draws its own.
fn seeds() -> Option<u32> {
    let text = std::env::var("RACE_CORPUS_SEEDS").ok()?;
    let seeds = text.parse().ok().filter(|seeds| *seeds > 0);
    Some(seeds.unwrap_or_else(|| panic!("RACE_CORPUS_SEEDS must be a number from 1 on, not {text:?}")))
}

fn parse<T: for<'text> Deserialize<'text>>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    toml::from_str(&text).unwrap_or_else(|reason| panic!("{}: {reason}", path.display()))
}

/// The wanted cases, sorted by name.
fn cases(corpus: &Path) -> Vec<Case> {
    let names = corpus.read_dir().expect("a directory").map(|entry| entry.expect("readable").file_name());
    let mut names: Vec<String> =
        names.filter_map(|name| name.into_string().ok()).filter(|name| is_wanted(name)).collect();
    names.sort();
    let case = |name: String| Case { name: name.clone(), ..parse(&corpus.join(name).join("case.toml")) };
    names.into_iter().map(case).collect()
}

fn fault(case: &Case, package: &str, outcome: &Outcome) -> Option<String> {
    if case.expect == Expected::Clean {
        return fault_of_clean(outcome);
    }
    let names = [Some(package), case.vulnerable.as_deref()];
    let is_theirs = |section: &str| names.iter().flatten().any(|name| has_frame_of(section, name));
    let reports = Report::all(&outcome.stderr);
    if outcome.status.code() != Some(66) || reports.is_empty() {
        Some("no race was reported".to_owned())
    } else if !reports.iter().any(|report| is_theirs(report.current()) && is_theirs(report.previous())) {
        Some("no report has the crate or the case on both sides".to_owned())
    } else {
        None
    }
}

/// Whether a section has a frame of the package: `crate_name::` in a function or `package-1.2.3/` in a path.
fn has_frame_of(section: &str, package: &str) -> bool {
    let has = |name: &str, end: &str| {
        section.match_indices(&format!("{name}{end}")).any(|(at, _)| {
            let before = section[..at].chars().next_back();
            !before.is_some_and(|character| character.is_alphanumeric() || character == '_' || character == '-')
        })
    };
    has(&package.replace('-', "_"), "::") || has(package, "-")
}

#[test]
fn published_races_are_reported_and_their_repairs_are_silent() {
    let Some(corpus) = corpus() else {
        eprintln!("no corpus beside the repository and RACE_CORPUS is not set: nothing is checked");
        return;
    };
    let profile = match std::env::var("RACE_CORPUS_PROFILE").as_deref() {
        Err(_) | Ok("debug") => Profile::Debug,
        Ok("release") => Profile::Release,
        Ok(other) => panic!("RACE_CORPUS_PROFILE must be debug or release, not {other:?}"),
    };
    let cases = cases(&corpus);
    assert!(!cases.is_empty(), "no case is wanted from {}", corpus.display());
    let target = scratch().join("corpus");
    let mut programs = BTreeMap::new();
    for case in &cases {
        let project = corpus.join(&case.name);
        let Manifest { package } = parse(&project.join("Cargo.toml"));
        let program = Program::build_at(&project, &target, &package.name, profile, &[]);
        programs.insert(case.name.as_str(), (package.name, program));
    }
    let seeds = seeds();
    check_all(&cases, repeats(1), |case| {
        let (package, program) = &programs[case.name.as_str()];
        let judged = |outcome: Outcome| {
            let fault = fault(case, package, &outcome);
            (outcome, fault)
        };
        let Some(last) = seeds.filter(|_| case.expect == Expected::Race) else { return judged(program.run(&[])) };
        let with = |seed: u32| judged(common::run(program.command(&[]).env("RACE_OPTIONS", format!("seed={seed}"))));
        (1..last).map(with).find(|(_, fault)| fault.is_none()).unwrap_or_else(|| with(last))
    });
    let count = |expected| cases.iter().filter(|case| case.expect == expected).count();
    eprintln!("{} with a race, {} repaired, {} runs each", count(Expected::Race), count(Expected::Clean), repeats(1));
}
