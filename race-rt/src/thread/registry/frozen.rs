//! The registry around a fork: at a moment when the engine is at work for nobody else, and in the child that such a moment
//! leaves with one thread.

use std::ptr::NonNull;
use std::sync::MutexGuard;

use super::slots::SlotInfo;
use super::{Registry, registry};
use crate::clock::Epoch;
use crate::thread::Thread;
use crate::trace;

/// The registry while nobody may change it.
pub(in crate::thread) struct Frozen(MutexGuard<'static, Registry>);

/// Stops the registry at a moment when the engine is at work for no thread but `own`. `None` when it is for some, when not
/// all live threads are known, or when it cannot be told which of them the running one is.
///
/// # Safety
/// `own` is the running thread's state or a placeholder.
pub(in crate::thread) unsafe fn freeze(own: *mut Thread) -> Option<Frozen> {
    let registry = registry();
    let lives = || registry.slots.iter().filter_map(|(_, slot)| slot.live);
    // SAFETY: as in `adopt`: valid under this lock, and the field is atomic.
    let at_work = |live: NonNull<Thread>| unsafe { (*live.as_ptr()).presence.is_at_work() };
    // Of threads that share a slot no state is known.
    let all_known = !registry.slots.has_shared();
    let is_own = |slot: &SlotInfo| slot.live.is_some_and(|live| live.as_ptr() == own);
    let own_slot = registry.slots.iter().map(|(_, slot)| slot).find(|slot| is_own(slot));
    // SAFETY: a state that a slot has is no placeholder, and `own` is ours.
    let borrowed = own_slot
        .is_some_and(|slot| registry.is_task(slot) || unsafe { (*own).is_fiber } && registry.threads_alive() > 1);
    let whole = all_known && !borrowed && !lives().any(|live| live.as_ptr() != own && at_work(live));
    whole.then_some(Frozen(registry))
}

impl Registry {
    /// Whether a logical task has this slot.
    fn is_task(&self, slot: &SlotInfo) -> bool {
        let owner = slot.owners.last().and_then(|(_, id)| self.threads.get(*id));
        owner.is_some_and(|owner| owner.is_task)
    }
}

impl Frozen {
    /// In a forked child: all threads but `own`, the running one, have ended, and all they did happens before what it
    /// does from now on. Fibers and tasks may still run. `own` is a placeholder when the running thread has no state yet.
    ///
    /// # Safety
    /// `own` is the running thread's state or a placeholder.
    pub(in crate::thread) unsafe fn end_others(mut self, own: *mut Thread) {
        let registry = &mut *self.0;
        if trace::is_on() {
            registry.threads.record();
        }
        let is_known = registry.slots.iter().any(|(_, slot)| slot.live.is_some_and(|live| live.as_ptr() == own));
        // SAFETY: a state that a slot has is no placeholder, and `own` is ours.
        let on_fiber = is_known && unsafe { (*own).is_fiber };
        let mut steps = Vec::new();
        let is_task: Vec<bool> = registry.slots.iter().map(|(_, info)| registry.is_task(info)).collect();
        let mut ended = Vec::new();
        for ((slot, info), is_task) in registry.slots.iter_mut().zip(is_task) {
            let Some(live) = info.live else {
                steps.push(Epoch::new(slot, info.last));
                continue;
            };
            if live.as_ptr() == own {
                continue;
            }
            // SAFETY: as in `adopt`. A thread that has ended leaves its state to nobody.
            let (epoch, is_fiber) = unsafe { ((*live.as_ptr()).hot.present.ask(), (*live.as_ptr()).is_fiber) };
            steps.push(epoch);
            // On a fiber the thread itself is one of those that may go on; others there are none.
            if is_task || is_fiber || on_fiber {
                continue;
            }
            info.live = None;
            info.last = info.last.max(epoch.time());
            ended.push((slot, info.owners.last().map(|(_, id)| *id)));
        }
        for (slot, owner) in ended {
            registry.slots.give_back(slot, false);
            if let Some(id) = owner {
                registry.threads.end(id, None);
            }
        }
        // The running one, which will be the main thread if it has no state yet.
        registry.live = registry.fibers + 1;
        registry.tell_live();
        if is_known {
            // SAFETY: the running thread's own state.
            let own = unsafe { &mut *own };
            steps.into_iter().for_each(|epoch| own.assume(epoch));
            if cfg!(feature = "whole-program") {
                own.set_solo(registry.live == 1);
            }
        }
    }
}
