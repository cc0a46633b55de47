//! A random program of a few lanes that run at the same time, in whatever order they meet.
//!
//! Guarantees: every order in which its lanes meet ends. A lane holds one lock at a time and waits for none but lanes that
//! it has started itself, holding nothing. Each deed has a site of its own, so that a report tells which deeds it is about.

use std::ops::Range;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use race_rt::access::AccessKind::{Read, VolatileRead, VolatileWrite, Write};
use race_rt::shadow::map::GRANULE;

use crate::execution::{LANES, Lane, OBJECTS, Object, Operation, Place, Site};
use crate::random::Random;

/// What a lane does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Something that waits for nobody.
    Do(Operation),
    /// Takes a lock.
    Lock(Object),
    /// Gives it back.
    Unlock(Object),
    /// Starts a lane.
    Start(Lane),
    /// Waits for the end of a lane.
    Await(Lane),
}

/// What each lane does; the first is there from the start.
#[derive(Clone, Debug)]
pub struct Program {
    lanes: Vec<Vec<(Site, Deed)>>,
}

/// How large programs are.
#[derive(Clone, Debug)]
pub struct Extent {
    /// Lanes, the first one included.
    pub lanes: Range<usize>,
    /// Deeds of each lane.
    pub deeds: Range<usize>,
    /// Granules that they are about.
    pub granules: Range<usize>,
}

impl Program {
    /// A program drawn from `random`.
    pub fn draw(random: &mut Random, extent: &Extent) -> Program {
        let granules = between(random, &extent.granules);
        let count = between(random, &extent.lanes).min(LANES);
        let mut deeds: Vec<Vec<Deed>> = (0..count).map(|_| lane(random, extent, granules)).collect();
        for child in 1..count {
            // Which one starts it comes before it, so that all are started.
            let parent = &mut deeds[random.below(child)];
            let start = position(random, parent, 0);
            parent.insert(start, Deed::Start(Lane(child)));
            if !random.once_in(3) {
                let end = position(random, parent, start + 1);
                parent.insert(end, Deed::Await(Lane(child)));
            }
        }
        let mut sites = (0..).map(Site);
        Program { lanes: deeds.into_iter().map(|lane| sites.by_ref().zip(lane).collect()).collect() }
    }

    /// What a lane does, in order.
    pub fn lane(&self, lane: Lane) -> &[(Site, Deed)] {
        &self.lanes[lane.0]
    }

    /// The number of lanes.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }
}

fn between(random: &mut Random, range: &Range<usize>) -> usize {
    range.start + random.below(range.len())
}

/// A place from `from` on at which the lane holds no lock.
fn position(random: &mut Random, lane: &[Deed], from: usize) -> usize {
    let held = |at: usize| {
        lane[..at].iter().rev().find_map(|deed| match deed {
            Deed::Lock(_) => Some(true),
            Deed::Unlock(_) => Some(false),
            _ => None,
        })
    };
    let places: Vec<usize> = (from..=lane.len()).filter(|at| held(*at) != Some(true)).collect();
    random.pick(&places)
}

fn lane(random: &mut Random, extent: &Extent, granules: usize) -> Vec<Deed> {
    let count = between(random, &extent.deeds);
    let mut deeds = Vec::new();
    while deeds.len() < count {
        if random.once_in(5) {
            let object = Object(random.below(OBJECTS));
            deeds.push(Deed::Lock(object));
            deeds.extend((0..random.below(4)).map(|_| Deed::Do(operation(random, granules))));
            deeds.push(Deed::Unlock(object));
        } else {
            deeds.push(Deed::Do(operation(random, granules)));
        }
    }
    deeds
}

fn operation(random: &mut Random, granules: usize) -> Operation {
    const ORDERS: [Ordering; 5] = [Relaxed, Acquire, Release, AcqRel, SeqCst];
    let fences = &ORDERS[1..];
    let loads = [Relaxed, Acquire, SeqCst];
    let stores = [Relaxed, Release, SeqCst];
    match random.below(16) {
        0..4 => Operation::Access(Read, place(random, granules)),
        4..7 => Operation::Access(Write, place(random, granules)),
        7 => Operation::ReadWrite(place(random, granules)),
        8 => Operation::Access(random.pick(&[VolatileRead, VolatileWrite]), place(random, granules)),
        9 | 10 => Operation::Load(variable(random, granules), random.pick(&loads)),
        11 | 12 => Operation::Store(variable(random, granules), random.pick(&stores)),
        13 => Operation::Update(variable(random, granules), random.pick(&ORDERS)),
        14 => {
            let (variable, success, failure) = (variable(random, granules), random.pick(&ORDERS), random.pick(&loads));
            if random.once_in(2) {
                Operation::Exchange(variable, success, failure)
            } else {
                Operation::FailedExchange(variable, success, failure)
            }
        }
        _ => Operation::Fence(random.pick(fences)),
    }
}

/// Any bytes: most within a granule.
fn place(random: &mut Random, granules: usize) -> Place {
    let bytes = granules * GRANULE;
    let size = random.pick(&[1, 1, 2, 4, 8, 8, 3, 12]).min(bytes);
    Place { at: random.below(bytes - size + 1), size }
}

/// An atomic variable. Few, so that lanes meet at them; in the first half, so that not every byte belongs to one.
fn variable(random: &mut Random, granules: usize) -> Place {
    let granule = random.below(granules.div_ceil(2)) * GRANULE;
    random.pick(&[Place { at: granule, size: 8 }, Place { at: granule + 4, size: 4 }])
}
