//! The registry around a fork: at a moment when the engine is at work for nobody else, and in the child that such a moment
//! leaves with one thread.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering::Relaxed;

use super::{LIVE, Registry, SlotInfo, registry};
use crate::clock::{Epoch, Slot, Time};
use crate::thread::{Hot, Thread, ThreadId};

/// The registry while nobody may change it.
pub(in crate::thread) struct Frozen(MutexGuard<'static, Registry>);

/// Stops the registry at a moment when the engine is at work for no thread but `own`. `None` when it is for some, or when
/// not all live threads are known.
pub(in crate::thread) fn freeze(own: *mut Thread) -> Option<Frozen> {
    let registry = registry();
    let at_work = registry.slots.iter().filter_map(|slot| slot.live).any(|live| {
        // SAFETY: as in `adopt`: valid under this lock, and the field is atomic.
        live.as_ptr() != own && unsafe { (*live.as_ptr()).presence.is_at_work() }
    });
    // Where threads share a slot only the last one's state is known.
    let is_whole = registry.slots.len() < Slot::LIMIT && registry.slots.iter().all(|slot| !registry.is_task(slot, own));
    (is_whole && !at_work).then_some(Frozen(registry))
}

impl Registry {
    /// Whether `own` is the state of a logical task, and this its slot.
    fn is_task(&self, slot: &SlotInfo, own: *mut Thread) -> bool {
        let owner = slot.owners.last().and_then(|(_, id)| self.threads.get(id.0 as usize));
        slot.live.is_some_and(|live| live.as_ptr() == own) && owner.is_some_and(|owner| owner.is_task)
    }
}

impl Frozen {
    /// In a forked child: all threads but `own`, the running one, have ended, and all they did happens before what it
    /// does from now on. `own` is a placeholder when the running thread has no state yet.
    pub(in crate::thread) fn end_others(mut self, own: *mut Thread) {
        let registry = &mut *self.0;
        let mut steps = Vec::new();
        let mut alive = None;
        for (index, info) in registry.slots.iter_mut().enumerate() {
            let Some(live) = info.live else {
                steps.push(Epoch::new(Slot::new(index), info.last));
                continue;
            };
            let owner = info.owners.last().map(|(_, id)| *id);
            if live.as_ptr() == own {
                alive = owner;
                continue;
            }
            // SAFETY: as in `adopt`. The thread is none any more; nobody else uses what it has left behind.
            let epoch = Epoch::from_bits(unsafe { (*live.as_ptr()).hot.epoch.fetch_or(Hot::STEP, Relaxed) });
            steps.push(epoch);
            if owner.and_then(|id| registry.threads.get(id.0 as usize)).is_some_and(|owner| owner.is_task) {
                continue;
            }
            info.live = None;
            info.last = info.last.max(epoch.time());
            if info.last < Time::LAST {
                registry.free.push(Slot::new(index));
            }
        }
        let alive = alive.unwrap_or(ThreadId::MAIN);
        for (index, thread) in registry.threads.iter_mut().enumerate() {
            if !thread.is_task && index != alive.0 as usize {
                thread.finished = true;
                thread.last = None;
            }
        }
        registry.live = 1;
        LIVE.store(1, Relaxed);
        if steps.len() < registry.slots.len() {
            // SAFETY: the running thread's own state, which a slot has been found to belong to.
            let own = unsafe { &mut *own };
            steps.into_iter().for_each(|epoch| own.clock_mut().assume(epoch));
            if cfg!(feature = "whole-program") {
                own.set_solo(true);
            }
        }
    }
}
