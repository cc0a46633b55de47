//! The calling-context tree: every distinct call stack seen, once.
//!
//! A node is a return address under its caller's node, so that a node's number stands for the whole stack, for as long
//! as the process lives: the older of two accesses never loses its stack. Nodes are found by (parent, address) in
//! sharded hash tables; a thread asks its own small cache first. Marks of held locks ([`holds`]) live here like frames;
//! they get a part of the room only, so that stacks are not lost for them.

use std::hash::BuildHasher;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

use hashbrown::{DefaultHashBuilder, HashTable};
use once_cell::sync::OnceCell;

use super::holds;
use crate::counters::COUNTERS;
use crate::report::model::{Pc, Stack};
use crate::sys::memory;
use crate::sys::spin::Spin;

/// A call stack, by number. Zero is the empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The empty stack.
    pub const ROOT: NodeId = NodeId(0);
}

#[derive(Clone, Copy, Debug)]
struct Node {
    pc: Pc,
    parent: NodeId,
}

const LIMIT: u32 = 1 << 28;
/// Nodes that may be marks.
const MARK_LIMIT: u32 = 1 << 22;
const SHARDS: usize = 64;

static BASE: AtomicUsize = AtomicUsize::new(0);
static COUNT: AtomicU32 = AtomicU32::new(1);
static MARKS: AtomicU32 = AtomicU32::new(0);
static SHARD: [Spin<HashTable<NodeId>>; SHARDS] = [const { Spin::new(HashTable::new()) }; SHARDS];
static HASHER: OnceCell<DefaultHashBuilder> = OnceCell::new();

/// Reserves room for the nodes.
///
/// # Errors
/// What the system said when it refused the address space.
pub fn reserve() -> io::Result<()> {
    BASE.store(memory::reserve(LIMIT as usize * size_of::<Node>())?, Relaxed);
    Ok(())
}

fn node(id: NodeId) -> Node {
    debug_assert!(id.0 < COUNT.load(Relaxed));
    // SAFETY: numbers are given out by `child` after the node was written, and nodes never change.
    unsafe { *(BASE.load(Relaxed) as *const Node).add(id.0 as usize) }
}

/// The stack that has `pc` on top of `parent`; `parent` itself when there is no room for one more mark.
pub fn child(parent: NodeId, pc: Pc) -> NodeId {
    let hasher = HASHER.get_or_init(DefaultHashBuilder::default);
    let hash = hasher.hash_one((parent.0, pc.0));
    let mut shard = SHARD[(hash >> 32) as usize % SHARDS].lock();
    let is_it = |id: &NodeId| {
        let found = node(*id);
        found.parent == parent && found.pc == pc
    };
    if let Some(id) = shard.find(hash, is_it) {
        return *id;
    }
    if holds::is_mark(pc) && MARKS.fetch_add(1, Relaxed) >= MARK_LIMIT {
        MARKS.store(MARK_LIMIT, Relaxed);
        COUNTERS.holds_lost.increment();
        return parent;
    }
    let id = COUNT.fetch_add(1, Relaxed);
    if id >= LIMIT {
        COUNT.store(LIMIT, Relaxed);
        COUNTERS.stacks_lost.increment();
        return NodeId::ROOT;
    }
    // SAFETY: the number is this thread's alone until it is in the table.
    unsafe { (BASE.load(Relaxed) as *mut Node).add(id as usize).write(Node { pc, parent }) };
    shard.insert_unique(hash, NodeId(id), |id| {
        let Node { pc, parent } = node(*id);
        hasher.hash_one((parent.0, pc.0))
    });
    NodeId(id)
}

/// What a node consists of: its caller's node and its return address or mark; `None` for the empty stack.
pub(super) fn parts(id: NodeId) -> Option<(NodeId, Pc)> {
    (id != NodeId::ROOT).then(|| node(id)).map(|node| (node.parent, node.pc))
}

/// The return addresses of a stack, innermost first.
pub fn stack(id: NodeId) -> Stack {
    let mut frames = Stack::new();
    let mut at = id;
    while at != NodeId::ROOT {
        let Node { pc, parent } = node(at);
        if !holds::is_mark(pc) {
            frames.push(pc);
        }
        at = parent;
    }
    frames
}

/// A thread's own memory of the nodes it used last, direct-mapped.
#[derive(Debug)]
pub struct NodeCache {
    /// `None` until something is remembered: tasks at rest have none.
    entries: Option<Box<[(Node, NodeId); NodeCache::SIZE]>>,
}

impl NodeCache {
    const SIZE: usize = 512;

    /// Remembers nothing.
    pub fn new() -> NodeCache {
        NodeCache { entries: None }
    }

    #[cold]
    fn empty() -> Box<[(Node, NodeId); NodeCache::SIZE]> {
        let nothing = (Node { pc: Pc(0), parent: NodeId::ROOT }, NodeId::ROOT);
        Box::new([nothing; NodeCache::SIZE])
    }

    /// [`child`], remembered.
    #[inline]
    pub fn child(&mut self, parent: NodeId, pc: Pc) -> NodeId {
        let mixed = (pc.0 as u64 ^ ((parent.0 as u64) << 20)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let entry = &mut self.entries.get_or_insert_with(NodeCache::empty)[(mixed >> 55) as usize];
        if entry.0.pc != pc || entry.0.parent != parent {
            *entry = (Node { pc, parent }, child(parent, pc));
        }
        entry.1
    }
}

impl Default for NodeCache {
    fn default() -> NodeCache {
        NodeCache::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_numbered_once_and_read_back_innermost_first() {
        crate::start::ensure();
        let outer = child(NodeId::ROOT, Pc(0x1000));
        let inner = child(outer, Pc(0x2000));
        assert_eq!(child(outer, Pc(0x2000)), inner);
        assert_ne!(child(NodeId::ROOT, Pc(0x2000)), inner);
        assert_eq!(stack(inner), [Pc(0x2000), Pc(0x1000)]);
        let mut cache = NodeCache::new();
        assert_eq!(cache.child(outer, Pc(0x2000)), inner);
        assert_eq!(cache.child(outer, Pc(0x2000)), inner);
    }
}
