//! Motifs in which lanes synchronise by objects with a contract, for the generator to mingle with others.
//!
//! Some lanes do it right and some do not: an access stands before, within or after what the object orders, a lock that is
//! not free is done without (its steps are not admitted), what is waited for may never come.

use crate::execution::{Lane, Object, Operation, Place};
use crate::generator::Generator;
use crate::objects::{BARRIERS, CHANNELS, EACH, ONCES, PERMITS};
use crate::uses::{Arm, Use};

type Steps = Vec<(Lane, Operation)>;

impl Generator<'_> {
    /// One of these motifs.
    pub fn object_motif(&mut self) -> Steps {
        match self.random.below(12) {
            0 => self.mutex_sections(),
            1 => self.condition(),
            2 | 3 => self.readers_and_writers(),
            4 => self.once(),
            5 => self.barrier(),
            6 => self.group(),
            7 => self.permits(),
            8 | 9 => self.selects(),
            _ => self.channel(),
        }
    }

    /// Any single operation, most of which fit rarely. What others may wait for comes more often.
    pub fn single_use(&mut self) -> Operation {
        let each = Object(self.random.below(EACH));
        let count = 1 + self.random.below(2);
        let channel = Object(self.random.below(CHANNELS.len()));
        let once = Object(self.random.below(ONCES));
        Operation::Use(match self.random.below(40) {
            0 => Use::Lock(each),
            1 => Use::TryLock(each),
            2 => Use::Unlock(each),
            3 => Use::Wait(each),
            4 | 5 => Use::Notify(each),
            6 => Use::ReadLock(each),
            7 => Use::TryReadLock(each),
            8 => Use::ReadUnlock(each),
            9 => Use::WriteLock(each),
            10 => Use::TryWriteLock(each),
            11 => Use::WriteUnlock(each),
            12 => Use::Downgrade(each),
            13 => Use::BeginOnce(once),
            14 => Use::EndOnce(once),
            15 => Use::CallOnce(once),
            16 | 17 => Use::Arrive(Object(self.random.below(BARRIERS.len()))),
            18 => Use::Open(each, count),
            19 => Use::Add(each, 1),
            20 | 21 => Use::Done(each),
            22 => Use::WaitForGroup(each),
            23 => Use::Take(each, count),
            24 => Use::TryTake(each, count),
            25 | 26 => Use::GiveBack(each, count),
            27 => Use::Send(channel),
            28 => Use::TrySend(channel),
            29 => Use::Receive(channel),
            30 => Use::TryReceive(channel),
            31 if self.random.once_in(2) => Use::Close(channel),
            31 => Use::CloseAgain(channel),
            32 => Use::WaitForPost(each),
            36 => Use::LookAtOnce(once),
            37 => self.some_select(),
            38 if self.random.once_in(2) => Use::PoisonMutex(each),
            38 => Use::PoisonLock(each),
            39 => Use::BreakOnce(once),
            _ => Use::Post(each),
        })
    }

    fn some_object(&mut self, kinds: usize) -> Object {
        Object(self.random.below(kinds))
    }

    /// The lane's doing between two operations: most often an access to the bytes.
    fn work(&mut self, lane: Lane, data: Place) -> Option<(Lane, Operation)> {
        (!self.random.once_in(5)).then(|| (lane, self.accesses(data)))
    }

    /// Steps of one lane, with its work at some of the places between them.
    fn with_work(&mut self, lane: Lane, data: Place, uses: &[Use]) -> Steps {
        let place = self.random.below(uses.len() + 1);
        let mut steps = Vec::new();
        for (at, operation) in uses.iter().enumerate() {
            if at == place || self.random.once_in(3) {
                steps.extend(self.work(lane, data));
            }
            steps.push((lane, Operation::Use(*operation)));
        }
        if place == uses.len() || self.random.once_in(3) {
            steps.extend(self.work(lane, data));
        }
        steps
    }

    /// Several lanes lock and unlock in turn.
    fn mutex_sections(&mut self) -> Steps {
        let (mutex, data) = (self.some_object(EACH), self.place());
        let mut steps = Vec::new();
        for _ in 0..2 + self.random.below(3) {
            let lane = self.running();
            let uses = match self.random.below(8) {
                0 => vec![Use::Lock(mutex), Use::TryLock(mutex), Use::Unlock(mutex)],
                1 => vec![Use::Lock(mutex), Use::PoisonMutex(mutex)],
                _ => vec![Use::Lock(mutex), Use::Unlock(mutex)],
            };
            steps.extend(self.with_work(lane, data, &uses));
        }
        steps
    }

    /// A lane waits for a condition, and others change what it is about.
    fn condition(&mut self) -> Steps {
        let (mutex, data, waiter) = (self.some_object(EACH), self.place(), self.running());
        let mut steps = vec![(waiter, Operation::Use(Use::Lock(mutex)))];
        steps.extend(self.work(waiter, data));
        steps.push((waiter, Operation::Use(Use::Wait(mutex))));
        for _ in 0..1 + self.random.below(2) {
            let lane = self.running();
            let uses = match self.random.below(3) {
                0 => vec![Use::Lock(mutex), Use::Unlock(mutex), Use::Notify(mutex)],
                1 => vec![Use::Notify(mutex)],
                _ => vec![Use::Lock(mutex), Use::Notify(mutex), Use::Unlock(mutex)],
            };
            steps.extend(self.with_work(lane, data, &uses));
        }
        steps.extend(self.work(waiter, data));
        steps.push((waiter, Operation::Use(Use::Unlock(mutex))));
        steps
    }

    fn readers_and_writers(&mut self) -> Steps {
        let (lock, data) = (self.some_object(EACH), self.place());
        let mut steps = Vec::new();
        for _ in 0..2 + self.random.below(4) {
            let lane = self.running();
            let uses = match self.random.below(6) {
                0 | 1 => vec![Use::WriteLock(lock), Use::WriteUnlock(lock)],
                5 => vec![Use::WriteLock(lock), Use::PoisonLock(lock)],
                2 => vec![Use::WriteLock(lock), Use::Downgrade(lock), Use::ReadUnlock(lock)],
                _ => vec![Use::ReadLock(lock), Use::ReadUnlock(lock)],
            };
            steps.extend(self.with_work(lane, data, &uses));
        }
        steps
    }

    fn once(&mut self) -> Steps {
        let (once, data, first) = (self.some_object(ONCES), self.place(), self.running());
        let mut steps = Steps::new();
        if self.random.once_in(2) {
            let lane = self.running();
            steps.extend(self.with_work(lane, data, &[Use::BeginOnce(once), Use::BreakOnce(once)]));
        }
        steps.extend(self.with_work(first, data, &[Use::BeginOnce(once), Use::EndOnce(once)]));
        for _ in 0..1 + self.random.below(3) {
            let lane = self.running();
            let asks = if self.random.once_in(3) { Use::LookAtOnce(once) } else { Use::CallOnce(once) };
            steps.extend(self.with_work(lane, data, &[asks]));
        }
        steps
    }

    /// Two generations, of the same lanes or others. Most lanes work on one side of it only.
    fn barrier(&mut self) -> Steps {
        let (barrier, data) = (self.some_object(BARRIERS.len()), self.place());
        let size = BARRIERS[barrier.0];
        let lanes = self.some_lanes(2 * size);
        let mut steps = Vec::new();
        for lanes in lanes.chunks(size) {
            for lane in lanes {
                steps.extend(self.work(*lane, data).filter(|_| self.random.once_in(2)));
                steps.push((*lane, Operation::Use(Use::Arrive(barrier))));
            }
            for lane in lanes {
                steps.extend(self.work(*lane, data).filter(|_| self.random.once_in(3)));
            }
        }
        steps
    }

    fn group(&mut self) -> Steps {
        let (group, data, opener, waiter) = (self.some_object(EACH), self.place(), self.running(), self.running());
        let count = 1 + self.random.below(3);
        let mut steps = vec![(opener, Operation::Use(Use::Open(group, count)))];
        let mut workers = Vec::new();
        for _ in 0..count {
            let lane = self.running();
            workers.extend(self.with_work(lane, data, &[Use::Done(group)]));
        }
        let waiting = self.with_work(waiter, data, &[Use::WaitForGroup(group)]);
        if self.random.once_in(2) {
            steps.extend(workers);
            steps.extend(waiting);
        } else {
            steps.extend(waiting.into_iter().take(2));
            steps.extend(workers);
            steps.extend(self.work(waiter, data));
        }
        steps
    }

    /// Several lanes take permits and give them back, one after the other or two at a time, those of the C library too.
    fn permits(&mut self) -> Steps {
        let (semaphore, data) = (self.some_object(EACH), self.place());
        let mut steps = Vec::new();
        let (of_c, overlaps) = (self.random.once_in(3), self.random.once_in(2));
        let mut before: Option<(Lane, Use)> = None;
        for _ in 0..2 + self.random.below(5) {
            let lane = self.running();
            if of_c {
                let operation = if self.random.once_in(2) { Use::Post(semaphore) } else { Use::WaitForPost(semaphore) };
                steps.extend(self.with_work(lane, data, &[operation]));
                continue;
            }
            let count = if self.random.once_in(3) { PERMITS[semaphore.0] } else { 1 };
            steps.extend(self.with_work(lane, data, &[Use::Take(semaphore, count)]));
            let holding = before.replace((lane, Use::GiveBack(semaphore, count)));
            let given_back = if overlaps { holding } else { before.take() };
            steps.extend(given_back.map(|(lane, operation)| (lane, Operation::Use(operation))));
        }
        steps.extend(before.map(|(lane, operation)| (lane, Operation::Use(operation))));
        steps
    }

    /// Some lanes send and some receive, in any order; perhaps one closes. Most often one works before its turn and one
    /// after a later turn, and nobody else does.
    fn channel(&mut self) -> Steps {
        let (channel, data) = (self.some_object(CHANNELS.len()), self.place());
        let (sends_first, order) = (self.random.once_in(2), self.random.below(3));
        let turns = 2 + self.random.below(6);
        let one = self.random.below(turns - 1);
        let other = one + 1 + self.random.below(turns - one - 1);
        let (at_end, mut works_last) = (self.random.once_in(2), self.running());
        let mut steps = Vec::new();
        for turn in 0..turns {
            let lane = self.running();
            let sends = match order {
                0 => (turn % 2 == 0) == sends_first,
                1 => (turn < turns / 2) == sends_first,
                _ => self.random.once_in(2),
            };
            let operation = match (sends, self.random.once_in(12)) {
                (_, true) => Use::Close(channel),
                (true, false) => Use::Send(channel),
                (false, false) => Use::Receive(channel),
            };
            if turn == one || self.random.once_in(12) {
                steps.push((lane, self.accesses(data)));
            }
            steps.push((lane, Operation::Use(operation)));
            if turn == other {
                works_last = lane;
            }
            if turn == other && !at_end || self.random.once_in(12) {
                steps.push((lane, self.accesses(data)));
            }
        }
        // Where it has to wait, it works when it has returned.
        if at_end {
            steps.push((works_last, self.accesses(data)));
        }
        steps
    }

    fn some_arm(&mut self) -> Arm {
        Arm { channel: self.some_object(CHANNELS.len()), sends: self.random.once_in(2) }
    }

    fn some_select(&mut self) -> Use {
        let (arm, other) = (self.some_arm(), self.some_arm());
        match self.random.below(4) {
            0 => Use::SelectSend(arm.channel, other),
            1 => Use::SelectReceive(arm.channel, other),
            2 => Use::SelectWait(arm, other),
            _ => Use::TrySelect(arm, other),
        }
    }

    /// Lanes that select between two channels, one after the other what may be possible, and others that do one of these
    /// operations alone. One works before its turn and one after a later turn.
    fn selects(&mut self) -> Steps {
        let (channel, other) = (self.random.below(CHANNELS.len()), 1 + self.random.below(CHANNELS.len() - 1));
        let channels = [channel, (channel + other) % CHANNELS.len()].map(Object);
        let data = self.place();
        let turns = 2 + self.random.below(5);
        let mut last = self.running();
        let mut steps = Steps::new();
        for turn in 0..turns {
            let lane = self.running();
            if turn == 0 || self.random.once_in(8) {
                steps.push((lane, self.accesses(data)));
            }
            let sends = [self.random.once_in(2), self.random.once_in(2)];
            let arm = |which: usize| Arm { channel: channels[which], sends: sends[which] };
            let alone = |arm: Arm| if arm.sends { Use::Send(arm.channel) } else { Use::Receive(arm.channel) };
            let chosen = |arm: Arm, beside: Arm| {
                if arm.sends { Use::SelectSend(arm.channel, beside) } else { Use::SelectReceive(arm.channel, beside) }
            };
            let uses = match self.random.below(12) {
                0 => vec![Use::Close(channels[0])],
                1 => vec![Use::TrySelect(arm(0), arm(1))],
                2..=5 => vec![alone(arm(self.random.below(2)))],
                _ => {
                    last = lane;
                    vec![chosen(arm(0), arm(1)), chosen(arm(1), arm(0)), Use::SelectWait(arm(0), arm(1))]
                }
            };
            steps.extend(uses.into_iter().map(|operation| (lane, Operation::Use(operation))));
        }
        steps.push((last, self.accesses(data)));
        steps
    }

    /// So many lanes, different ones where there are so many.
    fn some_lanes(&mut self, count: usize) -> Vec<Lane> {
        let mut running = self.rules.running();
        let mut lanes = Vec::new();
        while lanes.len() < count {
            if running.is_empty() {
                lanes.push(self.running());
            } else {
                lanes.push(running.swap_remove(self.random.below(running.len())));
            }
        }
        lanes
    }
}
