//! The threads of the process: numbers, slots, the spawn tree, and who is alive.
//!
//! Slots are passed on by chains: a new thread may take the slot of one that has ended when its creator knows the
//! end, for then all that the old owner did happens before all that the new one does, and one column of the clocks
//! serves both exactly. Which of a slot's owners made an access follows from the access's time.

mod frozen;
mod known;
mod slots;

use std::ptr::NonNull;
use std::sync::MutexGuard;

pub(super) use frozen::{Frozen, freeze};
pub use known::{ENDED_KEPT, ThreadInfo};
pub use slots::FRESH;

use self::known::Threads;
use self::slots::{Place, SlotInfo, Slots};
use super::context::NodeId;
use super::{Thread, ThreadId};
use crate::clock::{Epoch, Head, Slot, Time};
use crate::report::attribution::Trial;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicUsize, Mutex};
use crate::trace;
use crate::trace::event::Event;

/// How many slots logical tasks use, so that clocks stay short however many tasks there are.
pub const TASK_SLOTS: usize = 512;

/// What a new thread is told of itself.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// Its number.
    pub id: ThreadId,
    /// Its slot.
    pub slot: Slot,
    /// Its first time there.
    pub time: Time,
    /// Whether other threads have the slot, too.
    pub is_shared: bool,
}

#[derive(Debug)]
struct Registry {
    threads: Threads,
    slots: Slots,
    live: usize,
    /// How many of them are fibers.
    fibers: usize,
}

// SAFETY: the pointers to live threads are used under the lock only, for their atomic epoch.
unsafe impl Send for Registry {}

/// How many threads are alive, fibers left out, for those who must not take the lock.
static LIVE: AtomicUsize = AtomicUsize::new(0);

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { threads: Threads::new(), slots: Slots::new(), live: 0, fibers: 0 });

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Registry {
    fn register(&mut self, id: ThreadId, knows: impl Fn(Slot, Time) -> bool) -> Place {
        self.slots.register(id, &mut self.threads, knows)
    }

    /// The run of a test that a thread works for.
    fn trial(&self, id: ThreadId) -> Option<Trial> {
        self.threads.get(id)?.trial
    }

    fn add(&mut self, name: Option<Box<str>>, creation: NodeId, trial: Option<Trial>) -> ThreadId {
        self.live += 1;
        self.tell_live();
        self.threads.add(ThreadInfo::of_thread(name, creation, trial))
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
    parent.hot.present.end_solo();
    let trial = registry.trial(parent.id());
    let id = registry.add(name, site, trial);
    let place = registry.register(id, |slot, last| parent.clock().time_of(slot) >= last);
    settle(&mut registry, place, Some(&head))
}

fn settle(registry: &mut Registry, place: Place, head: Option<&Head>) -> Box<Thread> {
    let mut thread = Box::new(Thread::new(&place.registration, head));
    take(registry, &mut thread, &place);
    thread
}

/// The place is the thread's from now on, which knows what it has to for that.
fn take(registry: &mut Registry, thread: &mut Thread, place: &Place) {
    if let Some(left) = &place.inherited {
        if trace::is_on() {
            thread.record_inheritance(left);
        }
        thread.clock_mut().inherit(left);
    }
    if place.registration.is_shared {
        let Registry { slots, threads, .. } = registry;
        slots.step_shared(thread.clock_mut(), place.registration.id, threads);
        thread.set_solo(false);
    } else {
        registry.slots.of(place.registration.slot).live = Some(NonNull::from(thread));
    }
}

/// A thread that shares its slot publishes all that it did and knows, and steps on.
pub(super) fn release_shared(thread: &mut Thread) -> Head {
    let Registry { slots, threads, .. } = &mut *registry();
    let id = thread.id();
    slots.release_shared(thread.clock_mut(), id, threads)
}

/// A thread that shares its slot goes on there at a time of its own.
pub(super) fn step_shared(thread: &mut Thread) {
    let Registry { slots, threads, .. } = &mut *registry();
    let id = thread.id();
    slots.step_shared(thread.clock_mut(), id, threads);
}

/// From now on there are no more than so many slots: for tests of what happens when there is none left.
#[doc(hidden)]
pub fn limit_slots(limit: usize) {
    registry().slots.limit_to(limit);
}

/// The calling thread, which nobody was seen to create: the main thread, or one that code outside our sight started.
/// All that any thread did so far counts as ordered before it, since its creator and the order are unknown.
pub fn adopt(is_main: bool) -> Box<Thread> {
    let mut registry = registry();
    registry.ensure_main();
    let id = if is_main { ThreadId::MAIN } else { registry.add(None, NodeId::ROOT, None) };
    let place = registry.register(id, |_, _| true);
    let own = place.registration.slot;
    let mut thread = settle(&mut registry, place, None);
    for (slot, info) in registry.slots.iter_mut().filter(|(slot, _)| *slot != own) {
        thread.assume(info.stop(slot));
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
    for live in registry.slots.iter().filter_map(|(_, slot)| slot.live) {
        // SAFETY: as in `adopt`. A thread that is alone changes its epoch under this lock only.
        unsafe { (*live.as_ptr()).hot.present.end_solo() };
    }
}

/// A new logical task, created by `parent` at `site`: a number only, for now.
pub fn add_task(parent: ThreadId, name: Option<Box<str>>, site: NodeId) -> ThreadId {
    let mut registry = registry();
    let trial = registry.trial(parent);
    registry.threads.add(ThreadInfo::of_task(name, site, trial))
}

/// A state with a slot of its own for the first turn of the task `id`; `None` when too many tasks have one.
pub fn begin_task(id: ThreadId, birth: &Head) -> Option<Box<Thread>> {
    let mut registry = registry();
    let Registry { slots, threads, .. } = &mut *registry;
    let place = slots.register_task(id, threads, |slot, last| {
        let own = if birth.epoch.slot() == slot { birth.epoch.time() } else { Time::ZERO };
        own.max(birth.known.time_of(slot)) >= last
    })?;
    Some(settle(&mut registry, place, Some(birth)))
}

/// A state that tasks take turns on, the task `id` first.
pub fn begin_lane(id: ThreadId) -> Box<Thread> {
    let mut registry = registry();
    let place = registry.register(id, |_, _| false);
    settle(&mut registry, place, None)
}

/// It is the turn of the task `id` on a state that has stepped on since the turn before.
pub fn hand_over(state: &mut Thread, id: ThreadId) {
    if state.id() == id {
        return;
    }
    if trace::is_on() {
        state.record(&Event::Turn(id));
    }
    state.set_id(id);
    let epoch = state.epoch();
    let Registry { slots, threads, .. } = &mut *registry();
    slots.of(epoch.slot()).pass_to(id, epoch.time(), threads);
}

/// The task has done its last step, and has no state of its own.
pub fn finish_task(id: ThreadId) {
    registry().threads.end(id, None);
}

/// The task has done its last step, and its state is of no more use. What the step published.
pub fn finish_task_with_slot(mut state: Box<Thread>) -> Head {
    let last = state.release();
    let mut registry = registry();
    leave(&mut registry, &state, &last, true);
    registry.threads.end(state.id(), None);
    last
}

/// The thread has done its last step.
pub fn finish(mut thread: Box<Thread>) {
    let last = thread.release();
    let mut registry = registry();
    leave(&mut registry, &thread, &last, false);
    registry.live -= 1;
    registry.fibers -= usize::from(thread.is_fiber);
    registry.tell_live();
    registry.threads.end(thread.id(), Some(last));
}

/// The place is the thread's no longer, which has published `last` with its last step.
fn leave(registry: &mut Registry, thread: &Thread, last: &Head, is_task: bool) {
    if !thread.shares_slot {
        registry.slots.of(last.epoch.slot()).end(last);
        registry.slots.give_back(last.epoch.slot(), is_task);
    }
}

/// `learner` has found what a thread left behind that ended, and nothing says which: all that any ended thread did happens
/// before what `learner` does from now on.
pub fn learn_ends(learner: &mut Thread) {
    let ends: Vec<Head> = registry().slots.iter().filter_map(|(_, info)| info.left.clone()).collect();
    ends.iter().for_each(|left| learner.acquire_head(left));
}

/// All that any thread did so far happens before what `learner` does from now on: `learner` follows one of them, and
/// nothing says what that one knew.
pub fn learn_all(learner: &mut Thread) {
    let mut registry = registry();
    let own = learner.epoch().slot();
    for (slot, info) in registry.slots.iter_mut().filter(|(slot, _)| *slot != own) {
        learner.assume(info.stop(slot));
    }
}

/// `joiner` has waited for the end of `id`: all that it did happens before what `joiner` does from now on.
pub fn join(joiner: &mut Thread, id: ThreadId) {
    let last = registry().threads.take_last(id);
    let Some(last) = last else { return };
    joiner.acquire_head(&last);
    if cfg!(feature = "whole-program") && !joiner.shares_slot {
        let registry = registry();
        if registry.live == 1 {
            let own = joiner.epoch().slot();
            let is_known = |(slot, info): (Slot, &SlotInfo)| slot == own || joiner.clock().time_of(slot) >= info.last;
            let all_known = registry.slots.iter().all(is_known);
            joiner.set_solo(all_known);
        }
    }
}

/// Nobody will join `id`.
pub fn detach(id: ThreadId) {
    registry().threads.detach(id);
}

/// The thread's slot has no times left: it goes on in another.
pub fn move_to_new_slot(thread: &mut Thread) {
    let mut registry = registry();
    let old = thread.epoch().slot();
    let clock = thread.clock();
    let place = registry.register(thread.id(), |slot, last| clock.time_of(slot) >= last);
    let exhausted = registry.slots.of(old);
    exhausted.live = None;
    exhausted.last = Time::LAST;
    thread.shares_slot = place.registration.is_shared;
    if trace::is_on() {
        thread.record(&Event::Move { slot: place.registration.slot, time: place.registration.time });
    }
    thread.clock_mut().move_to(place.registration.slot, place.registration.time);
    thread.refresh_epoch();
    take(&mut registry, thread, &place);
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
    let Some(slot) = registry.slots.get(epoch.slot()) else {
        return ThreadId::MAIN;
    };
    let after = slot.owners.partition_point(|(from, _)| *from <= epoch.time());
    slot.owners.get(after.saturating_sub(1)).map_or(ThreadId::MAIN, |(_, id)| *id)
}

/// What is known of a thread.
pub fn info(id: ThreadId) -> Option<ThreadInfo> {
    registry().threads.get(id).cloned()
}

/// The run of a test that a thread works for: the one that its creator worked for then, unless it was told another.
pub fn trial_of(id: ThreadId) -> Option<Trial> {
    registry().trial(id)
}

/// From now on the thread works for `trial`, and the threads that it creates do.
pub fn work_for(id: ThreadId, trial: Trial) {
    if let Some(info) = registry().threads.get_mut(id) {
        info.trial = Some(trial);
        info.record_trial(id);
    }
}

/// From now on the thread passes for one that was created at `creation`, and works for `trial` if that is one.
pub fn set_origin(id: ThreadId, creation: NodeId, trial: Option<Trial>) {
    if let Some(info) = registry().threads.get_mut(id) {
        info.creation = creation;
        info.trial = trial;
        if trace::is_on() {
            trace::tell_of(&Event::Origin { id, creation });
        }
        info.record_trial(id);
    }
}

/// The program has named a thread.
pub fn set_name(id: ThreadId, name: &str) {
    if let Some(info) = registry().threads.get_mut(id) {
        info.name = Some(name.into());
        if trace::is_on() {
            trace::tell_of(&Event::Name { id, name });
        }
    }
}

/// How many threads are alive, the main thread included and fibers left out; without the lock, so it may be a moment old.
pub fn live_hint() -> usize {
    LIVE.load(Relaxed)
}
