//! Motifs in which lanes come back to the same atomic variables again and again, for the generator to mingle with others: what
//! a thread remembers of its own entries there has to hold, and to end when somebody else touches their bytes.

use std::sync::atomic::Ordering::{AcqRel, Relaxed, Release};

use crate::execution::{Lane, Operation, Place};
use crate::generator::{Generator, LOAD_ORDERS, STORE_ORDERS};

impl Generator<'_> {
    /// A few lanes take turns at one or two variables of a granule, or a lane has them for itself. Now and then an access comes
    /// between, an end of the memory's life, or a lane that was not there before.
    pub fn turns(&mut self) -> Vec<(Lane, Operation)> {
        let lanes: Vec<Lane> = (0..1 + self.random.below(3)).map(|_| self.running()).collect();
        let variable = self.variable();
        let neighbour = Place { at: variable.at ^ variable.size, ..variable };
        let carries = self.random.pick(&[AcqRel, Release, Relaxed]);
        let mut steps = vec![(lanes[0], Operation::Update(variable, AcqRel))];
        for turn in 0..4 + self.random.below(12) {
            let lane = if self.random.once_in(12) { self.running() } else { lanes[turn % lanes.len()] };
            let place = if self.random.once_in(4) { neighbour } else { variable };
            if self.random.once_in(2) {
                steps.push((lane, Operation::Load(place, self.random.pick(&LOAD_ORDERS))));
            }
            let operation = match self.random.below(16) {
                0 => self.accesses(place),
                1 => Operation::Forget(Place { at: place.at / 8 * 8, size: 8 }),
                2 => Operation::Store(place, self.random.pick(&STORE_ORDERS)),
                3 | 4 => self.updates(place),
                _ => Operation::Update(place, carries),
            };
            steps.push((lane, operation));
        }
        let last = self.running();
        steps.push((last, self.accesses(variable)));
        steps
    }
}
