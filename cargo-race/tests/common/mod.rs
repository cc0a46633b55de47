//! What all tests of the subcommand share: a fresh copy of a fixture, the built binary, and a clean environment.
//!
//! Every test has its own project and target directory. The cache is common, so that std is instrumented once; a test of
//! the cache itself takes a directory of its own.

// Each test binary uses its own part of this module.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use tempfile::TempDir;

/// Cleared, because the developer's own settings must not decide a test.
const CLEARED: [&str; 23] = [
    "CARGO_RACE_NEXT_CC",
    "CARGO_RACE_NEXT_CXX",
    "CC",
    "CC_x86_64_unknown_linux_gnu",
    "CFLAGS",
    "CXX",
    "CXX_x86_64_unknown_linux_gnu",
    "CXXFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_RACE_ENVIRONMENT",
    "CARGO_RACE_NEXT_WRAPPER",
    "CARGO_TARGET_DIR",
    "CARGO_TERM_COLOR",
    "RACE_OPTIONS",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "RUST_BACKTRACE",
];

/// How a process ended and what it wrote.
#[derive(Debug)]
pub struct Outcome {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Fails the test with the whole output unless the exit status is `code`.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// The one sentence of an error of `cargo race` itself: exit status 2, one line, nothing on stdout.
    #[track_caller]
    pub fn expect_sentence(self) -> String {
        let outcome = self.expect_code(2);
        assert_eq!(outcome.stdout, "");
        let errors: Vec<&str> = outcome.stderr.lines().filter(|line| !line.starts_with("cargo race: ")).collect();
        assert_eq!(errors.len(), 1, "{errors:#?}");
        errors[0].strip_prefix("error: ").unwrap_or_else(|| panic!("not an error: {errors:?}")).to_owned()
    }
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|reason| panic!("{command:?}: {reason}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome { status: output.status, stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// The built `cargo-race` with `arguments`, a clean environment and the common cache.
pub fn race<Argument: AsRef<OsStr>>(arguments: impl IntoIterator<Item = Argument>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-race"));
    command.arg("race").args(arguments).env("RACE_CACHE_DIR", scratch().join("cache"));
    clean_environment(&mut command);
    command
}

/// Takes the developer's own settings away.
pub fn clean_environment(command: &mut Command) {
    for name in CLEARED {
        command.env_remove(name);
    }
}

/// Where tests may write.
pub fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A new directory that goes when the test ends.
pub fn temporary_directory() -> TempDir {
    tempfile::tempdir_in(scratch()).expect("cargo made the scratch directory")
}

/// A private copy of `tests/fixtures/<name>`.
pub struct Project {
    directory: TempDir,
}

impl Project {
    /// Copies the fixture.
    pub fn fixture(name: &str) -> Self {
        let directory = temporary_directory();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        copy(&source, directory.path());
        Self { directory }
    }

    /// The copy's directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// `cargo race` with `arguments` in the project.
    pub fn race<Argument: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = Argument>) -> Command {
        let mut command = race(arguments);
        command.current_dir(self.path());
        command
    }

    /// The directory of instrumented artifacts of a profile.
    pub fn artifacts(&self, profile: &str) -> PathBuf {
        self.path().join("target/race/x86_64-unknown-linux-gnu").join(profile)
    }
}

fn copy(source: &Path, destination: &Path) {
    for entry in source.read_dir().unwrap_or_else(|reason| panic!("{}: {reason}", source.display())) {
        let entry = entry.expect("readable");
        let target = destination.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            std::fs::create_dir(&target).expect("created");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("copied");
        }
    }
}

/// The sysroot of the toolchain that runs the tests.
pub fn real_sysroot() -> PathBuf {
    let outcome = run(Command::new("rustc").args(["--print", "sysroot"])).expect_code(0);
    PathBuf::from(outcome.stdout.trim_end())
}

/// Makes a pipe with a name.
pub fn make_pipe(path: &Path) {
    run(Command::new("mkfifo").arg(path)).expect_code(0);
}

/// Writes an executable shell script.
pub fn write_script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).expect("written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("made executable");
}
