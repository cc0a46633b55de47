//! Everything that can go wrong before cargo takes over, each as one sentence that says what is wrong and what to do.
//!
//! Errors of cargo, of rustc and of the user's program are not here: they keep their own words and exit status.

use std::path::{Path, PathBuf};

/// A failure of `cargo race` itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot run `{program}` ({reason}); install a Rust toolchain with rustup or put it on PATH")]
    ToolchainMissing { program: String, reason: String },

    #[error("`{program}` failed: {reason}; check that `{program} -vV` works in this directory")]
    ToolchainBroken { program: String, reason: String },

    #[error("{host} is not supported; `cargo race` works on {supported} only")]
    UnsupportedHost { host: String, supported: &'static str },

    #[error("{origin} is not supported; {remedy} {supported}, the only target that the detector works on")]
    UnsupportedTarget { origin: String, remedy: &'static str, supported: &'static str },

    #[error("{flag} (from {place}) cannot be used here, because {reason}; take it out for `cargo race`")]
    UnsupportedFlag { flag: String, place: String, reason: &'static str },

    #[error("cargo-nextest is not installed; install it with `cargo install --locked cargo-nextest`")]
    NextestMissing,

    #[error("--seeds needs a number of runs from 1 to {most}, not {given:?}")]
    WrongSeeds { given: String, most: u32 },

    #[error("cannot analyze {}: {reason}", .path.display())]
    NotAnalyzed { path: PathBuf, reason: String },

    #[error("RACE_OPTIONS: {reason}")]
    WrongOptions { reason: String },

    #[error("`{given}` is not a command that builds; explain run, test, build, bench or nextest")]
    NothingToExplain { given: String },

    #[error(
        "the environment that `cargo race env` prints is active here; use `cargo` itself, or a shell without this environment"
    )]
    InsideEnvironment,

    #[error(
        "the cache path contains a space, which cargo's variables for compiler flags cannot express; set RACE_CACHE_DIR to a path without"
    )]
    SpaceInPath,

    #[error(
        "cannot run the C compiler `{compiler}`; install gcc or clang, name one in the variable CC, or leave --c out"
    )]
    NoCCompiler { compiler: String },

    #[error(
        "the compiler `{compiler}` does not instrument with -fsanitize=thread{reason}; name gcc 11, clang 14 or a later one in the variable {variable}, or leave --c out"
    )]
    CCompilerUnsuited { compiler: String, reason: String, variable: &'static str },

    #[error("no shell can set {variable}; set {instead}, which means the same, or use --json")]
    NotForShells { variable: String, instead: String },

    #[error("cannot use {} for a trial of the C compiler ({reason}); set TMPDIR to a writable directory", .path.display())]
    TrialImpossible { path: PathBuf, reason: String },

    #[error("cannot use {} for the reports of the runs ({reason}); set TMPDIR to a writable directory", .path.display())]
    ReportsLost { path: PathBuf, reason: String },

    #[error("this toolchain has no {}; use a toolchain installed by rustup, which ships it", .missing.display())]
    ToolMissing { missing: PathBuf },

    #[error("the standard library in {} carries no LLVM bitcode; use an official toolchain installed by rustup", .directory.display())]
    BitcodeMissing { directory: PathBuf },

    #[error("{tool} could not instrument {member}: {reason}; please report this toolchain: {toolchain}")]
    InstrumentationFailed { tool: &'static str, member: String, reason: String, toolchain: String },

    #[error("the compiler of {toolchain} cannot put the detector's code into programs ({reason}); leave --inline out")]
    InliningImpossible { toolchain: String, reason: String },

    #[error("cannot read {}: {reason}; reinstall the toolchain", .path.display())]
    UnreadableLibrary { path: PathBuf, reason: String },

    #[error("no home directory is known for the cache; set RACE_CACHE_DIR to a writable directory")]
    NoCacheDirectory,

    #[error("cannot write the cache {} ({reason}); free some space or set RACE_CACHE_DIR to a writable directory", .path.display())]
    CacheUnwritable { path: PathBuf, reason: String },

    #[error("the cache path {} cannot be passed to the compiler; set RACE_CACHE_DIR to a UTF-8 path without control characters", .path.display())]
    UnusablePath { path: PathBuf },

    #[error("{variable} is not valid UTF-8; correct it or unset it")]
    VariableNotUnicode { variable: String },
}

impl Error {
    /// A failure to write below the cache directory.
    pub fn cache(path: &Path, reason: &std::io::Error) -> Self {
        Error::CacheUnwritable { path: path.to_owned(), reason: reason.to_string() }
    }
}
