//! `schedules NAME` runs one program, `schedules list` prints the names of all, one a line. `schedules notified` and
//! `schedules timed_out` have no race: they are about how often a thread is paused.

use std::process::ExitCode;

use schedules::{End, Twin, all, drop_after_wait};

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted == "list" {
        all().for_each(|(name, _)| println!("race_{name}\nclean_{name}"));
        return ExitCode::SUCCESS;
    }
    if let Some(end) = [("notified", End::Notified), ("timed_out", End::TimedOut)]
        .into_iter()
        .find_map(|(name, end)| (name == wanted).then_some(end))
    {
        drop_after_wait(end);
        return ExitCode::SUCCESS;
    }
    let found = wanted.split_once('_').and_then(|(twin, name)| {
        let (_, program) = all().find(|(known, _)| *known == name)?;
        Some((program, Twin::parse(twin)?))
    });
    let Some((program, twin)) = found else {
        eprintln!("schedules: there is no program {wanted:?}; `schedules list` prints all");
        return ExitCode::from(2);
    };
    program(twin);
    ExitCode::SUCCESS
}
