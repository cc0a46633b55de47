//! The runtime's hot entry points, called between two breakpoints each: who traces this process can step from the first
//! to the second and count. `hot-paths list` prints the paths' names in their order; without an argument they run.
//!
//! Each path is taken many times before it counts, so that what happens once (memory that is touched first, pauses that
//! disturb the schedule, tables that grow) is over, and then [`ROUNDS`] times between breakpoints. A second thread is alive
//! all the time: alone, a thread records nothing. The calls are made by hand, so what is counted is the runtime and one
//! `call`.

#[path = "../../cases/src/invisible.rs"]
#[allow(dead_code)]
mod invisible;
mod paths;
mod probe;

use std::thread;

use paths::{PATHS, Places};
use probe::Probe;

/// How often a path runs before it counts.
const WARM_UP: usize = 2_000;
/// How often it counts.
const ROUNDS: usize = 5;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("list") {
        return PATHS.iter().for_each(|path| println!("{}", path.name));
    }
    let places = &Places::new();
    thread::scope(|scope| {
        for number in 0..Places::READERS {
            scope.spawn(move || {
                places.read_as(number);
                invisible::advance();
            });
        }
        invisible::wait(Places::READERS);
        scope.spawn(|| {
            invisible::wait(Places::READERS + 1);
            places.read_shared();
            invisible::advance();
            invisible::wait(Places::READERS + 3);
        });
        // Both threads read in the steps they are in now: seen, an order of the two would leave one entry.
        places.read_shared();
        invisible::advance();
        invisible::wait(Places::READERS + 2);
        for (number, path) in PATHS.iter().enumerate() {
            for round in 0..WARM_UP + ROUNDS {
                let probe = if round < WARM_UP { Probe::idle() } else { Probe::of(number) };
                (path.run)(places, probe);
            }
        }
        invisible::advance();
    });
}
