//! Motifs about memory, for the generator to mingle with others: blocks that come and go, and accesses by which several
//! lanes go over the same granules, whole or in parts.

use race_rt::access::AccessKind;

use crate::execution::{Lane, Operation, Place};
use crate::generator::{ACCESS_KINDS, Generator};

impl Generator<'_> {
    /// A block is allocated, used here and there, freed, used once more perhaps, and its memory allocated again.
    pub fn block_life(&mut self) -> Vec<(Lane, Operation)> {
        let (owner, user, block) = (self.running(), self.running(), self.block());
        let (lock, handed) = (self.object(), self.random.once_in(2));
        let mut steps = vec![(owner, Operation::Allocate(block))];
        for lane in [owner, user] {
            if self.random.once_in(2) {
                let data = self.inside(block);
                steps.push((lane, if self.random.once_in(3) { self.updates_in(data) } else { self.accesses(data) }));
            }
            if handed {
                let handing =
                    if lane == owner { Operation::ObjectRelease(lock) } else { Operation::ObjectAcquire(lock) };
                steps.push((lane, handing));
            }
        }
        steps.push((user, Operation::Free(block)));
        if self.random.once_in(3) {
            let (lane, data) = (self.running(), self.inside(block));
            steps.push((lane, self.accesses(data)));
        }
        let (next, data) = (self.running(), self.inside(block));
        steps.push((next, if self.random.once_in(4) { Operation::Forget(block) } else { Operation::Allocate(block) }));
        steps.push((next, self.accesses(data)));
        steps
    }

    fn inside(&mut self, block: Place) -> Place {
        let at = match self.random.below(4) {
            0 => 0,
            1 => block.size - 8,
            2 => block.size / 2 / 8 * 8,
            _ => self.random.below(block.size.min(64)),
        };
        Place { at: block.at + at, size: 1 + self.random.below(8) }
    }

    fn updates_in(&mut self, data: Place) -> Operation {
        self.updates(Place { at: data.at / 4 * 4, size: 4 })
    }

    /// Several lanes go over the same few granules, at once or part by part, with or without a lock.
    pub fn sweeps(&mut self) -> Vec<(Lane, Operation)> {
        let (lock, at) = (self.object(), self.place().at / 8 * 8);
        let (whole, locked) = (Place { at, size: 24 + 8 * self.random.below(6) }, self.random.once_in(2));
        let mut steps = Vec::new();
        for _ in 0..2 + self.random.below(4) {
            let (lane, sweep) = (self.running(), self.sweep(whole));
            let handing = [(lane, Operation::ObjectAcquire(lock)), (lane, Operation::ObjectRelease(lock))];
            steps.extend(handing.first().filter(|_| locked));
            steps.extend(sweep.into_iter().map(|operation| (lane, operation)));
            steps.extend(handing.last().filter(|_| locked));
        }
        steps
    }

    /// One lane goes over the first fields of an array's elements, another over the same, the first over the others.
    pub fn fields(&mut self) -> Vec<(Lane, Operation)> {
        let at = self.place().at / 8 * 8;
        let (one, other, last) = (self.running(), self.running(), self.running());
        let (kind, other_kind) = (self.random.pick(&ACCESS_KINDS), self.random.pick(&ACCESS_KINDS));
        let mut steps = Vec::new();
        for (lane, kind, field) in [(one, kind, 0), (other, other_kind, 0), (one, kind, 4)] {
            let elements = (at + field..at + field + 32).step_by(8);
            steps.extend(elements.map(|at| (lane, Operation::Access(kind, Place { at, size: 4 }))));
        }
        let part = self.inside(Place { at, size: 32 });
        steps.push((last, self.accesses(part)));
        steps
    }

    fn sweep(&mut self, whole: Place) -> Vec<Operation> {
        let kind = self.random.pick(&ACCESS_KINDS);
        match self.random.below(4) {
            0 => {
                let first = whole.size / 16 * 8;
                let rest = Place { at: whole.at + first, size: whole.size - first };
                vec![Operation::Access(kind, Place { size: first, ..whole }), Operation::Access(kind, rest)]
            }
            1 => {
                let part = self.inside(whole);
                vec![if self.random.once_in(2) { self.updates_in(part) } else { self.accesses(part) }]
            }
            _ => vec![Operation::Access(kind, whole)],
        }
    }

    /// Several lanes read the same bytes, then somebody writes some of them.
    pub fn shared_reading(&mut self) -> Vec<(Lane, Operation)> {
        let data = self.place();
        let mut steps = Vec::new();
        for _ in 0..2 + self.random.below(5) {
            let lane = self.running();
            steps.push((lane, Operation::Access(AccessKind::Read, data)));
        }
        let writer = self.running();
        steps.push((writer, Operation::Access(AccessKind::Write, Place { at: data.at, size: 1.max(data.size / 2) })));
        steps
    }
}
