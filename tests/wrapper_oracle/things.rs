//! The real objects of an execution, and what one lane holds of them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;

use race::channel::{Receiver, Select, Sender, bounded};
use race::sync::{
    Barrier, Condvar, Mutex, MutexGuard, Once, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore,
    WaitGroup,
};

use crate::execution::Object;
use crate::objects::{BARRIERS, CHANNELS, EACH, ONCES, PERMITS};
use crate::uses::{Arm, Use};

/// So many of the calls that happen once are a [`Once`], the others a [`OnceLock`].
const PLAIN_ONCES: usize = ONCES / 2;

/// All objects.
pub struct Things {
    mutexes: [Mutex<()>; EACH],
    conditions: [Condvar; EACH],
    locks: [RwLock<()>; EACH],
    onces: [Once; PLAIN_ONCES],
    cells: [OnceLock<()>; ONCES - PLAIN_ONCES],
    barriers: [Barrier; BARRIERS.len()],
    groups: [WaitGroup; EACH],
    semaphores: [Semaphore; EACH],
    channels: [(Sender<()>, Receiver<()>); CHANNELS.len()],
}

impl Things {
    /// Those of a new execution.
    pub fn new() -> Things {
        Things {
            mutexes: Default::default(),
            conditions: Default::default(),
            locks: Default::default(),
            onces: [const { Once::new() }; PLAIN_ONCES],
            cells: [const { OnceLock::new() }; ONCES - PLAIN_ONCES],
            barriers: BARRIERS.map(Barrier::new),
            groups: Default::default(),
            semaphores: PERMITS.map(Semaphore::new),
            channels: CHANNELS.map(bounded),
        }
    }

    /// Runs `initialiser` as that of the once, which has none yet. It may panic.
    pub fn initialise(&self, Object(at): Object, initialiser: impl FnOnce()) {
        let call = AssertUnwindSafe(|| match self.onces.get(at) {
            Some(once) => once.call_once_force(|_| initialiser()),
            None => *self.cells[at - PLAIN_ONCES].get_or_init(initialiser),
        });
        // The caller knows how it ended.
        drop(catch_unwind(call));
    }

    fn call_once(&self, at: usize) {
        let initialiser = || unreachable!("it has its initialiser");
        match self.onces.get(at) {
            Some(once) => once.call_once(initialiser),
            None => *self.cells[at - PLAIN_ONCES].get_or_init(initialiser),
        }
    }

    fn look_at_once(&self, at: usize) {
        match self.onces.get(at) {
            Some(once) => drop(once.is_completed()),
            None => drop(self.cells[at - PLAIN_ONCES].get()),
        }
    }

    /// Which operation takes place; `None` when none is possible and the select does not wait.
    fn select(&self, arms: [Arm; 2], waits: bool) -> Option<Arm> {
        let mut select = Select::new();
        for Arm { channel: Object(at), sends } in arms {
            let (sender, receiver) = &self.channels[at];
            if sends {
                select.send(sender, ())
            } else {
                select.recv(receiver)
            };
        }
        let selected = if waits { select.select() } else { select.try_select().ok()? };
        let chosen = arms[selected.index()];
        let (sender, receiver) = &self.channels[chosen.channel.0];
        // Whether a channel is closed, is the execution's.
        if chosen.sends {
            _ = selected.send(sender);
        } else {
            _ = selected.recv(receiver);
        }
        Some(chosen)
    }
}

/// A panic, without its message.
pub fn panic_silently() -> ! {
    resume_unwind(Box::new(()))
}

/// A panic takes what guards the lock, which is poisoned by it.
fn lose<Guard>(guard: Option<Guard>) {
    let guard = guard.expect("the lane has locked");
    let lost = catch_unwind(AssertUnwindSafe(move || {
        let _guard = guard;
        panic_silently()
    }));
    lost.expect_err("it panics");
}

/// What guards a lock, poisoned or not.
fn taken<Guard>(result: Result<Guard, PoisonError<Guard>>) -> Option<Guard> {
    Some(result.unwrap_or_else(PoisonError::into_inner))
}

/// What a lane holds.
#[derive(Default)]
pub struct Held<'a> {
    mutexes: [Option<MutexGuard<'a, ()>>; EACH],
    readers: [Option<RwLockReadGuard<'a, ()>>; EACH],
    writers: [Option<RwLockWriteGuard<'a, ()>>; EACH],
}

impl<'a> Held<'a> {
    /// Does the operation, which is none with a closure, and returns when a real program would.
    pub fn perform(&mut self, things: &'a Things, operation: Use) {
        match operation {
            Use::Lock(Object(at)) => self.mutexes[at] = taken(things.mutexes[at].lock()),
            Use::TryLock(Object(at)) => assert!(things.mutexes[at].try_lock().is_err()),
            Use::Unlock(Object(at)) => drop(self.mutexes[at].take().expect("the lane has locked")),
            Use::Wait(Object(at)) => {
                let guard = self.mutexes[at].take().expect("the lane has locked");
                self.mutexes[at] = taken(things.conditions[at].wait(guard));
            }
            Use::PoisonMutex(Object(at)) => {
                lose(self.mutexes[at].take());
                assert!(things.mutexes[at].is_poisoned());
            }
            Use::Notify(Object(at)) => things.conditions[at].notify_one(),
            Use::ReadLock(Object(at)) => self.readers[at] = taken(things.locks[at].read()),
            Use::TryReadLock(Object(at)) => assert!(things.locks[at].try_read().is_err()),
            Use::ReadUnlock(Object(at)) => drop(self.readers[at].take().expect("the lane has locked")),
            Use::WriteLock(Object(at)) => self.writers[at] = taken(things.locks[at].write()),
            Use::TryWriteLock(Object(at)) => assert!(things.locks[at].try_write().is_err()),
            Use::WriteUnlock(Object(at)) => drop(self.writers[at].take().expect("the lane has locked")),
            Use::PoisonLock(Object(at)) => {
                lose(self.writers[at].take());
                assert!(things.locks[at].is_poisoned());
            }
            Use::Downgrade(Object(at)) => {
                let guard = self.writers[at].take().expect("the lane has locked");
                self.readers[at] = Some(RwLockWriteGuard::downgrade(guard));
            }
            Use::CallOnce(Object(at)) => things.call_once(at),
            Use::LookAtOnce(Object(at)) => things.look_at_once(at),
            Use::Arrive(Object(at)) => drop(things.barriers[at].wait()),
            Use::Open(Object(at), count) | Use::Add(Object(at), count) => {
                things.groups[at].add(isize::try_from(count).expect("few things are to be done"));
            }
            Use::Done(Object(at)) => things.groups[at].done(),
            Use::WaitForGroup(Object(at)) => things.groups[at].wait(),
            Use::Take(Object(at), count) => things.semaphores[at].acquire(count),
            Use::TryTake(Object(at), count) => assert!(!things.semaphores[at].try_acquire(count)),
            Use::GiveBack(Object(at), count) => things.semaphores[at].release(count),
            // Whether a channel that is closed refuses or not, is the execution's.
            Use::Send(Object(at)) => drop(things.channels[at].0.send(())),
            Use::TrySend(Object(at)) => assert!(things.channels[at].0.try_send(()).is_err()),
            Use::Receive(Object(at)) => drop(things.channels[at].1.recv()),
            Use::TryReceive(Object(at)) => assert!(things.channels[at].1.try_recv().is_err()),
            Use::Close(Object(at)) => assert!(things.channels[at].0.close()),
            Use::CloseAgain(Object(at)) => assert!(!things.channels[at].0.close()),
            Use::SelectSend(channel, beside) => {
                let chosen = Arm { channel, sends: true };
                assert_eq!(things.select([chosen, beside], true), Some(chosen));
            }
            Use::SelectReceive(channel, beside) => {
                let chosen = Arm { channel, sends: false };
                assert_eq!(things.select([chosen, beside], true), Some(chosen));
            }
            Use::SelectWait(one, other) => drop(things.select([one, other], true)),
            Use::TrySelect(one, other) => assert_eq!(things.select([one, other], false), None),
            Use::BeginOnce(_) | Use::EndOnce(_) | Use::BreakOnce(_) | Use::Post(_) | Use::WaitForPost(_) => {
                unreachable!("{operation:?} is no operation of this kind")
            }
        }
    }
}
