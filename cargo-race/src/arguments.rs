//! The command line: ours up to the subcommand, cargo's from there on, untouched.
//!
//! Guarantee: every argument after `run`, `test`, `build`, `bench` or `nextest` reaches cargo byte for byte and in order, `--`
//! included, but for `--seeds`, `--c` and `--inline`, which are ours and which cargo does not know.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Finds data races: builds every crate and std instrumented and runs the program under the detector.
#[derive(Parser)]
#[command(name = "cargo race", bin_name = "cargo race", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Subcommand)]
pub enum Action {
    /// Prepares the instrumented std now instead of at the first use, and prints where it is
    Setup,
    /// Like `cargo run`, under the race detector
    Run(CargoArguments),
    /// Like `cargo test`, under the race detector
    Test(CargoArguments),
    /// Like `cargo build`, under the race detector
    Build(CargoArguments),
    /// Like `cargo bench`, under the race detector
    Bench(CargoArguments),
    /// Like `cargo nextest`, under the race detector; cargo-nextest must be installed
    Nextest(CargoArguments),
    /// Prints the environment in which cargo, called by other build systems, builds what `cargo race build` builds
    ///
    /// For a shell: eval "$(cargo race env)"
    Env(EnvironmentArguments),
    /// Says in plain words what a command would do here, and does nothing
    Explain(ExplainArguments),
    /// Judges a recording that a program made with RACE_OPTIONS=record=FILE, and prints the reports
    ///
    /// The exit status is 66 if there is a race, 0 if there is none
    Analyze(AnalyzeArguments),
    /// Removes the cache of instrumented standard libraries
    Clean,
}

/// Arguments that only cargo interprets.
#[derive(Args)]
pub struct CargoArguments {
    /// Cargo's own arguments, exactly as cargo takes them (see `cargo help test` and so on). And `--c`: instrument C and
    /// C++ code that build scripts compile, too; `--inline`: put the detector's first steps into the program instead of calls,
    /// which makes most programs faster and all larger. `run`, `test` and `nextest run` also take `--seeds N`: run with the seeds 1
    /// to N and show each distinct report once
    #[arg(value_name = "CARGO ARGUMENTS", allow_hyphen_values = true, trailing_var_arg = true)]
    pub cargo: Vec<OsString>,
}

/// Arguments of `env`.
#[derive(Args)]
pub struct EnvironmentArguments {
    /// Print one JSON object instead of shell commands
    #[arg(long)]
    pub json: bool,
    /// Instrument C and C++ code that build scripts compile, too
    #[arg(long)]
    pub c: bool,
    /// Put the detector's first steps into the program instead of calls
    #[arg(long)]
    pub inline: bool,
    /// Cargo.toml of the project
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<OsString>,
}

/// Arguments of `analyze`.
#[derive(Args)]
pub struct AnalyzeArguments {
    /// Compare all pairs of accesses by the definition of a race, without the engine: slow, for short recordings
    #[arg(long)]
    pub oracle: bool,
    /// The recording
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `explain`.
#[derive(Args)]
pub struct ExplainArguments {
    /// The command to explain and its arguments, such as `run --release`; `test` if there is none
    #[arg(value_name = "COMMAND", allow_hyphen_values = true, trailing_var_arg = true)]
    pub command: Vec<OsString>,
}

/// Subcommands whose further arguments are cargo's.
const PASSING: [&str; 6] = ["run", "test", "build", "bench", "nextest", "explain"];

/// Reads the process's arguments; prints help or a usage error and exits where clap does.
pub fn read(process: impl Iterator<Item = OsString>) -> Arguments {
    Arguments::parse_from(protect_cargo_arguments(process.collect()))
}

/// Drops the `race` that cargo puts first and shields cargo's arguments from clap, which would eat a leading `--`.
fn protect_cargo_arguments(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.get(1).is_some_and(|word| word == "race") {
        words.remove(1);
    }
    let passes = words.get(1).is_some_and(|word| PASSING.iter().any(|name| word == name));
    let asks_help = words.get(2).is_some_and(|word| word == OsStr::new("--help") || word == OsStr::new("-h"));
    if passes && !asks_help {
        words.insert(2, OsString::from("--"));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(words: &[&str]) -> Vec<OsString> {
        let arguments = read(words.iter().map(OsString::from));
        match arguments.action {
            Action::Run(rest) | Action::Test(rest) | Action::Build(rest) | Action::Bench(rest) => rest.cargo,
            _ => panic!("not a passing subcommand"),
        }
    }

    #[test]
    fn everything_after_the_subcommand_is_cargos() {
        assert_eq!(passed(&["cargo-race", "race", "run", "--", "--help"]), ["--", "--help"]);
        assert_eq!(passed(&["cargo-race", "run", "-r", "--", "--", "x"]), ["-r", "--", "--", "x"]);
        assert_eq!(passed(&["cargo-race", "test", "--version"]), ["--version"]);
        assert_eq!(passed(&["cargo-race", "build"]), [""; 0]);
    }

    #[test]
    fn definition_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
