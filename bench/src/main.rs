//! `cargo run --release -p bench`: what `race` costs, against a plain build and against ThreadSanitizer.
//!
//! One program of many workloads (`bench/workloads`) is built plainly, by `cargo race`, with the crate `race`'s feature, and, if
//! its path is given, by the peer: a program that is used as cargo is and links the same instrumented code with the
//! runtime of ThreadSanitizer. The builds run in turns, each workload in a process of its own, so that what else the machine
//! does meets all alike; a ratio is the median of the ratios of one turn each.
//!
//! It shows what it was run with, on this machine: figures of different runs are not to be compared.

mod arguments;
mod build;
mod catalogue;
mod chart;
mod comparison;
mod error;
mod growth;
mod process;
mod progress;
mod record;
mod statistics;
mod table;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use build::{Program, Workshop};
use catalogue::Catalogue;
use error::Error;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    arguments.check()?;
    let workshop = Workshop::new();
    let native = workshop.native()?;
    if arguments.growth { show_growth(arguments, &workshop, native) } else { show_costs(arguments, &workshop, native) }
}

fn show_costs(arguments: &Arguments, workshop: &Workshop, native: Program) -> Result<(), Error> {
    let catalogue = Catalogue::of(&native)?.filtered(arguments.only.as_deref())?;
    if arguments.list {
        catalogue.workloads.iter().for_each(|workload| println!("{workload}"));
        return Ok(());
    }
    let builds = comparison::Builds {
        native,
        race: workshop.whole_program(arguments.inline)?,
        wrapper: if catalogue.has_wrapper() { Some(workshop.wrapper()?) } else { None },
        peer: arguments.peer.as_deref().map(|peer| workshop.peer(peer)).transpose()?,
    };
    let record = comparison::compare(&catalogue, &builds, arguments.runs, arguments.clock)?;
    print!("{}", table::tables(&record));
    arguments.json.as_deref().map_or(Ok(()), |path| record.write(path))?;
    arguments.svg.as_deref().map_or(Ok(()), |path| chart::write(&record, path))?;
    if record.failed.is_empty() { Ok(()) } else { Err(Error::SomeFailed { names: record.failed.join(", ") }) }
}

fn show_growth(arguments: &Arguments, workshop: &Workshop, native: Program) -> Result<(), Error> {
    let kinds = growth::kinds(&native, arguments.only.as_deref())?;
    let race = workshop.whole_program(arguments.inline)?;
    let peer = arguments.peer.as_deref().map(|peer| workshop.peer(peer)).transpose()?;
    let record = growth::measure(&kinds, &growth::Builds { native, race, peer }, arguments.runs)?;
    print!("{}", growth::tables(&record));
    arguments.json.as_deref().map_or(Ok(()), |path| record.write(path))?;
    arguments.svg.as_deref().map_or(Ok(()), |path| growth::draw(&record, path))
}
