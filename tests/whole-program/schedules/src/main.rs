//! `schedules NAME` runs one program, `schedules list` prints the names of all, one a line. `schedules notified`,
//! `timed_out`, `beside_a_waiter` and `beside_a_sleeper` have no race: they are about how often, and how long, a thread is
//! paused.

use std::process::ExitCode;

use schedules::{Company, End, Twin, all, drop_after_wait, drop_beside};

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted == "list" {
        all().for_each(|(name, _)| println!("race_{name}\nclean_{name}"));
        return ExitCode::SUCCESS;
    }
    match wanted.as_str() {
        "notified" => drop_after_wait(End::Notified),
        "timed_out" => drop_after_wait(End::TimedOut),
        "beside_a_waiter" => drop_beside(Company::Waiting),
        "beside_a_sleeper" => drop_beside(Company::Sleeping),
        _ => return run_twin(&wanted),
    }
    ExitCode::SUCCESS
}

fn run_twin(wanted: &str) -> ExitCode {
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
