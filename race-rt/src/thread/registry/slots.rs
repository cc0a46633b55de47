//! The slots: who has which, whose it was at what time, and which one a new thread gets.
//!
//! ```text
//! 1. one whose last owner's end the new thread's creator knows: the two follow each other, and one column serves both exactly
//! 2. a fresh one, while there are fewer than FRESH
//! 3. the one that has been free for longest, of threads that nobody can join any more: merged
//! 4. a fresh one, while any is left
//! 5. the one that has been free for longest: merged
//! 6. the last one, with all others that came too late: merged
//! ```
//!
//! Merged threads pass for ordered where they are not, which hides races between them and is counted. That it makes up
//! none takes more than that: who knows a time of a slot counts as knowing what was released up to it, all of that. So in
//! 3 and 5 the new owner learns what the old one knew at its end, and in 6 those who share learn of each other at each release
//! ([`SharedSlot`]).

use std::collections::VecDeque;
use std::ptr::NonNull;

use super::known::Threads;
use super::{Registration, TASK_SLOTS};
use crate::clock::{Epoch, Head, SharedSlot, Slot, ThreadClock, Time};
use crate::counters::COUNTERS;
use crate::thread::{Thread, ThreadId};

/// How many ended threads' slots a new thread looks at before it takes another.
const TRIED: usize = 64;
/// How many slots there are before those of ended threads are used again although nobody knows of the end: clocks are as long
/// as that, and each ended owner leaves one.
pub const FRESH: usize = 1024;
/// How many owners of a slot are kept where many take turns on it.
const OWNERS: usize = 4096;
/// From so many owners on it is worth while to look which of them are forgotten.
const OWNERS_LOOKED_AT: usize = 16;

#[derive(Debug)]
pub(super) struct SlotInfo {
    /// From which time on each owner had it, oldest first.
    pub(super) owners: Vec<(Time, ThreadId)>,
    /// How many owners there are when it is time to look which are forgotten.
    look_at: usize,
    /// The last owner's final time, once it has ended. Of a slot that many share the newest of all.
    pub(super) last: Time,
    /// What that owner published then, for who takes its place without knowing it.
    pub(super) left: Option<Head>,
    /// The live owner, for those who must know everything at once.
    pub(super) live: Option<NonNull<Thread>>,
    /// The newest time that one of those has taken for past. The owner may have published its last step already, and is at
    /// a step after that in which it will do nothing.
    taken_for_past: Time,
}

impl SlotInfo {
    const NEW: SlotInfo = SlotInfo {
        owners: Vec::new(),
        look_at: OWNERS_LOOKED_AT,
        last: Time::ZERO,
        left: None,
        live: None,
        taken_for_past: Time::ZERO,
    };

    /// The slot's last step so far; its owner, if it lives, steps on before it does more.
    pub(super) fn stop(&mut self, slot: Slot) -> Epoch {
        let stop = match self.live {
            // SAFETY: a live thread's memory is valid until `finish` takes it out under the registry's lock, which the caller
            // has with this; the field is atomic.
            Some(live) => unsafe { (*live.as_ptr()).hot.present.ask() },
            None => Epoch::new(slot, self.last),
        };
        self.taken_for_past = self.taken_for_past.max(stop.time());
        stop
    }

    /// Its owner has done its last step.
    pub(super) fn end(&mut self, last: &Head) {
        self.live = None;
        self.last = self.last.max(last.epoch.time());
        self.left = Some(last.clone());
    }

    /// From `time` on it is `id`'s.
    pub(super) fn pass_to(&mut self, id: ThreadId, time: Time, threads: &mut Threads) {
        if self.owners.len() >= self.look_at {
            let is_known = |(_, id): &(Time, ThreadId)| !threads.is_forgotten(*id);
            let forgotten = self.owners.iter().position(is_known).unwrap_or(self.owners.len());
            self.forget_owners(forgotten.max(self.owners.len().saturating_sub(OWNERS / 2)), threads);
            self.look_at = (2 * self.owners.len()).clamp(OWNERS_LOOKED_AT, OWNERS);
        }
        self.owners.push((time, id));
    }

    /// One name stands for the first so many.
    fn forget_owners(&mut self, count: usize, threads: &mut Threads) {
        if count > 0 {
            self.owners.drain(1..count);
            self.owners[0].1 = threads.long_ago();
        }
    }
}

/// A slot for a thread, and what its last owner left that the thread has to learn.
pub(super) struct Place {
    pub(super) registration: Registration,
    pub(super) inherited: Option<Head>,
}

#[derive(Debug)]
pub(super) struct Slots {
    all: Vec<SlotInfo>,
    /// Those of ended threads, the one that was given back first in front.
    free: VecDeque<Slot>,
    /// Slots that tasks have or had.
    tasks: usize,
    /// Those of them that no task has now.
    free_of_tasks: VecDeque<Slot>,
    /// The last one, once threads have to share it.
    shared: Option<SharedSlot>,
    limit: usize,
}

impl Slots {
    pub(super) const fn new() -> Slots {
        Slots {
            all: Vec::new(),
            free: VecDeque::new(),
            tasks: 0,
            free_of_tasks: VecDeque::new(),
            shared: None,
            limit: Slot::LIMIT,
        }
    }

    pub(super) fn limit_to(&mut self, limit: usize) {
        self.limit = limit.clamp(2, Slot::LIMIT);
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&SlotInfo> {
        self.all.get(slot.index())
    }

    pub(super) fn of(&mut self, slot: Slot) -> &mut SlotInfo {
        &mut self.all[slot.index()]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, &SlotInfo)> {
        self.all.iter().enumerate().map(|(index, info)| (Slot::new(index), info))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (Slot, &mut SlotInfo)> {
        self.all.iter_mut().enumerate().map(|(index, info)| (Slot::new(index), info))
    }

    /// Whether several live threads may be in one slot.
    pub(super) fn has_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// A place for the thread `id`, which knows what `knows` says.
    pub(super) fn register(
        &mut self,
        id: ThreadId,
        threads: &mut Threads,
        knows: impl Fn(Slot, Time) -> bool,
    ) -> Place {
        let fresh_at_most = self.limit - 1;
        let slot = match Slots::chained(&mut self.free, &self.all, knows) {
            Some(slot) => slot,
            None if self.all.len() < FRESH.min(fresh_at_most) => self.fresh(),
            None => {
                if let Some(oldest) = self.oldest(|owner| !threads.is_joinable(owner)) {
                    return self.begin_merged(id, oldest, threads);
                }
                if self.all.len() < fresh_at_most {
                    self.fresh()
                } else if let Some(oldest) = self.oldest(|_| true) {
                    return self.begin_merged(id, oldest, threads);
                } else {
                    return self.begin_shared(id);
                }
            }
        };
        self.begin(id, slot, threads)
    }

    /// A place for the task `id`; `None` when the tasks have all that they may.
    pub(super) fn register_task(
        &mut self,
        id: ThreadId,
        threads: &mut Threads,
        knows: impl Fn(Slot, Time) -> bool,
    ) -> Option<Place> {
        if let Some(slot) = Slots::chained(&mut self.free_of_tasks, &self.all, knows) {
            return Some(self.begin(id, slot, threads));
        }
        if self.tasks < TASK_SLOTS && self.all.len() < self.limit - 1 {
            self.tasks += 1;
            let slot = self.fresh();
            return Some(self.begin(id, slot, threads));
        }
        // The task that is over for longest is the least likely to race.
        let oldest = self.free_of_tasks.pop_front()?;
        Some(self.begin_merged(id, oldest, threads))
    }

    /// The newest of the `free` ones whose last owner's end the new one knows.
    fn chained(free: &mut VecDeque<Slot>, all: &[SlotInfo], knows: impl Fn(Slot, Time) -> bool) -> Option<Slot> {
        let from_end = free.iter().rev().take(TRIED).position(|slot| knows(*slot, all[slot.index()].last))?;
        free.remove(free.len() - 1 - from_end)
    }

    fn fresh(&mut self) -> Slot {
        self.all.push(SlotInfo::NEW);
        Slot::new(self.all.len() - 1)
    }

    /// The slot that has been free for longest, of those whose last owner `may` give it up.
    fn oldest(&mut self, may: impl Fn(ThreadId) -> bool) -> Option<Slot> {
        let is_fit = |slot: &Slot| {
            let info = &self.all[slot.index()];
            info.left.is_some() && info.owners.last().is_some_and(|(_, owner)| may(*owner))
        };
        let position = self.free.iter().take(TRIED).position(is_fit)?;
        self.free.remove(position)
    }

    fn begin(&mut self, id: ThreadId, slot: Slot, threads: &mut Threads) -> Place {
        let info = &mut self.all[slot.index()];
        let time = info.last.max(info.taken_for_past).next().unwrap_or(Time::LAST);
        info.pass_to(id, time, threads);
        Place { registration: Registration { id, slot, time, is_shared: false }, inherited: None }
    }

    fn begin_merged(&mut self, id: ThreadId, slot: Slot, threads: &mut Threads) -> Place {
        COUNTERS.slots_merged.increment();
        let place = self.begin(id, slot, threads);
        Place { inherited: self.all[slot.index()].left.clone(), ..place }
    }

    fn begin_shared(&mut self, id: ThreadId) -> Place {
        COUNTERS.slots_merged.increment();
        let slot = match &self.shared {
            Some(shared) => shared.slot(),
            None => {
                let slot = self.fresh();
                self.shared = Some(SharedSlot::new(slot));
                slot
            }
        };
        let time = self.all[slot.index()].last;
        Place { registration: Registration { id, slot, time, is_shared: true }, inherited: None }
    }

    /// The thread `id`, which shares the last slot, goes on at a time of its own there.
    pub(super) fn step_shared(&mut self, clock: &mut ThreadClock, id: ThreadId, threads: &mut Threads) {
        if let Some(shared) = &mut self.shared {
            let is_out_of_times = shared.step(clock).is_none();
            self.note_shared(is_out_of_times, id, threads);
        }
    }

    /// The thread `id`, which shares the last slot, publishes all that it did and knows, and steps on.
    pub(super) fn release_shared(&mut self, clock: &mut ThreadClock, id: ThreadId, threads: &mut Threads) -> Head {
        let head = self.shared.as_mut().and_then(|shared| shared.release(clock));
        self.note_shared(head.is_none(), id, threads);
        head.unwrap_or_else(|| clock.release().0)
    }

    fn note_shared(&mut self, is_out_of_times: bool, id: ThreadId, threads: &mut Threads) {
        let Some(shared) = &self.shared else { return };
        if is_out_of_times {
            COUNTERS.times_exhausted.increment();
        }
        let info = &mut self.all[shared.slot().index()];
        info.last = shared.newest();
        info.pass_to(id, shared.newest(), threads);
    }

    /// The slot's owner has ended: others may have it.
    pub(super) fn give_back(&mut self, slot: Slot, is_task: bool) {
        if self.all[slot.index()].last < Time::LAST {
            if is_task { &mut self.free_of_tasks } else { &mut self.free }.push_back(slot);
        }
    }
}
