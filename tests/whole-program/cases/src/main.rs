//! `cases NAME` runs one case, `cases NAME STATUS` ends with that exit status then, `cases list` prints the names of all,
//! one a line.
//!
//! A case named `race_` has exactly the races that its code shows, in every execution; one named `clean_` has none.

mod annotations;
mod atomics;
mod bare_forks;
mod barriers;
mod bytes;
mod case;
mod channels;
mod counters;
mod descriptors;
mod exits;
mod fences;
mod fibers;
mod foreign_locks;
mod foreign_object;
mod foreign_thread_ends;
mod foreign_threads;
mod foreign_waits;
mod forks;
mod heap;
mod invisible;
mod jumps;
mod menu;
mod mutexes;
mod once;
mod parking;
mod pthread;
mod ranges;
mod rare_transfers;
mod read_write_locks;
mod refusals;
mod short_lives;
mod signals;
mod stacks;
mod threads;
mod volatile;

use std::process::ExitCode;

const CASES: &[&[case::Case]] = &[
    annotations::CASES,
    atomics::CASES,
    bare_forks::CASES,
    barriers::CASES,
    bytes::CASES,
    channels::CASES,
    counters::CASES,
    descriptors::CASES,
    exits::CASES,
    fences::CASES,
    fibers::CASES,
    foreign_locks::CASES,
    foreign_thread_ends::CASES,
    foreign_threads::CASES,
    foreign_waits::CASES,
    forks::CASES,
    heap::CASES,
    jumps::CASES,
    mutexes::CASES,
    once::CASES,
    parking::CASES,
    ranges::CASES,
    rare_transfers::CASES,
    read_write_locks::CASES,
    refusals::CASES,
    short_lives::CASES,
    signals::CASES,
    stacks::CASES,
    threads::CASES,
    volatile::CASES,
];

fn main() -> ExitCode {
    let served = menu::serve("cases", CASES);
    match std::env::args().nth(2) {
        Some(status) if served == ExitCode::SUCCESS => ExitCode::from(status.parse::<u8>().unwrap()),
        _ => served,
    }
}
