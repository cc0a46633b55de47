//! `cargo race`: builds, runs and tests a Rust program with every crate and std instrumented, and the engine linked in.
//!
//! What it does, in order: reads the project's situation, finds the toolchain, makes (once) an instrumented copy of its std and a copy of the runtime
//! object, then replaces itself by `cargo` with the flags that use both. It guarantees that the exit status is cargo's
//! own and that its own failures exit with 2. It cannot see code that is not compiled here: C code of build scripts
//! only on request, and a precompiled C library never.

mod analysis;
mod archive;
mod arguments;
mod bitcode;
mod built;
mod c_code;
mod cache;
mod cargo_arguments;
mod cargo_config;
mod command;
mod distinct;
mod environment;
mod error;
mod explain;
mod flags;
mod inlined;
mod interruption;
mod packages;
mod progress;
mod project;
mod recorded_code;
mod runtime;
mod seeds;
mod setup;
mod situation;
mod std_variables;
mod sysroot;
mod toolchain;
mod user_flags;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use arguments::{Action, Arguments};
use cargo_arguments::Extras;
use command::Request;
use error::Error;

/// The exit status of every failure that is ours and not the user's program's.
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    match dispatch(arguments::read(std::env::args_os())) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(FAILURE)
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<ExitCode, Error> {
    match arguments.action {
        Action::Setup => {
            let directory = std::env::current_dir().unwrap_or_default();
            let config = cargo_config::CargoConfig::read(&directory, &[]);
            let entries = setup::ensure(&config, Extras::default())?;
            Ok(say(&format!("{}\n", entries.sysroot.display())))
        }
        Action::Clean => cache::CacheDirectory::locate()?.remove().map(|()| ExitCode::SUCCESS),
        Action::Run(rest) => pass("run", rest.cargo),
        Action::Test(rest) => pass("test", rest.cargo),
        Action::Build(rest) => pass("build", rest.cargo),
        Action::Bench(rest) => pass("bench", rest.cargo),
        Action::Nextest(rest) => pass("nextest", rest.cargo),
        Action::Env(arguments) => environment::print(arguments).map(|text| say(&text)),
        Action::Analyze(arguments) => analysis::run(&arguments),
        Action::Explain(arguments) => explain::print(arguments.command).map(|text| say(&text)),
    }
}

/// A command of cargo's, once or with many seeds.
fn pass(subcommand: &str, words: Vec<OsString>) -> Result<ExitCode, Error> {
    let mut request = Request::new(subcommand, words);
    match seeds::take(&mut request)? {
        Some(seeds) => seeds::run_all(seeds, request),
        None => Err(command::replace_process(request)),
    }
}

/// Writes to stdout. A reader that has gone away, such as `head`, is no failure of ours.
fn say(text: &str) -> ExitCode {
    let _reader_gone = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
