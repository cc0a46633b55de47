//! `cargo race`: builds, runs and tests a Rust program with every crate and std instrumented, and the engine linked in.
//!
//! What it does, in order: finds the toolchain, makes (once) an instrumented copy of its std and a copy of the runtime
//! object, then replaces itself by `cargo` with the flags that use both. It guarantees that the exit status is cargo's
//! own and that its own failures exit with 2. It cannot see code that `cargo` does not compile: a precompiled C library
//! stays uninstrumented.

mod archive;
mod arguments;
mod bitcode;
mod cache;
mod cargo_arguments;
mod cargo_config;
mod command;
mod error;
mod flags;
mod progress;
mod project;
mod runtime;
mod setup;
mod sysroot;
mod toolchain;

use std::process::ExitCode;

use arguments::{Action, Arguments};
use error::Error;

/// The exit status of every failure that is ours and not the user's program's.
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    match dispatch(arguments::read(std::env::args_os())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(FAILURE)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<(), Error> {
    match arguments.action {
        Action::Setup => {
            let entries = setup::ensure()?;
            println!("{}", entries.sysroot.display());
            Ok(())
        }
        Action::Clean => cache::CacheDirectory::locate()?.remove(),
        Action::Run(rest) => Err(command::replace_process("run", rest.cargo)),
        Action::Test(rest) => Err(command::replace_process("test", rest.cargo)),
        Action::Build(rest) => Err(command::replace_process("build", rest.cargo)),
    }
}
