//! `ecosystem NAME` runs one program that uses well-known crates as they are meant to be used, `ecosystem list` prints the
//! names of all, one a line. None has a race.

mod blocking;
mod lock_free;
mod parallel;
mod tasks;

use std::process::ExitCode;

type Program = (&'static str, fn());

/// The table of a file's programs, from their functions.
macro_rules! programs {
    ($($name:ident)*) => { pub const PROGRAMS: &[$crate::Program] = &[$((stringify!($name), $name as fn())),*]; };
}
pub(crate) use programs;

const PROGRAMS: &[&[Program]] = &[blocking::PROGRAMS, lock_free::PROGRAMS, parallel::PROGRAMS, tasks::PROGRAMS];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let mut all = PROGRAMS.iter().copied().flatten();
    if wanted == "list" {
        all.for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    let Some((_, program)) = all.find(|(name, _)| *name == wanted) else {
        eprintln!("ecosystem: there is no program {wanted:?}; `ecosystem list` prints all");
        return ExitCode::from(2);
    };
    program();
    ExitCode::SUCCESS
}
