//! What a command meets: the user's project, configuration, flags and wrappers, read and checked before anything is made.
//!
//! Guarantee: reading changes nothing but what `cargo metadata` does. Whatever would make the instrumented build wrong is
//! refused here, before the setup, which takes seconds.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::c_code::CCompilers;
use crate::cargo_arguments::{CargoArguments, Extras};
use crate::cargo_config::{BUILD_TARGET_VARIABLE, CargoConfig};
use crate::error::Error;
use crate::flags::Compiler;
use crate::project::Project;
use crate::runtime::{Runtime, is_linking_script};
use crate::toolchain::SUPPORTED_HOST;
use crate::user_flags::UserFlags;

/// Set in the environment that `cargo race env` prints.
pub const ENVIRONMENT_MARKER: &str = "CARGO_RACE_ENVIRONMENT";

/// The variable that puts a program between cargo and rustc for the crates of a workspace.
pub const WRAPPER_VARIABLE: &str = "RUSTC_WORKSPACE_WRAPPER";

/// Everything that decides how cargo must be called.
pub struct Situation {
    pub cargo: OsString,
    pub config: CargoConfig,
    pub project: Project,
    /// Whether the user's arguments name the target, which is then ours.
    pub own_target: bool,
    pub flags: Vec<(Compiler, UserFlags)>,
    /// The user's own `RUSTC_WORKSPACE_WRAPPER`, which ours calls.
    pub wrapper: Option<PathBuf>,
    /// What our own options ask for.
    pub extras: Extras,
    /// The user's compilers for C and C++, if their code is instrumented too.
    pub c_compilers: Option<CCompilers>,
}

impl Situation {
    /// Reads it for a command with these arguments.
    pub fn read(arguments: &CargoArguments, extras: Extras) -> Result<Self, Error> {
        if std::env::var_os(ENVIRONMENT_MARKER).is_some() {
            return Err(Error::InsideEnvironment);
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let config_arguments: Vec<OsString> = arguments.values("--config").map(OsStr::to_owned).collect();
        let directory = std::env::current_dir().unwrap_or_default();
        let config = CargoConfig::read(&directory, &config_arguments);
        let own_target = check_targets(arguments, &config)?;
        let find = |compiler| -> Result<_, Error> {
            let flags = UserFlags::find(compiler, variable, &config)?;
            flags.check()?;
            Ok((compiler, flags))
        };
        let flags = Compiler::ALL.into_iter().map(find).collect::<Result<_, _>>()?;
        let selecting = arguments.selecting_project();
        let project = match Project::read(&cargo, &selecting).map_err(|reason| cargo_missing(&cargo, &reason))? {
            Ok(project) => project,
            Err(status) => exit_like(status),
        };
        let wrapper = workspace_wrapper(&config);
        let c_compilers = extras.c.then(|| CCompilers::find(variable, &config)).transpose()?;
        Ok(Self { cargo, config, project, own_target, flags, wrapper, extras, c_compilers })
    }

    /// The directory for instrumented artifacts below the user's target directory.
    pub fn subdirectory(&self) -> &'static str {
        self.extras.subdirectory()
    }

    /// Refuses compilers that do not instrument C code where they are to.
    pub fn check_c_compilers(&self, runtime: &Runtime) -> Result<(), Error> {
        self.c_compilers.as_ref().map_or(Ok(()), |compilers| compilers.check(runtime))
    }
}

/// Whether the user named the target; any other target than this machine's is refused.
fn check_targets(arguments: &CargoArguments, config: &CargoConfig) -> Result<bool, Error> {
    let supported = |target: &OsStr| target == SUPPORTED_HOST || target == "host-tuple";
    let refused = |origin: String, remedy| Err(Error::UnsupportedTarget { origin, remedy, supported: SUPPORTED_HOST });
    let mut given = false;
    for target in arguments.values("--target") {
        if !supported(target) {
            return refused(format!("--target {}", target.display()), "leave it out, or give");
        }
        given = true;
    }
    if given {
        return Ok(true);
    }
    let variable = std::env::var_os(BUILD_TARGET_VARIABLE).filter(|value| !value.is_empty());
    let configured = match variable {
        Some(target) => vec![(format!("{BUILD_TARGET_VARIABLE}={} in the environment", target.display()), target)],
        None => {
            let targets = config.build_targets().into_iter();
            let origin = |target: &str| format!("build.target = {target:?} in cargo's configuration");
            targets.map(|target| (origin(&target), OsString::from(target))).collect()
        }
    };
    match configured.into_iter().find(|(_, target)| !supported(target)) {
        Some((origin, _)) => refused(origin, "give --target"),
        None => Ok(false),
    }
}

/// The user's own workspace wrapper.
fn workspace_wrapper(config: &CargoConfig) -> Option<PathBuf> {
    // An empty variable says that there is none, and so hides the next place.
    let variable = [WRAPPER_VARIABLE, "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER"].into_iter().find_map(std::env::var_os);
    let wrapper = match variable {
        Some(value) if value.is_empty() => None,
        // The linking script runs in other directories than we do.
        Some(value) if value.to_string_lossy().contains('/') => std::path::absolute(value).ok(),
        Some(value) => Some(PathBuf::from(value)),
        None => config.program(&["build", "rustc-workspace-wrapper"]),
    };
    // A program under `cargo race` may run `cargo race` itself.
    wrapper.filter(|wrapper| !is_linking_script(Path::new(wrapper)))
}

/// A variable of the environment, which must be text.
pub fn variable(name: &str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Error::VariableNotUnicode { variable: name.to_owned() }),
    }
}

/// The failure to start cargo.
pub fn cargo_missing(cargo: &OsStr, reason: &std::io::Error) -> Error {
    Error::ToolchainMissing { program: cargo.to_string_lossy().into_owned(), reason: reason.to_string() }
}

/// The exit status that a shell would give.
pub fn shell_status(status: ExitStatus) -> i32 {
    // A shell reports a signal as 128 plus its number.
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}

/// Ends as cargo ended, after cargo has said why.
pub fn exit_like(status: ExitStatus) -> ! {
    std::process::exit(shell_status(status))
}
