//! The cargo command that does the user's work: its arguments and environment, and the jump into it.
//!
//! Guarantees: our process becomes cargo, so exit status, signals and terminal are cargo's own; the user's arguments keep
//! their order; artifacts go to the `race` subdirectory of the user's target directory, so a plain build is not
//! disturbed. Build scripts and proc macros stay uninstrumented, because `--target` is always given.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::cargo_arguments::{CargoArguments, SUBDIRECTORY, TARGET_DIRECTORY};
use crate::cargo_config::CargoConfig;
use crate::error::Error;
use crate::flags::{self, Compiler, Setting};
use crate::project::Project;
use crate::runtime::{Runtime, is_linking_script};
use crate::setup::{self, Entries};
use crate::toolchain::SUPPORTED_HOST;

/// Becomes `cargo <subcommand>` on an instrumented build. Returns only if that is impossible.
pub fn replace_process(subcommand: &str, arguments: Vec<OsString>) -> Error {
    match prepare(subcommand, arguments) {
        Ok(mut command) => {
            let reason = command.exec();
            cargo_missing(command.get_program(), &reason)
        }
        Err(error) => error,
    }
}

fn prepare(subcommand: &str, arguments: Vec<OsString>) -> Result<Command, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let arguments = CargoArguments::new(arguments);
    let own_target = check_targets(&arguments)?;
    // Before the setup, which takes seconds: in the wrong directory the user should hear so at once.
    let selecting = arguments.selecting_project();
    let project = match Project::read(&cargo, &selecting).map_err(|reason| cargo_missing(&cargo, &reason))? {
        Ok(project) => project,
        Err(status) => exit_like(status),
    };
    let entries = setup::ensure()?;

    let config_arguments: Vec<OsString> = arguments.values("--config").map(OsStr::to_owned).collect();
    let directory = std::env::current_dir().unwrap_or_default();
    let config = CargoConfig::read(&directory, &config_arguments);
    let line_tables = project.lacks_line_numbers(&arguments.profile(subcommand), &config);

    let mut command = Command::new(cargo);
    command.arg(subcommand);
    if !own_target {
        command.args(["--target", &entries.toolchain.host]);
    }
    add_flags(&mut command, &entries, line_tables, &config)?;
    link_runtime(&mut command, &entries.runtime)?;
    separate_artifacts(&mut command, &project, arguments.values(TARGET_DIRECTORY).next().is_some())?;
    command.args(arguments.with_own_target_directory());
    Ok(command)
}

/// Whether the user named the target; any other target than this machine's is refused.
fn check_targets(arguments: &CargoArguments) -> Result<bool, Error> {
    let mut given = false;
    for target in arguments.values("--target") {
        if target != SUPPORTED_HOST && target != "host-tuple" {
            let given = target.to_string_lossy().into_owned();
            return Err(Error::UnsupportedTarget { given, host: SUPPORTED_HOST.to_owned() });
        }
        given = true;
    }
    Ok(given)
}

fn add_flags(command: &mut Command, entries: &Entries, line_tables: bool, config: &CargoConfig) -> Result<(), Error> {
    for compiler in Compiler::ALL {
        let ours = flags::instrumenting(compiler, entries, line_tables)?;
        match flags::join(compiler, &ours, variable, config)? {
            Setting::Variable(name, value) => command.env(name, value),
            Setting::Argument(value) => command.args(["--config", &value]),
        };
    }
    Ok(())
}

/// Has cargo call rustc through the linking script. A wrapper of the user's own comes after it.
fn link_runtime(command: &mut Command, runtime: &Runtime) -> Result<(), Error> {
    const VARIABLE: &str = "RUSTC_WORKSPACE_WRAPPER";
    let users = std::env::var_os(VARIABLE).filter(|wrapper| !wrapper.is_empty());
    // A program under `cargo race` may run `cargo race` itself.
    if let Some(wrapper) = users.filter(|wrapper| !is_linking_script(Path::new(wrapper))) {
        command.env("CARGO_RACE_NEXT_WRAPPER", wrapper);
    }
    // The variable would win over the argument, and would reach the program, which may run cargo for its own ends.
    command.env_remove(VARIABLE);
    command.args(["--config", &flags::config_path("build.rustc-workspace-wrapper", &runtime.linking_script)?]);
    Ok(())
}

/// Keeps instrumented artifacts apart from the user's.
fn separate_artifacts(command: &mut Command, project: &Project, user_chose: bool) -> Result<(), Error> {
    if !user_chose {
        command.arg(TARGET_DIRECTORY).arg(project.target_directory.join(SUBDIRECTORY));
    }
    let intermediate = project.build_directory.as_ref().filter(|directory| **directory != project.target_directory);
    if let Some(directory) = intermediate {
        command.args(["--config", &flags::config_path("build.build-dir", &directory.join(SUBDIRECTORY))?]);
    }
    Ok(())
}

fn variable(name: &'static str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::VariableNotUnicode { variable: name }),
    }
}

fn cargo_missing(cargo: &OsStr, reason: &std::io::Error) -> Error {
    Error::ToolchainMissing { program: cargo.to_string_lossy().into_owned(), reason: reason.to_string() }
}

/// Ends as cargo ended, after cargo has said why.
fn exit_like(status: ExitStatus) -> ! {
    // A shell reports a signal as 128 plus its number.
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    std::process::exit(code.unwrap_or(1))
}
