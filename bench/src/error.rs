//! Everything that can go wrong, each as one sentence that says what is wrong and what to do.

use std::path::PathBuf;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} is not a file; give the peer's program with --peer or in RACE_PEER, or leave it out", .path.display())]
    NoPeer { path: PathBuf },

    #[error("{} cannot be written; name a file in a directory that exists", .path.display())]
    NoPlace { path: PathBuf },

    #[error("cannot write {}: {reason}", .path.display())]
    NotWritten { path: PathBuf, reason: String },

    #[error("no name contains {text:?}; take another text for --only, or see --list")]
    NoWorkload { text: String },

    #[error("cannot run {}: {reason}", .program.display())]
    NotRun { program: PathBuf, reason: String },

    #[error("`{command}` failed, so there is nothing to measure; what it said stands above")]
    NotBuilt { command: String },

    #[error("`{command}` built no program called {name}; it must pass its arguments on to cargo")]
    NothingBuilt { command: String, name: &'static str },

    #[error("{} prints a list that is not understood ({line:?}); remove it and build again", .program.display())]
    StrangeList { program: PathBuf, line: String },

    #[error("{names} failed and have no figures; what they said stands above")]
    SomeFailed { names: String },

    #[error("{} {words} ended with {status}; run it by itself to see why", .program.display())]
    Failed { program: PathBuf, words: String, status: String },
}
