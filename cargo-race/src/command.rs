//! The cargo command that does the user's work: its arguments and environment, and the jump into it.
//!
//! Guarantees: our process becomes cargo, so exit status, signals and terminal are cargo's own; the user's arguments keep
//! their order; artifacts go to a subdirectory of the user's target directory, so a plain build is not disturbed. Build scripts and proc macros stay uninstrumented, because `--target` is always given.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo_arguments::{CargoArguments, Extras, TARGET_DIRECTORY};
use crate::error::Error;
use crate::runtime::Runtime;
use crate::setup::{self, Entries};
use crate::situation::{Situation, WRAPPER_VARIABLE, cargo_missing};
use crate::user_flags::Setting;
use crate::{c_code, flags, inlined};

/// The variable in which the linking script finds the user's own wrapper.
pub const NEXT_WRAPPER_VARIABLE: &str = "CARGO_RACE_NEXT_WRAPPER";

/// Subcommands of nextest that build; they take cargo's options.
const BUILDING_NEXTEST: [&str; 4] = ["run", "r", "list", "archive"];

/// What the user asked of cargo.
#[derive(Clone)]
pub struct Request {
    /// The words before cargo's options: `test`, or `nextest` and `run`.
    subcommand: Vec<OsString>,
    pub arguments: CargoArguments,
    /// What our own options ask for.
    pub extras: Extras,
}

impl Request {
    /// The subcommand and all that follows it.
    pub fn new(subcommand: &str, mut arguments: Vec<OsString>) -> Self {
        let mut words = vec![OsString::from(subcommand)];
        if subcommand == "nextest" && !arguments.is_empty() {
            words.push(arguments.remove(0));
        }
        let mut arguments = CargoArguments::new(arguments);
        let extras = Extras { c: arguments.take_flag(c_code::OPTION), inline: arguments.take_flag(inlined::OPTION) };
        Self { subcommand: words, arguments, extras }
    }

    /// Whether cargo or nextest will build something.
    fn builds(&self) -> bool {
        let nested = self.subcommand.get(1);
        let builds = nested.is_none_or(|nested| BUILDING_NEXTEST.iter().any(|name| nested == name));
        // An archive was built before.
        self.name() != "nextest"
            || (nested.is_some() && builds && self.arguments.values("--archive-file").next().is_none())
    }

    /// Whether this runs programs that a series of runs can be made of.
    pub fn runs_repeatedly(&self) -> bool {
        let nested = self.subcommand.get(1);
        match self.name().to_str() {
            Some("run" | "test") => true,
            Some("nextest") => nested.is_some_and(|nested| nested == "run" || nested == "r") && self.builds(),
            _ => false,
        }
    }

    /// Fails if the subcommand is not there.
    pub fn require_tool(&self) -> Result<(), Error> {
        if self.name() != "nextest" || has_nextest() { Ok(()) } else { Err(Error::NextestMissing) }
    }

    /// The cargo subcommand's name.
    pub fn name(&self) -> &OsStr {
        &self.subcommand[0]
    }

    /// The profile of the build.
    pub fn profile(&self) -> String {
        self.arguments.profile(&self.name().to_string_lossy())
    }

    /// Turns a `run` into the `build` before it, and a `test` into its building part. Doctests alone have none.
    pub fn building_only(mut self) -> Option<Self> {
        if self.name() == "run" {
            self.subcommand = vec![OsString::from("build")];
            self.arguments.forget_program();
        } else if self.arguments.contains("--doc") {
            return None;
        } else if !self.arguments.contains("--no-run") {
            self.arguments.push("--no-run");
        }
        Some(self)
    }

    /// The command, given what was read and prepared.
    pub fn command(self, situation: &Situation, entries: &Entries) -> Result<Command, Error> {
        let mut command = Command::new(&situation.cargo);
        command.args(&self.subcommand);
        if !situation.own_target {
            command.args(["--target", &entries.toolchain.host]);
        }
        let line_tables = situation.project.lacks_line_numbers(&self.profile(), &situation.config);
        for (compiler, users) in &situation.flags {
            match users.join(&flags::instrumenting(*compiler, entries, line_tables)?) {
                Setting::Variable(name, value) => command.env(name, value),
                Setting::Argument(value) => command.args(["--config", &value]),
            };
        }
        link_runtime(&mut command, &entries.runtime, situation.wrapper.as_ref())?;
        if let Some(compilers) = &situation.c_compilers {
            command.envs(compilers.variables(&entries.runtime)?);
        }
        let user_chose = self.arguments.values(TARGET_DIRECTORY).next().is_some();
        separate_artifacts(&mut command, situation, user_chose)?;
        command.args(self.arguments.with_own_target_directory(situation.subdirectory()));
        Ok(command)
    }
}

/// Becomes `cargo <subcommand>` on an instrumented build. Returns only if that is impossible.
pub fn replace_process(request: Request) -> Error {
    match prepare(request) {
        Ok(mut command) => {
            let reason = command.exec();
            cargo_missing(command.get_program(), &reason)
        }
        Err(error) => error,
    }
}

fn prepare(request: Request) -> Result<Command, Error> {
    request.require_tool()?;
    if !request.builds() {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.args(&request.subcommand).args(request.arguments.all());
        return Ok(command);
    }
    let situation = Situation::read(&request.arguments, request.extras)?;
    let entries = setup::ensure(&situation.config, situation.extras)?;
    situation.check_c_compilers(&entries.runtime)?;
    request.command(&situation, &entries)
}

/// Whether cargo-nextest is where cargo looks for its subcommands.
fn has_nextest() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = crate::cargo_config::home().map(|home| home.join("bin"));
    std::env::split_paths(&path).chain(home).any(|directory| directory.join("cargo-nextest").is_file())
}

/// Has cargo call rustc through the linking script. A wrapper of the user's own comes after it.
fn link_runtime(command: &mut Command, runtime: &Runtime, wrapper: Option<&PathBuf>) -> Result<(), Error> {
    if let Some(wrapper) = wrapper {
        command.env(NEXT_WRAPPER_VARIABLE, wrapper);
    }
    // The variable would win over the argument, and would reach the program, which may run cargo for its own ends.
    command.env_remove(WRAPPER_VARIABLE);
    command.args(["--config", &flags::config_path("build.rustc-workspace-wrapper", &runtime.linking_script)?]);
    Ok(())
}

/// Keeps instrumented artifacts apart from the user's.
fn separate_artifacts(command: &mut Command, situation: &Situation, user_chose: bool) -> Result<(), Error> {
    if !user_chose {
        command.arg(TARGET_DIRECTORY).arg(situation.project.target_directory.join(situation.subdirectory()));
    }
    if let Some(directory) = situation.project.separate_build_directory() {
        command.args(["--config", &flags::config_path("build.build-dir", &directory.join(situation.subdirectory()))?]);
    }
    Ok(())
}
