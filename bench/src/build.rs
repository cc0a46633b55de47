//! The builds of the program of workloads, each in a target directory of its own below the project's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::error::Error;
use crate::{process, progress};

/// A program that was built.
#[derive(Debug, Clone)]
pub struct Program {
    pub path: PathBuf,
    /// Set when it runs.
    pub environment: Option<(&'static str, String)>,
}

/// What the detector is told: not to wait at the end of a program that has threads left, which would be time and no cost.
/// Then what the user has set.
fn detector_environment() -> Option<(&'static str, String)> {
    let set = std::env::var("RACE_OPTIONS").unwrap_or_default();
    Some(("RACE_OPTIONS", format!("atexit_sleep_ms=0 {set}")))
}

/// Where programs are built.
pub struct Workshop {
    cargo: OsString,
    /// The project's directory.
    root: PathBuf,
    /// The target directory of everything.
    target: PathBuf,
}

impl Workshop {
    pub fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the project").to_owned();
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        // Cargo takes a relative one from where it runs, which is here one place and there another.
        let target = std::path::absolute(&target).unwrap_or(target);
        Self { cargo: std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), root, target }
    }

    /// As any program is built.
    pub fn native(&self) -> Result<Program, Error> {
        let path = self.build(Command::new(&self.cargo).arg("build"), "native")?;
        Ok(Program { path, environment: None })
    }

    /// By the `cargo race` of this checkout.
    pub fn whole_program(&self, inline: bool) -> Result<Program, Error> {
        let mut command = Command::new(&self.cargo);
        command.args(["build", "--locked", "--release", "--package", "cargo-race"]).current_dir(&self.root);
        let subcommand = executable(command.env("CARGO_TARGET_DIR", &self.target), "cargo-race")?;
        let mut command = Command::new(subcommand);
        command.args(["race", "build"]).args(inline.then_some("--inline"));
        let path = self.build(&mut command, "race")?;
        Ok(Program { path, environment: detector_environment() })
    }

    /// With the crate's feature on.
    pub fn wrapper(&self) -> Result<Program, Error> {
        let path = self.build(Command::new(&self.cargo).args(["build", "--features", "wrapper"]), "wrapper")?;
        Ok(Program { path, environment: detector_environment() })
    }

    /// By the peer.
    pub fn peer(&self, peer: &Path) -> Result<Program, Error> {
        let peer = std::path::absolute(peer).unwrap_or(peer.to_owned());
        let mut command = Command::new(peer);
        command.arg("build");
        if std::env::var_os("RACE_PEER_SYSROOT").is_none() {
            command.env("RACE_PEER_SYSROOT", self.target.join("bench/peer-sysroot"));
        }
        let path = self.build(&mut command, "tsan")?;
        // Its own reports would cost it time: what it takes for races is not measured here.
        Ok(Program { path, environment: Some(("TSAN_OPTIONS", "report_bugs=0 atexit_sleep_ms=0".into())) })
    }

    fn build(&self, command: &mut Command, directory: &str) -> Result<PathBuf, Error> {
        command.args(["--release", "--locked"]).current_dir(self.root.join("bench/workloads"));
        executable(command.env("CARGO_TARGET_DIR", self.target.join("bench").join(directory)), "workloads")
    }
}

/// Runs a cargo that builds the program `name`, and finds it.
fn executable(command: &mut Command, name: &'static str) -> Result<PathBuf, Error> {
    let program = PathBuf::from(command.get_program());
    let shown = |command: &Command| {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    };
    let described = shown(command);
    progress::say(&format!("building: {described}"));
    command.args(["--quiet", "--message-format=json-render-diagnostics"]).stderr(Stdio::inherit());
    let output = command.output().map_err(|reason| Error::NotRun { program, reason: reason.to_string() })?;
    if !output.status.success() {
        return Err(Error::NotBuilt { command: described });
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter(|message| message["target"]["name"] == name);
    let path = programs.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    path.ok_or(Error::NothingBuilt { command: described, name })
}

/// What a program prints when it is asked for a list, line by line.
pub fn list<Item>(program: &Program, words: &[&str], parse: impl Fn(&str) -> Option<Item>) -> Result<Vec<Item>, Error> {
    let output = process::run(program, words)?.output;
    let strange = |line: &str| Error::StrangeList { program: program.path.clone(), line: line.into() };
    output.lines().map(|line| parse(line).ok_or_else(|| strange(line))).collect()
}
