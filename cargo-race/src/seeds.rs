//! `--seeds N`: one build, then one run for each seed from 1 to N, and each distinct report once.
//!
//! Guarantees: every seed runs, whatever the others did; a report that any process of any run makes is counted, because
//! each process writes its own file; the runs' own output is theirs and untouched. The exit status is the first failing
//! status that is not the detector's 66, else 66 if a run ended so, else 0. An interrupted series leaves no file.
//! Can miss: reports of a process that sets `RACE_OPTIONS` for itself. A user's `exitcode` is taken for a failure of the
//! program's own, which is the status that it asks for, but one word too much in the summary.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::command::Request;
use crate::distinct::DistinctReports;
use crate::error::Error;
use crate::interruption::Interruption;
use crate::setup;
use crate::situation::{Situation, cargo_missing, exit_like, shell_status};

/// The option.
const OPTION: &str = "--seeds";

/// A bound that only a slip of the finger exceeds.
const MOST: u32 = 1_000_000;

/// The environment variable of the detector's options.
const OPTIONS_VARIABLE: &str = "RACE_OPTIONS";

/// The exit status of a process that reported a race and did not fail otherwise.
const RACE_FOUND: i32 = 66;

/// Takes the option out of a request that has it; other commands leave it to cargo to refuse.
pub fn take(request: &mut Request) -> Result<Option<u32>, Error> {
    if !request.runs_repeatedly() {
        return Ok(None);
    }
    request.arguments.take(OPTION).pop().map(|value| parse(&value)).transpose()
}

fn parse(value: &OsString) -> Result<u32, Error> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    let wrong = || Error::WrongSeeds { given: value.to_string_lossy().into_owned(), most: MOST };
    number.filter(|number| (1..=MOST).contains(number)).ok_or_else(wrong)
}

/// Runs all seeds.
pub fn run_all(seeds: u32, request: Request) -> Result<ExitCode, Error> {
    request.require_tool()?;
    let situation = Situation::read(&request.arguments, request.extras)?;
    let entries = setup::ensure(&situation.config, situation.extras)?;
    situation.check_c_compilers(&entries.runtime)?;
    if let Some(build) = request.clone().building_only() {
        let mut build = build.command(&situation, &entries)?;
        let built = build.status().map_err(|reason| cargo_missing(build.get_program(), &reason))?;
        if !built.success() {
            exit_like(built);
        }
    }
    // nextest has a status of its own for a test that failed for whatever reason, races among them.
    let otherwise = if request.name() == "nextest" { "" } else { " otherwise" };
    let lost =
        |path: &Path, reason: std::io::Error| Error::ReportsLost { path: path.to_owned(), reason: reason.to_string() };
    let logs = tempfile::tempdir().map_err(|reason| lost(&std::env::temp_dir(), reason))?;
    let interruption = Interruption::watch(logs.path()).map_err(|reason| lost(logs.path(), reason))?;
    let users_options = std::env::var_os(OPTIONS_VARIABLE).unwrap_or_default();
    let mut reports = DistinctReports::default();
    let mut counts = Vec::new();
    let mut statuses = Vec::new();
    for seed in 1..=seeds {
        eprintln!("cargo race: seed {seed} of {seeds}");
        let log = logs.path().join(format!("seed-{seed}"));
        let mut options = users_options.clone();
        // The last setting of an option counts.
        options.push(format!(" seed={seed} log_path='{}'", log.display()));
        let mut command: Command = request.clone().command(&situation, &entries)?;
        interruption.check();
        let status = command.env(OPTIONS_VARIABLE, options).status();
        let status = status.map_err(|reason| cargo_missing(command.get_program(), &reason))?;
        // Signalled together with us, the run may have ended before we were told.
        interruption.check();
        statuses.push(shell_status(status));
        let found = collect(logs.path(), seed, &mut reports).inspect_err(|_| interruption.check());
        let found = found.map_err(|reason| lost(logs.path(), reason))?;
        counts.push((seed, found));
    }
    eprint!("{reports}");
    eprintln!("{}", summary(seeds, &counts, &statuses, reports.len(), otherwise));
    let status = final_status(&statuses);
    Ok(ExitCode::from(u8::try_from(status).unwrap_or(1)))
}

/// Reads what the processes of a run wrote, and returns how many reports that were.
fn collect(directory: &Path, seed: u32, reports: &mut DistinctReports) -> std::io::Result<usize> {
    let prefix = format!("seed-{seed}.");
    let mut paths = Vec::new();
    for entry in directory.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    let mut found = 0;
    for path in paths {
        found += reports.add(seed, &String::from_utf8_lossy(&std::fs::read(&path)?));
        std::fs::remove_file(&path)?;
    }
    Ok(found)
}

/// The last line: how many reports which seeds found.
fn summary(seeds: u32, counts: &[(u32, usize)], statuses: &[i32], distinct: usize, otherwise: &str) -> String {
    let failed = statuses.iter().filter(|status| !matches!(**status, 0 | RACE_FOUND)).count();
    let others = if failed == 0 { String::new() } else { format!("; {failed} failed{otherwise}") };
    let finding: Vec<String> =
        counts.iter().filter(|(_, found)| *found > 0).map(|(seed, found)| format!("seed {seed}: {found}")).collect();
    let which = if finding.is_empty() { String::new() } else { format!(" ({})", finding.join(", ")) };
    format!("cargo race: {distinct} distinct data race(s); {} of {seeds} runs found some{which}{others}", finding.len())
}

fn final_status(statuses: &[i32]) -> i32 {
    let own = statuses.iter().find(|status| !matches!(**status, 0 | RACE_FOUND));
    own.copied().unwrap_or_else(|| statuses.iter().copied().max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_from_one_is_taken() {
        assert_eq!(parse(&"20".into()).expect("a number"), 20);
        for wrong in ["", "0", "-1", "x", "1000001", "99999999999"] {
            let sentence = parse(&wrong.into()).expect_err("refused").to_string();
            assert_eq!(sentence, format!("--seeds needs a number of runs from 1 to 1000000, not {wrong:?}"));
        }
    }

    #[test]
    fn a_failure_of_the_programs_own_wins_over_66() {
        assert_eq!(final_status(&[0, 0]), 0);
        assert_eq!(final_status(&[0, 66, 0]), 66);
        assert_eq!(final_status(&[66, 101, 7]), 101);
    }

    #[test]
    fn the_summary_names_the_seeds() {
        let text = summary(3, &[(1, 0), (2, 2), (3, 1)], &[0, 66, 101], 2, " otherwise");
        let expected =
            "cargo race: 2 distinct data race(s); 2 of 3 runs found some (seed 2: 2, seed 3: 1); 1 failed otherwise";
        assert_eq!(text, expected);
        assert_eq!(summary(1, &[(1, 0)], &[0], 0, ""), "cargo race: 0 distinct data race(s); 0 of 1 runs found some");
    }
}
