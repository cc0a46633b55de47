//! What a thread has asked the engine not to look at: its loads, its stores, its synchronisation, or whatever it does
//! inside the library in front of the engine.
//!
//! Requests add up and are taken back one by one. Guarantee: one that was not made cannot be taken back. While
//! synchronisation is ignored, atomic operations are done and neither recorded nor ordered, and what the thread announces
//! or the C library does for it orders nothing; creation and end of threads and the life of memory count as ever. Of a
//! hidden thread neither accesses nor atomic operations are looked at, but what the library announces counts.

use super::Thread;
use crate::access::AccessKind;

/// The requests that hold, by how often they were made.
#[derive(Debug)]
pub(crate) struct Ignoring {
    reads: u32,
    writes: u32,
    synchronisation: u32,
    /// In how many ways the thread is inside the library in front of the engine.
    hidden: u32,
}

/// What not to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// Loads, atomic and volatile ones included.
    Reads,
    /// Stores and whatever counts as one.
    Writes,
    /// Locks, atomics and everything else that orders.
    Synchronisation,
}

impl Ignoring {
    /// Nothing is ignored.
    pub(crate) const NONE: Ignoring = Ignoring { reads: 0, writes: 0, synchronisation: 0, hidden: 0 };

    fn count(&mut self, ignored: Ignored) -> &mut u32 {
        match ignored {
            Ignored::Reads => &mut self.reads,
            Ignored::Writes => &mut self.writes,
            Ignored::Synchronisation => &mut self.synchronisation,
        }
    }
}

impl Thread {
    /// From now on the thread's accesses are neither recorded nor checked, until [`Thread::heed`] was called as often.
    pub fn ignore(&mut self) {
        self.begin_ignoring(Ignored::Reads);
        self.begin_ignoring(Ignored::Writes);
    }

    /// Takes one [`Thread::ignore`] back.
    pub fn heed(&mut self) {
        self.end_ignoring(Ignored::Reads);
        self.end_ignoring(Ignored::Writes);
    }

    /// From now on `ignored` is not looked at, until [`Thread::end_ignoring`] was called as often.
    pub fn begin_ignoring(&mut self, ignored: Ignored) {
        *self.ignoring.count(ignored) += 1;
    }

    /// Takes one [`Thread::begin_ignoring`] back.
    pub fn end_ignoring(&mut self, ignored: Ignored) {
        let count = self.ignoring.count(ignored);
        *count = count.saturating_sub(1);
    }

    /// From now on what the thread does is the doing of the library in front of the engine, until [`Thread::show`] was
    /// called as often: accesses are not recorded, and atomic operations neither recorded nor learned from. The library
    /// says by itself what it orders.
    pub fn hide(&mut self) {
        self.ignoring.hidden += 1;
    }

    /// Takes one [`Thread::hide`] back.
    pub fn show(&mut self) {
        self.ignoring.hidden = self.ignoring.hidden.saturating_sub(1);
    }

    /// Whether what the thread does is the library's doing.
    #[inline]
    pub(crate) fn is_hidden(&self) -> bool {
        self.ignoring.hidden > 0
    }

    /// From now on what the thread does is the program's doing again, though the library has called it, until
    /// [`Thread::conceal`] is told what this returns.
    pub fn reveal(&mut self) -> u32 {
        std::mem::take(&mut self.ignoring.hidden)
    }

    /// Ends what [`Thread::reveal`] began.
    pub fn conceal(&mut self, hidden: u32) {
        self.ignoring.hidden = hidden;
    }

    /// Whether anything is not to be looked at.
    #[inline(always)]
    pub(crate) fn is_ignoring_anything(&self) -> bool {
        let Ignoring { reads, writes, synchronisation, hidden } = self.ignoring;
        reads | writes | synchronisation | hidden != 0
    }

    /// Whether accesses of this kind are not to be recorded.
    #[inline]
    pub(crate) fn is_ignoring(&self, kind: AccessKind) -> bool {
        (if kind.writes() { self.ignoring.writes } else { self.ignoring.reads }) > 0 || self.is_hidden()
    }

    /// Whether the program's atomic operations are to be done and no more.
    #[cfg(feature = "whole-program")]
    #[inline]
    pub(crate) fn is_ignoring_atomics(&self) -> bool {
        self.is_ignoring_synchronisation() || self.is_hidden()
    }

    /// Whether what synchronises orders nothing for the thread.
    #[inline]
    pub(crate) fn is_ignoring_synchronisation(&self) -> bool {
        self.ignoring.synchronisation > 0
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry;
    use super::*;
    use crate::thread::context::NodeId;
    use crate::thread::current;

    #[test]
    fn requests_add_up_and_none_is_taken_back_twice() {
        crate::start::ensure();
        let mut parent = current::enter().expect("the engine is idle");
        let mut thread = registry::spawn(&mut parent, None, NodeId::ROOT);
        thread.ignore();
        thread.begin_ignoring(Ignored::Reads);
        thread.heed();
        assert!(thread.is_ignoring(AccessKind::AtomicRead) && !thread.is_ignoring(AccessKind::Free));
        thread.end_ignoring(Ignored::Reads);
        thread.end_ignoring(Ignored::Reads);
        thread.begin_ignoring(Ignored::Reads);
        assert!(thread.is_ignoring(AccessKind::Read));
        assert!(!thread.is_ignoring_synchronisation());
        thread.begin_ignoring(Ignored::Synchronisation);
        assert!(thread.is_ignoring_synchronisation());
        registry::finish(thread);
    }
}
