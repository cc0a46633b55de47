//! Random executions.
//!
//! Steps drawn one by one would race everywhere and hardly ever build an edge. So most steps come from motifs: two or three
//! lanes that hand each other some bytes, by a lock, by an atomic with or without fences, by spawn and join, by the
//! allocator, with orderings that suffice or do not, or by an object with a contract ([`crate::motifs`]), or that go over
//! the same memory ([`crate::sweeps`]). A few motifs are under way at a time and their steps mingle, with single steps of
//! any kind between them.
//!
//! Guarantees: every kind of step occurs, with every ordering it can have, and slots pass from joined lanes to new ones.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

use race_rt::access::AccessKind;
use race_rt::heap::LARGE;

use crate::execution::{Execution, LANES, Lane, OBJECTS, Object, Operation, Place, Rules, Site, Step};
use crate::random::Random;

/// Steps in the longest execution.
const LONGEST: usize = 400;
/// Where the large blocks lie.
const LARGE_START: usize = LARGE;
const LARGE_END: usize = LARGE_START + 2 * LARGE + 4096;

pub const LOAD_ORDERS: [Ordering; 3] = [Relaxed, Acquire, SeqCst];
pub const STORE_ORDERS: [Ordering; 3] = [Relaxed, Release, SeqCst];
const ORDERS: [Ordering; 5] = [Relaxed, Acquire, Release, AcqRel, SeqCst];
const FENCE_ORDERS: [Ordering; 4] = [Acquire, Release, AcqRel, SeqCst];
pub const ACCESS_KINDS: [AccessKind; 6] = [
    AccessKind::Read,
    AccessKind::Read,
    AccessKind::Write,
    AccessKind::Write,
    AccessKind::VolatileRead,
    AccessKind::VolatileWrite,
];

/// The execution that `random` gives next.
#[allow(dead_code)] // the wrapper tier's types have their own
pub fn execution(random: &mut Random) -> Execution {
    let objects = random.pick(&[0, 0, 1, 2, 3]);
    with_objects(random, objects)
}

/// One in which so many motifs of four are about objects with contracts.
pub fn with_objects(random: &mut Random, objects: usize) -> Execution {
    let length = match random.below(10) {
        0 => 1 + random.below(LONGEST),
        1 | 2 => 1 + random.below(120),
        _ => 4 + random.below(40),
    };
    let mut generator = Generator {
        lanes: 2 + random.below(LANES - 1),
        bytes: random.pick(&[8, 16, 48, 128, 384]),
        loops: random.pick(&[0, 0, 1, 3]),
        straight: random.pick(&[0, 1, 1, 3]),
        large: random.once_in(6),
        objects,
        random,
        rules: Rules::new(),
        steps: Vec::new(),
        motifs: Vec::new(),
    };
    generator.run(length);
    Execution::from_steps(&generator.steps)
}

/// An execution that is being drawn.
pub struct Generator<'a> {
    pub random: &'a mut Random,
    /// How many lanes there may be.
    lanes: usize,
    /// How far the accesses are spread.
    bytes: usize,
    /// How many sites the lanes share; none: each step has its own.
    loops: usize,
    /// How many steps of four are in no loop all the same.
    straight: usize,
    /// Whether large blocks occur.
    large: bool,
    /// How many motifs of four are about objects with contracts.
    objects: usize,
    pub rules: Rules,
    steps: Vec<Step>,
    /// What is still to come of the motifs that are under way.
    motifs: Vec<VecDeque<(Lane, Operation)>>,
}

impl Generator<'_> {
    fn run(&mut self, length: usize) {
        for _ in 0..self.random.below(self.lanes) {
            let parent = self.running();
            self.spawn(parent);
        }
        let mingled = 1 + self.random.below(3);
        while self.steps.len() < length && !self.rules.running().is_empty() {
            if self.random.once_in(4) {
                let lane = self.running();
                let operation = self.single();
                self.push(lane, operation);
                continue;
            }
            if self.motifs.len() < mingled {
                let motif = self.motif();
                self.motifs.push(motif.into());
            }
            let which = self.random.below(self.motifs.len());
            match self.motifs[which].pop_front() {
                Some((lane, operation)) => self.push(lane, operation),
                None => drop(self.motifs.swap_remove(which)),
            }
        }
    }

    fn push(&mut self, lane: Lane, operation: Operation) {
        let looped = self.loops > 0 && self.random.below(4) >= self.straight;
        let site = if looped { self.random.below(self.loops) } else { self.steps.len() };
        let step = Step { lane, site: Site(site), operation };
        if self.rules.admit(&step).is_some() {
            self.steps.push(step);
        }
        while let Some(due) = self.rules.return_due() {
            self.rules.admit(&due);
            self.steps.push(due);
        }
    }

    /// A lane that may take a step.
    pub fn running(&mut self) -> Lane {
        let running = self.rules.running();
        if running.is_empty() { Lane(0) } else { self.random.pick(&running) }
    }

    fn spawn(&mut self, parent: Lane) -> Option<Lane> {
        let new = *self.rules.unborn().first()?;
        if self.rules.running().len() < self.lanes {
            self.push(parent, Operation::Spawn(new));
        }
        Some(new)
    }

    /// Some bytes that accesses may touch.
    pub fn place(&mut self) -> Place {
        let size = match self.random.below(8) {
            0..=4 => self.random.pick(&[1, 2, 4, 8]),
            5 | 6 => 1 + self.random.below(8),
            _ => 1 + self.random.below(64),
        };
        let at =
            if self.large && self.random.once_in(2) { self.spot_in_large() } else { self.random.below(self.bytes) };
        Place { at, size }
    }

    /// Near the edges of large blocks and of pages of their shadow.
    fn spot_in_large(&mut self) -> usize {
        let edge = self.random.pick(&[0, 8, 16, 4096, LARGE, LARGE + 4096, 2 * LARGE]);
        LARGE_START + edge + self.random.below(24) - 12 * usize::from(edge > 16)
    }

    /// Where an atomic variable lies.
    pub fn variable(&mut self) -> Place {
        let size = self.random.pick(&[1, 2, 4, 4, 8, 8, 8, 16]);
        let Place { at, .. } = self.place();
        Place { at: at / size * size, size }
    }

    /// A block for the allocator.
    pub fn block(&mut self) -> Place {
        if self.large && self.random.once_in(2) {
            let at = LARGE_START + self.random.pick(&[0, 0, 8, 4096, LARGE]);
            let size = LARGE + self.random.pick(&[0, 0, 8, 4096]);
            return Place { at, size: size.min(LARGE_END - at) };
        }
        let at =
            if self.large && self.random.once_in(3) { self.spot_in_large() } else { self.random.below(self.bytes) };
        Place { at: at / 8 * 8, size: 8 * (1 + self.random.below(6)) }
    }

    /// Some access to these bytes.
    pub fn accesses(&mut self, place: Place) -> Operation {
        if self.random.once_in(8) {
            return Operation::ReadWrite(place);
        }
        Operation::Access(self.random.pick(&ACCESS_KINDS), place)
    }

    /// One of a few addresses.
    fn address(&mut self) -> usize {
        self.place().at / 16 * 16
    }

    /// An object that carries whatever the lanes give it.
    pub fn object(&mut self) -> Object {
        Object(self.random.below(OBJECTS))
    }

    fn single(&mut self) -> Operation {
        // Rarely: the clocks grow with every slot that was ever in use.
        if self.random.once_in(2000) {
            return Operation::Move;
        }
        if self.objects > 0 && self.random.below(12) < self.objects + 2 * self.rules.waiting().len() {
            return self.single_use();
        }
        match self.random.below(22) {
            0..=6 => {
                let place = self.place();
                self.accesses(place)
            }
            7 => Operation::Load(self.variable(), self.random.pick(&LOAD_ORDERS)),
            8 => Operation::Store(self.variable(), self.random.pick(&STORE_ORDERS)),
            9 | 10 => {
                let variable = self.variable();
                self.updates(variable)
            }
            11 => Operation::Fence(self.random.pick(&FENCE_ORDERS)),
            12 => Operation::ObjectRelease(self.object()),
            13 => Operation::ObjectReleaseMerge(self.object()),
            14 => Operation::ObjectAcquire(self.object()),
            15 => match self.rules.unborn().first() {
                Some(new) if self.random.once_in(4) => Operation::Adopt(*new),
                Some(new) => Operation::Spawn(*new),
                None => Operation::ObjectClear(self.object()),
            },
            20 => Operation::ObjectConsume(self.object()),
            21 if self.random.once_in(2) => Operation::ReleaseAt(self.address()),
            21 => Operation::AcquireAt(self.address()),
            16 if self.random.once_in(2) => Operation::Finish,
            16 | 17 => match self.rules.finished()[..] {
                [] => Operation::Fence(SeqCst),
                [first, ..] => Operation::Join(first),
            },
            18 => match self.rules.blocks()[..] {
                [] => Operation::Allocate(self.block()),
                [first, ..] => Operation::Free(first),
            },
            _ => Operation::Forget(if self.random.once_in(2) { self.block() } else { self.place() }),
        }
    }

    pub fn updates(&mut self, variable: Place) -> Operation {
        let (success, failure) = (self.random.pick(&ORDERS), self.random.pick(&LOAD_ORDERS));
        match self.random.below(4) {
            0 => Operation::Exchange(variable, success, failure),
            1 => Operation::FailedExchange(variable, success, failure),
            _ => Operation::Update(variable, success),
        }
    }

    fn motif(&mut self) -> Vec<(Lane, Operation)> {
        if self.random.below(4) < self.objects {
            return self.object_motif();
        }
        match self.random.below(11) {
            0..=2 => self.message(),
            3 => self.critical_sections(),
            4 => self.child(),
            5 | 6 => self.block_life(),
            7 => self.sweeps(),
            8 => self.fields(),
            9 => self.turns(),
            _ => self.shared_reading(),
        }
    }

    /// One lane writes, publishes through an atomic, others pass it on, one lane reads and looks.
    fn message(&mut self) -> Vec<(Lane, Operation)> {
        let (writer, reader, data, flag) = (self.running(), self.running(), self.place(), self.variable());
        let mut steps = vec![(writer, self.accesses(data))];
        if self.random.once_in(2) {
            steps.push((writer, Operation::Fence(self.random.pick(&FENCE_ORDERS))));
        }
        steps.push((writer, self.publishes(flag)));
        for _ in 0..self.random.below(3) {
            let lane = self.running();
            let between = match self.random.below(5) {
                0 => Operation::Store(flag, self.random.pick(&STORE_ORDERS)),
                1 => Operation::Fence(self.random.pick(&FENCE_ORDERS)),
                _ => self.updates(flag),
            };
            steps.push((lane, between));
        }
        let looks = match self.random.below(3) {
            0 => self.updates(flag),
            _ => Operation::Load(flag, self.random.pick(&LOAD_ORDERS)),
        };
        steps.push((reader, looks));
        if self.random.once_in(2) {
            steps.push((reader, Operation::Fence(self.random.pick(&FENCE_ORDERS))));
        }
        steps.push((reader, self.accesses(data)));
        steps
    }

    fn publishes(&mut self, flag: Place) -> Operation {
        if self.random.once_in(3) {
            self.updates(flag)
        } else {
            Operation::Store(flag, self.random.pick(&STORE_ORDERS))
        }
    }

    /// Several lanes take a lock in turn; now and then one forgets to, or a reader releases as readers do. The lock may be
    /// one that is known by its address, or a token.
    fn critical_sections(&mut self) -> Vec<(Lane, Operation)> {
        let (lock, address, data) = (self.object(), self.address(), self.place());
        let which = self.random.below(4);
        let mut steps = Vec::new();
        for _ in 0..2 + self.random.below(3) {
            let lane = self.running();
            let (acquire, release) = match which {
                0 => (Operation::AcquireAt(address), Operation::ReleaseAt(address)),
                1 => (Operation::ObjectConsume(lock), Operation::ObjectReleaseMerge(lock)),
                _ if self.random.once_in(3) => (Operation::ObjectAcquire(lock), Operation::ObjectReleaseMerge(lock)),
                _ => (Operation::ObjectAcquire(lock), Operation::ObjectRelease(lock)),
            };
            if !self.random.once_in(6) {
                steps.push((lane, acquire));
            }
            steps.push((lane, self.accesses(data)));
            steps.push((lane, release));
        }
        steps
    }

    /// A lane works on some bytes between its parent's accesses to them; the next one gets its slot.
    fn child(&mut self) -> Vec<(Lane, Operation)> {
        let (parent, data) = (self.running(), self.place());
        let mut steps = Vec::new();
        let unborn = self.rules.unborn();
        for new in unborn.into_iter().take(1 + self.random.below(3)) {
            steps.push((parent, self.accesses(data)));
            steps.push((parent, Operation::Spawn(new)));
            steps.push((new, self.accesses(data)));
            if self.random.once_in(3) {
                steps.push((parent, self.accesses(data)));
            }
            steps.push((new, Operation::Finish));
            let joiner = if self.random.once_in(5) { self.running() } else { parent };
            steps.push((joiner, Operation::Join(new)));
        }
        let last = self.running();
        steps.push((last, self.accesses(data)));
        steps
    }
}
