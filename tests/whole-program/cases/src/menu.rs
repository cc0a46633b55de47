//! What all packages of programs with names do with their argument: run the one that it names, or print all names.

use std::process::ExitCode;

/// A program and its name.
pub type Entry = (&'static str, fn());

/// Does what the first argument of the process says: `list` prints the names, one a line. Status 2 where there is no such
/// program.
pub fn serve(package: &str, entries: &[&[Entry]]) -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let mut all = entries.iter().copied().flatten();
    if wanted == "list" {
        all.for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    }
    let Some((_, program)) = all.find(|(name, _)| *name == wanted) else {
        eprintln!("{package}: there is no {wanted:?}; `{package} list` prints all names");
        return ExitCode::from(2);
    };
    program();
    ExitCode::SUCCESS
}
