//! `endurance PROGRAM SIZE [race]` runs one program of these, which prints its resident memory now and then, one
//! `NAME NUMBER: KiB` a line, and has a race at its end if it is asked for one:
//!
//! ```text
//! joined N      N threads, of which at most 64 live at the same time; each is joined
//! detached N    the same, and nobody joins them
//! alive N       N threads that live at the same time
//! heap N        N MiB of memory, all of which is accessed by two threads
//! soak N        N seconds of threads that come and go, heap, locks and channels
//! ```

#[path = "../../cases/src/case.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod case;
mod crowd;
mod heap;
#[path = "../../cases/src/invisible.rs"]
#[allow(dead_code)]
mod invisible;
mod resident;
mod soak;

use std::process::ExitCode;

use case::Place;

const USAGE: &str = "write `endurance joined|detached|alive|heap|soak NUMBER [race]`";

static PLACE: Place<u64> = Place::new(0);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (program, size, at_end): (_, _, fn()) = match words[..] {
        [program, size] => (program, size, || ()),
        [program, size, "race"] => (program, size, || case::in_order(|| PLACE.write(1), || PLACE.write(2))),
        _ => ("", "", || ()),
    };
    let Ok(size) = size.parse() else {
        eprintln!("endurance: {USAGE}");
        return ExitCode::from(2);
    };
    match program {
        "joined" => crowd::joined(size),
        "detached" => crowd::detached(size),
        "alive" => return crowd::alive(size, words.len() == 3),
        "heap" => heap::grow(size),
        "soak" => soak::run(size),
        _ => {
            eprintln!("endurance: there is no program {program:?}; {USAGE}");
            return ExitCode::from(2);
        }
    }
    at_end();
    ExitCode::SUCCESS
}
