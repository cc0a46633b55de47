//! The real objects of an execution, and what one lane holds of them.

use race::channel::{Receiver, Sender, bounded};
use race::sync::{
    Barrier, Condvar, Mutex, MutexGuard, Once, RwLock, RwLockReadGuard, RwLockWriteGuard, Semaphore, WaitGroup,
};

use crate::execution::Object;
use crate::objects::{BARRIERS, CHANNELS, EACH, ONCES, PERMITS, Use};

/// All objects.
pub struct Things {
    mutexes: [Mutex<()>; EACH],
    conditions: [Condvar; EACH],
    locks: [RwLock<()>; EACH],
    pub onces: [Once; ONCES],
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
            onces: [const { Once::new() }; ONCES],
            barriers: BARRIERS.map(Barrier::new),
            groups: Default::default(),
            semaphores: PERMITS.map(Semaphore::new),
            channels: CHANNELS.map(bounded),
        }
    }
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
            Use::Lock(Object(at)) => self.mutexes[at] = things.mutexes[at].lock().ok(),
            Use::TryLock(Object(at)) => assert!(things.mutexes[at].try_lock().is_err()),
            Use::Unlock(Object(at)) => drop(self.mutexes[at].take().expect("the lane has locked")),
            Use::Wait(Object(at)) => {
                let guard = self.mutexes[at].take().expect("the lane has locked");
                self.mutexes[at] = things.conditions[at].wait(guard).ok();
            }
            Use::Notify(Object(at)) => things.conditions[at].notify_one(),
            Use::ReadLock(Object(at)) => self.readers[at] = things.locks[at].read().ok(),
            Use::TryReadLock(Object(at)) => assert!(things.locks[at].try_read().is_err()),
            Use::ReadUnlock(Object(at)) => drop(self.readers[at].take().expect("the lane has locked")),
            Use::WriteLock(Object(at)) => self.writers[at] = things.locks[at].write().ok(),
            Use::TryWriteLock(Object(at)) => assert!(things.locks[at].try_write().is_err()),
            Use::WriteUnlock(Object(at)) => drop(self.writers[at].take().expect("the lane has locked")),
            Use::Downgrade(Object(at)) => {
                let guard = self.writers[at].take().expect("the lane has locked");
                self.readers[at] = Some(RwLockWriteGuard::downgrade(guard));
            }
            Use::CallOnce(Object(at)) => things.onces[at].call_once(|| unreachable!("it has its initialiser")),
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
            Use::BeginOnce(_) | Use::EndOnce(_) | Use::Post(_) | Use::WaitForPost(_) => {
                unreachable!("{operation:?} is no operation of this kind")
            }
        }
    }
}
