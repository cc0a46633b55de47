//! `ecosystem NAME` runs one program that uses well-known crates as they are meant to be used, `ecosystem list` prints the
//! names of all, one a line. None has a race.

mod blocking;
mod lock_free;
#[path = "../../cases/src/menu.rs"]
mod menu;
mod parallel;
mod tasks;

use std::process::ExitCode;

/// The table of a file's programs, from their functions.
macro_rules! programs {
    ($($name:ident)*) => { pub const PROGRAMS: &[$crate::menu::Entry] = &[$((stringify!($name), $name as fn())),*]; };
}
pub(crate) use programs;

const PROGRAMS: &[&[menu::Entry]] = &[blocking::PROGRAMS, lock_free::PROGRAMS, parallel::PROGRAMS, tasks::PROGRAMS];

fn main() -> ExitCode {
    menu::serve("ecosystem", PROGRAMS)
}
