//! The engine's calls in a build that has it: each enters the engine for the running thread and leaves it again.

mod hold;
mod report;
mod task;
mod test;

use std::time::{Duration, Instant};

use race_rt::access::{self, AccessKind};
use race_rt::clock::Head;
use race_rt::perturb;
use race_rt::report::model::Pc;
use race_rt::shadow::map;
use race_rt::start;
use race_rt::sync::object::SyncObject;
use race_rt::thread::{Thread, current};

use super::Touch;

pub(crate) use crate::heap::{given_back, given_back as released, handed_out, handed_out as allocated};
pub(crate) use hold::{Hold, LockKind, at_work, fatal, is_alone, running};
pub(crate) use race_rt::perturb::{schedule, seed};
pub(crate) use report::{listen, report_count};
pub(crate) use task::{End, Errand, Task, serve};
pub(crate) use test::{Test, Trial, default_options};

/// Whether the engine sees the accesses to memory by itself.
pub(crate) const SEES_ACCESSES: bool = false;

/// Stands for "unwind the stack": this tier's functions do not announce themselves.
pub(crate) const HERE: Pc = Pc(0);

/// The running thread is about to synchronise with others: a moment at which to disturb the schedule.
#[inline]
pub(crate) fn before_synchronisation() {
    perturb::before_synchronisation(HERE);
}

/// A wait of the running thread has ended because its time was up.
pub(crate) fn time_was_up() {
    perturb::time_was_up();
}

/// Waits for `time` at most, and does not say which ended it.
pub(crate) fn wait(time: Duration, wait: impl FnOnce()) {
    let end = Instant::now().checked_add(time);
    wait();
    if end.is_some_and(|end| Instant::now() >= end) {
        time_was_up();
    }
}

/// Runs `action` on the running thread's state; `None` when the engine does not work for it.
#[inline]
pub(crate) fn with<R>(action: impl FnOnce(&mut Thread) -> R) -> Option<R> {
    // No combinator: its frame would stand between this library's in the stacks.
    let mut thread = current::enter()?;
    Some(action(&mut thread))
}

/// What one operation publishes: all that its thread did and knew before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Release(Option<Head>);

impl Release {
    /// The running thread's, up to here.
    pub(crate) fn now() -> Release {
        before_synchronisation();
        Release(with(Thread::release))
    }

    /// All that it carries happens before what the running thread does from now on.
    pub(crate) fn acquire(&self) {
        if let Some(head) = &self.0 {
            with(|thread| thread.acquire_head(head));
        }
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        if let Some(head) = self.0.take() {
            current::drop_own(head);
        }
    }
}

/// A place in an object where releases gather.
#[derive(Debug, Default)]
pub(crate) struct Edge(SyncObject);

impl Edge {
    pub(crate) const fn new() -> Edge {
        Edge(SyncObject::new())
    }

    /// A release in place of all former ones. Right for who has acquired them.
    pub(crate) fn release(&self) {
        before_synchronisation();
        with(|thread| self.0.release(thread));
    }

    /// A release beside the former ones.
    pub(crate) fn merge(&self) {
        before_synchronisation();
        with(|thread| self.0.release_merge(thread));
    }

    /// Whoever acquires from now on finds nothing. Right for who has acquired all and will release elsewhere.
    pub(crate) fn clear(&self) {
        self.0.clear();
    }

    /// All that was released here happens before what the running thread does from now on.
    pub(crate) fn acquire(&self) {
        with(|thread| self.0.acquire(thread));
    }
}

/// A place whose releases are used up by the one acquire that follows.
#[derive(Debug, Default)]
pub(crate) struct Token(SyncObject);

impl Token {
    pub(crate) fn release(&self) {
        before_synchronisation();
        with(|thread| self.0.release_merge(thread));
    }

    pub(crate) fn consume(&self) {
        with(|thread| self.0.consume(thread));
    }
}

/// Records an access of `size` bytes.
#[inline]
pub(crate) fn touch(address: usize, size: usize, how: Touch) {
    start::ensure();
    let in_one_granule = size <= 8 && (address & 7) + size <= 8 && size > 0 && map::is_covered(address);
    match how {
        // SAFETY: the engine has started and the address is covered, so it has a shadow, which is all that is touched.
        Touch::Read if in_one_granule => unsafe { access::read(address, size, HERE) },
        // SAFETY: as above.
        Touch::Write if in_one_granule => unsafe { access::write(address, size, HERE) },
        Touch::Read => access::slow(address, size, AccessKind::Read, HERE),
        Touch::Write => access::slow(address, size, AccessKind::Write, HERE),
        Touch::VolatileRead => access::slow(address, size, AccessKind::VolatileRead, HERE),
        Touch::VolatileWrite => access::slow(address, size, AccessKind::VolatileWrite, HERE),
        // The engine's rules for atomic and volatile accesses are those that these two need: each kind is at peace
        // with itself and in conflict with the other.
        Touch::Admit => access::slow(address, size, AccessKind::AtomicRead, HERE),
        Touch::Await => access::slow(address, size, AccessKind::VolatileWrite, HERE),
    }
}

/// All that the running thread did happens before whatever acquires `address` from now on.
pub(crate) fn release_at(address: usize) {
    before_synchronisation();
    with(|thread| thread.release_at(address));
}

/// All that was released at `address` happens before what the running thread does from now on.
pub(crate) fn acquire_at(address: usize) {
    with(|thread| thread.acquire_at(address));
}

/// While it lives, accesses of the running thread are not recorded. To be dropped by the thread that made it.
#[derive(Debug)]
pub(crate) struct Ignoring(bool);

impl Ignoring {
    pub(crate) fn begin() -> Ignoring {
        Ignoring(with(Thread::ignore).is_some())
    }
}

impl Drop for Ignoring {
    fn drop(&mut self) {
        if self.0 {
            with(Thread::heed);
        }
    }
}
