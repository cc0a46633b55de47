//! `both-tiers NAME` runs one case, `both-tiers list` prints the names of all, one a line.
//!
//! A case named `race_` has exactly the race that its code shows; one named `clean_` has none. In each of them the crate
//! `race` has one part and plain Rust the other: an edge by one orders accesses seen by the other.

#[path = "../../cases/src/case.rs"]
#[allow(dead_code)]
mod case;
mod cells;
mod channels;
mod control;
mod groups;
mod heap;
#[path = "../../cases/src/invisible.rs"]
#[allow(dead_code)]
mod invisible;
mod locks;
mod maps;
#[path = "../../cases/src/menu.rs"]
mod menu;
mod reports;
mod tasks;
mod timers;

use std::alloc::System;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: race::alloc::Tracked<System> = race::alloc::Tracked::new(System);

const CASES: &[&[case::Case]] = &[
    cells::CASES,
    channels::CASES,
    control::CASES,
    groups::CASES,
    heap::CASES,
    locks::CASES,
    maps::CASES,
    reports::CASES,
    tasks::CASES,
    timers::CASES,
];

fn main() -> ExitCode {
    menu::serve("both-tiers", CASES)
}
