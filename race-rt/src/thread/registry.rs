//! The threads of the process: numbers, slots, the spawn tree, and who is alive.
//!
//! Slots are passed on by chains: a new thread may take the slot of one that has ended when its creator knows the
//! end, for then all that the old owner did happens before all that the new one does, and one column of the clocks
//! serves both exactly. Which of a slot's owners made an access follows from the access's time.

mod frozen;

use std::collections::VecDeque;
use std::ptr::NonNull;
use std::sync::MutexGuard;

pub(super) use frozen::{Frozen, freeze};

use super::context::NodeId;
use super::{Hot, Thread, ThreadId};
use crate::clock::{Epoch, Head, Slot, Time};
use crate::counters::COUNTERS;
use crate::report::attribution::Trial;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicUsize, Mutex};

/// How many ended threads' slots a new thread looks at before it takes a fresh one.
const SLOTS_TRIED: usize = 64;
/// How many slots logical tasks use, so that clocks stay short however many tasks there are.
pub const TASK_SLOTS: usize = 512;
/// How many owners of a slot are kept where many take turns on it.
const OWNERS: usize = 4096;

/// What a new thread is told of itself.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// Its number.
    pub id: ThreadId,
    /// Its slot.
    pub slot: Slot,
    /// Its first time there.
    pub time: Time,
}

/// What is known of a thread besides its clock.
#[derive(Clone, Debug)]
pub struct ThreadInfo {
    /// The name the program gave it.
    pub name: Option<Box<str>>,
    /// Where its creator was.
    pub creation: NodeId,
    /// Whether it is a logical task.
    pub is_task: bool,
    /// The run of a test that it works for.
    pub trial: Option<Trial>,
    /// Whether it has ended.
    pub finished: bool,
    /// What joining it teaches, once it has ended.
    last: Option<Head>,
    /// Whether nobody will join it.
    detached: bool,
}

#[derive(Debug)]
struct SlotInfo {
    /// From which time on each owner had it, oldest first.
    owners: Vec<(Time, ThreadId)>,
    /// The last owner's final time, once it has ended.
    last: Time,
    /// The live owner, for those who must know everything at once.
    live: Option<NonNull<Thread>>,
}

#[derive(Debug)]
struct Registry {
    threads: Vec<ThreadInfo>,
    slots: Vec<SlotInfo>,
    free: Vec<Slot>,
    /// Slots that tasks have or had.
    task_slots: usize,
    /// Those of them that no task has now, the one that was given back first in front.
    free_task_slots: VecDeque<Slot>,
    /// See [`Registry::forgotten_task`].
    forgotten: Option<ThreadId>,
    live: usize,
    /// How many of them are fibers.
    fibers: usize,
}

// SAFETY: the pointers to live threads are used under the lock only, for their atomic epoch.
unsafe impl Send for Registry {}

/// How many threads are alive, fibers left out, for those who must not take the lock.
static LIVE: AtomicUsize = AtomicUsize::new(0);

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    threads: Vec::new(),
    slots: Vec::new(),
    free: Vec::new(),
    task_slots: 0,
    free_task_slots: VecDeque::new(),
    forgotten: None,
    live: 0,
    fibers: 0,
});

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl SlotInfo {
    /// The slot's last step so far; its owner, if it lives, steps on before it does more.
    fn stop(&self, slot: Slot) -> Epoch {
        match self.live {
            // SAFETY: a live thread's memory is valid until `finish` takes it out under the registry's lock, which the caller
            // has with this; the field is atomic.
            Some(live) => Epoch::from_bits(unsafe { (*live.as_ptr()).hot.epoch.fetch_or(Hot::STEP, Relaxed) }),
            None => Epoch::new(slot, self.last),
        }
    }
}

impl Registry {
    fn register(&mut self, id: ThreadId, knows: impl Fn(Slot, Time) -> bool) -> Registration {
        let reusable = self.free.iter().rev().take(SLOTS_TRIED).position(|slot| {
            let last = self.slots[slot.index()].last;
            last < Time::LAST && knows(*slot, last)
        });
        let slot = match reusable {
            Some(from_end) => self.free.remove(self.free.len() - 1 - from_end),
            None if self.slots.len() < Slot::LIMIT => self.fresh_slot(),
            None => {
                // Two threads in one slot pass for ordered where they are not: a miss, never a false report.
                COUNTERS.slots_merged.increment();
                Slot::new(Slot::LIMIT - 1)
            }
        };
        self.begin(id, slot)
    }

    fn fresh_slot(&mut self) -> Slot {
        self.slots.push(SlotInfo { owners: Vec::new(), last: Time::ZERO, live: None });
        Slot::new(self.slots.len() - 1)
    }

    fn begin(&mut self, id: ThreadId, slot: Slot) -> Registration {
        let info = &mut self.slots[slot.index()];
        let time = info.last.next().unwrap_or(Time::LAST);
        info.owners.push((time, id));
        Registration { id, slot, time }
    }

    /// A slot for a task that knows what `knows` says; `None` when the tasks have all that they may.
    fn task_slot(&mut self, knows: impl Fn(Slot, Time) -> bool) -> Option<Slot> {
        let chained = self.free_task_slots.iter().rev().take(SLOTS_TRIED).position(|slot| {
            let last = self.slots[slot.index()].last;
            knows(*slot, last)
        });
        if let Some(from_end) = chained {
            return self.free_task_slots.remove(self.free_task_slots.len() - 1 - from_end);
        }
        if self.task_slots < TASK_SLOTS && self.slots.len() < Slot::LIMIT {
            self.task_slots += 1;
            return Some(self.fresh_slot());
        }
        let oldest = self.free_task_slots.pop_front()?;
        // As with the last slot of all: a miss, never a false report. The task that is over for longest is the least
        // likely to race.
        COUNTERS.slots_merged.increment();
        Some(oldest)
    }

    /// Who is named in place of tasks that took turns on a slot too long ago.
    fn forgotten_task(&mut self) -> ThreadId {
        *self.forgotten.get_or_insert_with(|| {
            let (name, creation) = (Some("one of many, long ago".into()), NodeId::ROOT);
            let (is_task, trial, finished, last, detached) = (true, None, false, None, true);
            self.threads.push(ThreadInfo { name, creation, is_task, trial, finished, last, detached });
            ThreadId((self.threads.len() - 1) as u32)
        })
    }

    /// The run of a test that a thread works for.
    fn trial(&self, id: ThreadId) -> Option<Trial> {
        self.threads.get(id.0 as usize)?.trial
    }

    fn add(&mut self, name: Option<Box<str>>, creation: NodeId, trial: Option<Trial>) -> ThreadId {
        let (is_task, finished, last, detached) = (false, false, None, false);
        self.threads.push(ThreadInfo { name, creation, is_task, trial, finished, last, detached });
        self.begin_thread();
        ThreadId((self.threads.len() - 1) as u32)
    }

    fn begin_thread(&mut self) {
        self.live += 1;
        self.tell_live();
    }

    fn threads_alive(&self) -> usize {
        self.live - self.fibers
    }

    fn tell_live(&self) {
        LIVE.store(self.threads_alive(), Relaxed);
    }

    /// Makes sure that number 0 stands for the main thread.
    fn ensure_main(&mut self) {
        if self.threads.is_empty() {
            self.add(None, NodeId::ROOT, None);
        }
    }
}

/// A new thread, created by `parent` at `site`. What `parent` did so far happens before all it does.
pub fn spawn(parent: &mut Thread, name: Option<Box<str>>, site: NodeId) -> Box<Thread> {
    let head = parent.release();
    let mut registry = registry();
    // Not more than this flag: another thread may be asking for a step.
    parent.hot.epoch.fetch_and(!Hot::SOLO, Relaxed);
    let trial = registry.trial(parent.id());
    let id = registry.add(name, site, trial);
    let registration = registry.register(id, |slot, last| parent.clock().time_of(slot) >= last);
    settle(&mut registry, registration, Some(&head))
}

fn settle(registry: &mut Registry, registration: Registration, head: Option<&Head>) -> Box<Thread> {
    let mut thread = Box::new(Thread::new(&registration, head));
    registry.slots[registration.slot.index()].live = Some(NonNull::from(&mut *thread));
    thread
}

/// The calling thread, which nobody was seen to create: the main thread, or one that code outside our sight started.
/// All that any thread did so far counts as ordered before it, since its creator and the order are unknown.
pub fn adopt(is_main: bool) -> Box<Thread> {
    let mut registry = registry();
    registry.ensure_main();
    let id = if is_main { ThreadId::MAIN } else { registry.add(None, NodeId::ROOT, None) };
    let registration = registry.register(id, |_, _| true);
    let mut thread = settle(&mut registry, registration, None);
    for (index, info) in registry.slots.iter().enumerate() {
        let slot = Slot::new(index);
        if slot == registration.slot {
            continue;
        }
        thread.clock_mut().assume(info.stop(slot));
    }
    if cfg!(feature = "whole-program") {
        if is_main && registry.live == 1 {
            thread.set_solo(true);
        } else {
            end_solo(&registry);
        }
    }
    thread
}

/// Another thread has turned up: nobody is alone any more.
fn end_solo(registry: &Registry) {
    for live in registry.slots.iter().filter_map(|slot| slot.live) {
        // SAFETY: as in `adopt`. A thread that is alone changes its epoch under this lock only.
        unsafe { (*live.as_ptr()).hot.epoch.fetch_and(!Hot::SOLO, Relaxed) };
    }
}

/// A new logical task, created by `parent` at `site`: a number only, for now.
pub fn add_task(parent: ThreadId, name: Option<Box<str>>, site: NodeId) -> ThreadId {
    let mut registry = registry();
    let trial = registry.trial(parent);
    let info = ThreadInfo { name, creation: site, is_task: true, trial, finished: false, last: None, detached: true };
    registry.threads.push(info);
    ThreadId((registry.threads.len() - 1) as u32)
}

/// A state with a slot of its own for the first turn of the task `id`; `None` when too many tasks have one.
pub fn begin_task(id: ThreadId, birth: &Head) -> Option<Box<Thread>> {
    let mut registry = registry();
    let slot = registry.task_slot(|slot, last| {
        let own = if birth.epoch.slot() == slot { birth.epoch.time() } else { Time::ZERO };
        own.max(birth.known.time_of(slot)) >= last
    })?;
    let registration = registry.begin(id, slot);
    Some(settle(&mut registry, registration, Some(birth)))
}

/// A state that tasks take turns on, the task `id` first.
pub fn begin_lane(id: ThreadId) -> Box<Thread> {
    let mut registry = registry();
    let registration = registry.register(id, |_, _| false);
    settle(&mut registry, registration, None)
}

/// It is the turn of the task `id` on a state that has stepped on since the turn before.
pub fn hand_over(state: &mut Thread, id: ThreadId) {
    if state.id() == id {
        return;
    }
    state.set_id(id);
    let epoch = state.epoch();
    let index = epoch.slot().index();
    let mut registry = registry();
    if registry.slots[index].owners.len() >= OWNERS {
        let forgotten = registry.forgotten_task();
        let owners = &mut registry.slots[index].owners;
        owners.drain(1..OWNERS / 2);
        owners[0].1 = forgotten;
    }
    registry.slots[index].owners.push((epoch.time(), id));
}

/// The task has done its last step, and has no state of its own.
pub fn finish_task(id: ThreadId) {
    registry().threads[id.0 as usize].finished = true;
}

/// The task has done its last step, and its state is of no more use. What the step published.
pub fn finish_task_with_slot(mut state: Box<Thread>) -> Head {
    let last = state.release();
    let mut registry = registry();
    let slot = last.epoch.slot();
    let info = &mut registry.slots[slot.index()];
    info.live = None;
    info.last = info.last.max(last.epoch.time());
    if info.last < Time::LAST {
        registry.free_task_slots.push_back(slot);
    }
    registry.threads[state.id().0 as usize].finished = true;
    last
}

/// The thread has done its last step.
pub fn finish(mut thread: Box<Thread>) {
    let last = thread.release();
    let mut registry = registry();
    let id = thread.id();
    let slot = last.epoch.slot();
    let owner = &mut registry.slots[slot.index()];
    if owner.live == Some(NonNull::from(&mut *thread)) {
        owner.live = None;
    }
    owner.last = owner.last.max(last.epoch.time());
    if slot.index() < Slot::LIMIT - 1 {
        registry.free.push(slot);
    }
    registry.live -= 1;
    registry.fibers -= usize::from(thread.is_fiber);
    registry.tell_live();
    let info = &mut registry.threads[id.0 as usize];
    info.finished = true;
    info.last = (!info.detached).then_some(last);
}

/// `learner` has found what a thread left behind that ended, and nothing says which: all that any ended thread did happens
/// before what `learner` does from now on.
pub fn learn_ends(learner: &mut Thread) {
    let registry = registry();
    let own = learner.epoch().slot();
    for (index, info) in registry.slots.iter().enumerate() {
        let slot = Slot::new(index);
        if slot != own && info.last > Time::ZERO {
            learner.clock_mut().assume(Epoch::new(slot, info.last));
        }
    }
}

/// All that any thread did so far happens before what `learner` does from now on: `learner` follows one of them, and
/// nothing says what that one knew.
pub fn learn_all(learner: &mut Thread) {
    let registry = registry();
    let own = learner.epoch().slot();
    for (index, info) in registry.slots.iter().enumerate() {
        let slot = Slot::new(index);
        if slot != own {
            learner.clock_mut().assume(info.stop(slot));
        }
    }
}

/// `joiner` has waited for the end of `id`: all that it did happens before what `joiner` does from now on.
pub fn join(joiner: &mut Thread, id: ThreadId) {
    let mut registry = registry();
    let Some(info) = registry.threads.get_mut(id.0 as usize) else {
        return;
    };
    let Some(last) = info.last.take() else { return };
    joiner.acquire_head(&last);
    if cfg!(feature = "whole-program") && registry.live == 1 {
        let all_known = registry.slots.iter().enumerate().all(|(index, info)| {
            let slot = Slot::new(index);
            slot == joiner.epoch().slot() || joiner.clock().time_of(slot) >= info.last
        });
        joiner.set_solo(all_known);
    }
}

/// Nobody will join `id`.
pub fn detach(id: ThreadId) {
    if let Some(info) = registry().threads.get_mut(id.0 as usize) {
        info.detached = true;
        info.last = None;
    }
}

/// The thread's slot has no times left: it goes on in another.
pub fn move_to_new_slot(thread: &mut Thread) {
    let mut registry = registry();
    let old = thread.epoch().slot();
    let clock = thread.clock();
    let registration = registry.register(thread.id(), |slot, last| clock.time_of(slot) >= last);
    registry.slots[old.index()].live = None;
    registry.slots[old.index()].last = Time::LAST;
    registry.slots[registration.slot.index()].live = Some(NonNull::from(&mut *thread));
    thread.clock_mut().move_to(registration.slot, registration.time);
}

/// One of the live threads is a fiber.
pub fn count_fiber() {
    let mut registry = registry();
    registry.fibers += 1;
    registry.tell_live();
}

/// Whose step it was.
pub fn owner_of(epoch: Epoch) -> ThreadId {
    let registry = registry();
    let Some(slot) = registry.slots.get(epoch.slot().index()) else {
        return ThreadId::MAIN;
    };
    let after = slot.owners.partition_point(|(from, _)| *from <= epoch.time());
    slot.owners.get(after.saturating_sub(1)).map_or(ThreadId::MAIN, |(_, id)| *id)
}

/// What is known of a thread.
pub fn info(id: ThreadId) -> Option<ThreadInfo> {
    registry().threads.get(id.0 as usize).cloned()
}

/// The run of a test that a thread works for: the one that its creator worked for then, unless it was told another.
pub fn trial_of(id: ThreadId) -> Option<Trial> {
    registry().trial(id)
}

/// From now on the thread works for `trial`, and the threads that it creates do.
pub fn work_for(id: ThreadId, trial: Trial) {
    if let Some(info) = registry().threads.get_mut(id.0 as usize) {
        info.trial = Some(trial);
    }
}

/// From now on the thread passes for one that was created at `creation`, and works for `trial` if that is one.
pub fn set_origin(id: ThreadId, creation: NodeId, trial: Option<Trial>) {
    if let Some(info) = registry().threads.get_mut(id.0 as usize) {
        info.creation = creation;
        info.trial = trial;
    }
}

/// The program has named a thread.
pub fn set_name(id: ThreadId, name: &str) {
    if let Some(info) = registry().threads.get_mut(id.0 as usize) {
        info.name = Some(name.into());
    }
}

/// How many threads are alive, the main thread included and fibers left out; without the lock, so it may be a moment old.
pub fn live_hint() -> usize {
    LIVE.load(Relaxed)
}
