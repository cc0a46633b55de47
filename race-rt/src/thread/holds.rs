//! The locks that a thread holds, and how an access remembers those of its moment.
//!
//! A set of held locks is a chain of nodes in the context tree, oldest outermost, two nodes a lock: which lock, and from
//! where it was locked. An access made under locks has as its site a mark on top of its stack, which names the chain.
//! So the older of two accesses keeps its locks as it keeps its stack, for one node per place and set of locks, and who
//! holds no lock pays nothing. Marks are told from return addresses by their upper bits, where no address has any.
//!
//! Guarantees: what a report shows is what was held at the access, not later. Anybody may end a hold, the holder learns
//! of it at its own next look. Can miss: locks that are not announced ([`Thread::hold`]), and those beyond the room that
//! the context tree gives to marks, which are counted.

use std::sync::Arc;

use super::context::{self, NodeCache, NodeId};
use super::{Thread, ThreadId};
use crate::report::model::{HeldLock, LockKind, Pc};
use crate::sys::atomic::{AtomicBool, Ordering::Relaxed};

/// One lock's being held, as the lock itself keeps it.
#[derive(Clone, Debug)]
pub struct Hold {
    thread: ThreadId,
    kind: LockKind,
    stack: NodeId,
    over: Arc<AtomicBool>,
}

impl Hold {
    /// Who locked.
    pub fn thread(&self) -> ThreadId {
        self.thread
    }

    /// In which way.
    pub fn kind(&self) -> LockKind {
        self.kind
    }

    /// From where.
    pub fn stack(&self) -> NodeId {
        self.stack
    }

    /// The lock was unlocked, by whichever thread.
    pub fn end(&self) {
        self.over.store(true, Relaxed);
    }

    /// Whether the lock was unlocked.
    pub fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }
}

/// The locks that a thread holds, as the thread keeps them.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// Oldest first. Some may be over.
    held: Vec<Held>,
    /// The chain of the first `chained` of them: most locks are taken and given back without an access to be recorded.
    chain: NodeId,
    chained: usize,
    /// What an ended hold leaves to the next.
    spare: Option<Arc<AtomicBool>>,
}

#[derive(Debug)]
struct Held {
    lock: usize,
    hold: Hold,
}

impl Holds {
    pub(crate) const NONE: Holds = Holds { held: Vec::new(), chain: NodeId::ROOT, chained: 0, spare: None };

    /// Whether the thread holds no lock.
    #[inline(always)]
    pub(crate) fn are_none(&self) -> bool {
        self.held.is_empty()
    }

    /// The site of an access made from `stack` under the locks held now.
    #[inline]
    pub(crate) fn site(&mut self, nodes: &mut NodeCache, stack: NodeId) -> NodeId {
        if self.are_none() { stack } else { self.mark(nodes, stack) }
    }

    #[inline(never)]
    fn mark(&mut self, nodes: &mut NodeCache, stack: NodeId) -> NodeId {
        self.drop_ended();
        for held in &self.held[self.chained..] {
            self.chain = held.chained(nodes, self.chain);
        }
        self.chained = self.held.len();
        if self.chain == NodeId::ROOT { stack } else { nodes.child(stack, Mark::Chain(self.chain).pc()) }
    }

    fn add(&mut self, thread: ThreadId, lock: usize, kind: LockKind, stack: NodeId) -> Hold {
        self.drop_ended();
        // The lock has let go of it unless it is ending the hold right now.
        let unused = self.spare.take().filter(|spare| Arc::strong_count(spare) == 1);
        let over = unused.unwrap_or_default();
        over.store(false, Relaxed);
        let hold = Hold { thread, kind, stack, over };
        self.held.push(Held { lock, hold: hold.clone() });
        hold
    }

    fn drop_ended(&mut self) {
        for ended in self.held.extract_if(.., |held| held.hold.is_over()) {
            self.spare = Some(ended.hold.over);
            (self.chain, self.chained) = (NodeId::ROOT, 0);
        }
    }
}

impl Held {
    fn chained(&self, nodes: &mut NodeCache, chain: NodeId) -> NodeId {
        let lock = nodes.child(chain, Mark::Lock(self.hold.kind, self.lock).pc());
        nodes.child(lock, Mark::Place(self.hold.stack).pc())
    }
}

impl Thread {
    /// The thread has locked what lies at `lock`, from `stack`, until [`Hold::end`].
    pub fn hold(&mut self, lock: usize, kind: LockKind, stack: NodeId) -> Hold {
        self.holds.add(self.id(), lock, kind, stack)
    }
}

/// The locks that were held at a site, in the order in which they were locked.
pub fn held_at(site: NodeId) -> Vec<HeldLock> {
    let Some((_, Some(Mark::Chain(mut chain)))) = context::parts(site).map(|(stack, pc)| (stack, Mark::of(pc))) else {
        return Vec::new();
    };
    let mut locks = Vec::new();
    let mut place = NodeId::ROOT;
    while let Some((outer, pc)) = context::parts(chain) {
        match Mark::of(pc) {
            Some(Mark::Place(stack)) => place = stack,
            Some(Mark::Lock(kind, address)) => {
                locks.push(HeldLock { address, kind, stack: context::stack(std::mem::take(&mut place)) });
            }
            Some(Mark::Chain(_)) | None => {}
        }
        chain = outer;
    }
    locks.reverse();
    locks
}

/// The stack of a site, without the locks held there.
pub fn without_locks(site: NodeId) -> NodeId {
    match context::parts(site) {
        Some((stack, pc)) if is_mark(pc) => stack,
        _ => site,
    }
}

/// What stands in the context tree where others have a return address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// On top of an access's stack: the locks held.
    Chain(NodeId),
    /// In a chain: a lock, held.
    Lock(LockKind, usize),
    /// On top of a [`Mark::Lock`]: from where it was locked.
    Place(NodeId),
}

/// Whether it is a mark instead of a return address.
pub(super) fn is_mark(pc: Pc) -> bool {
    pc.0 >> Mark::SHIFT != 0
}

impl Mark {
    /// The tag's place. Addresses of a program end below, even with five levels of page tables.
    const SHIFT: u32 = 60;
    /// The largest address that a mark can hold, and that a return address can be.
    pub(crate) const BELOW: usize = (1 << Mark::SHIFT) - 1;

    /// The mark in the shape of a return address.
    pub(crate) fn pc(self) -> Pc {
        let (tag, content) = match self {
            Mark::Chain(node) => (1, node.0 as usize),
            Mark::Place(node) => (2, node.0 as usize),
            Mark::Lock(LockKind::Mutex, address) => (3, address),
            Mark::Lock(LockKind::Read, address) => (4, address),
            Mark::Lock(LockKind::Write, address) => (5, address),
        };
        Pc(tag << Mark::SHIFT | content & Mark::BELOW)
    }

    /// The mark that has this shape, if it is one's.
    pub(crate) fn of(pc: Pc) -> Option<Mark> {
        let content = pc.0 & Mark::BELOW;
        match pc.0 >> Mark::SHIFT {
            1 => Some(Mark::Chain(NodeId(content as u32))),
            2 => Some(Mark::Place(NodeId(content as u32))),
            3 => Some(Mark::Lock(LockKind::Mutex, content)),
            4 => Some(Mark::Lock(LockKind::Read, content)),
            5 => Some(Mark::Lock(LockKind::Write, content)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_were_made_and_no_address_is_one() {
        let node = NodeId(u32::MAX >> 4);
        let lock = 0x00ff_ffff_ffff_fff8;
        let locks = [LockKind::Mutex, LockKind::Read, LockKind::Write].map(|kind| Mark::Lock(kind, lock));
        for mark in locks.into_iter().chain([Mark::Chain(node), Mark::Place(node)]) {
            assert!(is_mark(mark.pc()));
            assert_eq!(Mark::of(mark.pc()), Some(mark));
        }
        assert!(!is_mark(Pc(lock)));
        assert_eq!(Mark::of(Pc(lock)), None);
    }

    fn lock(holds: &mut Holds, address: usize, place: NodeId) -> Hold {
        holds.add(ThreadId::MAIN, address, LockKind::Mutex, place)
    }

    #[test]
    fn a_site_keeps_the_locks_of_its_moment() {
        crate::start::ensure();
        let mut nodes = NodeCache::new();
        let mut holds = Holds::NONE;
        let stack = context::child(NodeId::ROOT, Pc(0x5000));
        let place = context::child(NodeId::ROOT, Pc(0x6000));
        let held = |address| HeldLock { address, kind: LockKind::Mutex, stack: vec![Pc(0x6000)] };

        assert_eq!(holds.site(&mut nodes, stack), stack, "without a lock nothing is added");
        let one = lock(&mut holds, 0x10, place);
        let under_one = holds.site(&mut nodes, stack);
        let other = lock(&mut holds, 0x20, place);
        let under_both = holds.site(&mut nodes, stack);
        one.end();
        let under_other = holds.site(&mut nodes, stack);
        other.end();
        assert_eq!(holds.site(&mut nodes, stack), stack);

        assert_eq!(held_at(stack), []);
        assert_eq!(without_locks(stack), stack);
        assert_eq!(held_at(under_one), [held(0x10)]);
        assert_eq!(held_at(under_both), [held(0x10), held(0x20)]);
        assert_eq!(held_at(under_other), [held(0x20)]);
        for site in [under_one, under_both, under_other] {
            assert_eq!(context::stack(site), [Pc(0x5000)], "a mark is no frame");
            assert_eq!(without_locks(site), stack);
        }
    }

    #[test]
    fn the_same_locks_from_the_same_places_are_one_chain() {
        crate::start::ensure();
        let mut nodes = NodeCache::new();
        let mut holds = Holds::NONE;
        let stack = context::child(NodeId::ROOT, Pc(0x7000));
        let mut site = || {
            let hold = lock(&mut holds, 0x30, stack);
            let site = holds.site(&mut nodes, stack);
            hold.end();
            site
        };
        assert_eq!(site(), site());
    }

    /// A hold that ended lends its flag to the next only when the lock has forgotten it.
    #[test]
    fn an_ended_hold_stays_over() {
        crate::start::ensure();
        let mut holds = Holds::NONE;
        let kept = lock(&mut holds, 0x40, NodeId::ROOT);
        kept.end();
        let next = lock(&mut holds, 0x40, NodeId::ROOT);
        assert!(kept.is_over() && !next.is_over());
        next.end();
        drop(next);
        let third = lock(&mut holds, 0x40, NodeId::ROOT);
        assert!(kept.is_over() && !third.is_over());
    }
}
