//! `foreign NAME` runs one case, `foreign list` prints the names of all, one a line, `foreign instrumented` says whether the
//! C code is.
//!
//! Cases as in the package `cases`; here at least one side of each is C or C++.

#[allow(dead_code, reason = "the other package uses more of it")]
#[path = "../../cases/src/case.rs"]
mod case;
#[allow(dead_code, reason = "the other package uses more of it")]
#[path = "../../cases/src/invisible.rs"]
mod invisible;
mod mixed;
mod objects;

use std::process::ExitCode;

const CASES: &[&[case::Case]] = &[mixed::CASES, objects::CASES];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let mut all = CASES.iter().copied().flatten();
    match wanted.as_str() {
        "list" => all.for_each(|(name, _)| println!("{name}")),
        "instrumented" => println!("{}", mixed::is_instrumented()),
        _ => {
            let Some((_, program)) = all.find(|(name, _)| *name == wanted) else {
                eprintln!("foreign: there is no case {wanted:?}; `foreign list` prints all");
                return ExitCode::from(2);
            };
            program();
        }
    }
    ExitCode::SUCCESS
}
