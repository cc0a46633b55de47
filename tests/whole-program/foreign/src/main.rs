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
#[path = "../../cases/src/menu.rs"]
mod menu;
mod mixed;
mod objects;

use std::process::ExitCode;

const CASES: &[&[case::Case]] = &[mixed::CASES, objects::CASES];

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|wanted| wanted == "instrumented") {
        println!("{}", mixed::is_instrumented());
        return ExitCode::SUCCESS;
    }
    menu::serve("foreign", CASES)
}
