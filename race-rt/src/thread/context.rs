//! The calling-context tree: every distinct call stack seen, once.
//!
//! A node is a return address under its caller's node, so that a node's number stands for the whole stack, for as long
//! as the process lives: the older of two accesses never loses its stack. Nodes are found by (parent, address) in
//! sharded hash tables; a thread asks its own small cache first. Marks of held locks ([`holds`]) live here like frames;
//! they get a part of the room only, so that stacks are not lost for them.
//!
//! Recursion can make any number of stacks. A tree that has become large ([`Room::exact`]) folds it: a call from a place
//! that the stack has already, among its innermost [`FOLDED_OVER`] frames, leads back to the node of that place, as in the
//! trees of Ammons, Ball and Larus (PLDI 1997). Such a stack lacks turns of the recursion, and each of its frames still
//! called the next. When even the tree of folded stacks is full, new ones keep their innermost two frames, which are as
//! many as the program has pairs of calls. Both are counted.

use std::hash::BuildHasher;
use std::io;

use hashbrown::{DefaultHashBuilder, HashTable};
use once_cell::sync::OnceCell;

use super::holds;
use crate::counters::COUNTERS;
use crate::report::model::{Pc, Stack};
use crate::sys::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use crate::sys::memory;
use crate::sys::spin::Spin;

/// A call stack, by number. Zero is the empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The empty stack.
    pub const ROOT: NodeId = NodeId(0);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    pc: Pc,
    parent: NodeId,
}

/// A node in memory.
#[derive(Debug)]
struct StoredNode {
    pc: AtomicUsize,
    parent: AtomicU32,
}

/// How many nodes there may be of each sort.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// Nodes from which on recursion is folded.
    exact: u32,
    /// Nodes from which on new stacks keep two frames.
    whole: u32,
    /// All nodes.
    all: u32,
    /// Nodes that may be marks.
    marks: u32,
}

/// Bytes of a node in the tables at most.
const TABLES: usize = 10;
/// 16 bytes a node, and at most 10 in the tables: 2 MB before anything is folded, some 450 MB in all.
const ROOM: Room = Room { exact: 1 << 16, whole: 1 << 24, all: (1 << 24) + (1 << 20), marks: 1 << 22 };
/// So many frames of a stack are searched for the place of a call.
const FOLDED_OVER: usize = 128;
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
    BASE.store(memory::reserve(ROOM.all as usize * size_of::<StoredNode>())?, Relaxed);
    Ok(())
}

/// Bytes of memory that the tree takes.
pub(crate) fn taken() -> usize {
    COUNT.load(Relaxed) as usize * (size_of::<StoredNode>() + TABLES)
}

/// All nodes, for several questions in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nodes(*const StoredNode);

#[inline(always)]
pub(super) fn nodes() -> Nodes {
    Nodes(BASE.load(Relaxed) as *const StoredNode)
}

impl Nodes {
    #[inline(always)]
    fn at(self, id: NodeId) -> &'static StoredNode {
        debug_assert!(id.0 < ROOM.all);
        // SAFETY: the reservation has room for so many nodes, is never given back, aligned, and holds atomics only.
        unsafe { &*self.0.add(id.0 as usize) }
    }

    /// The stack under the call that returns to `pc`, if the number is that of a stack with this call on top. Any number may be
    /// asked for.
    #[inline(always)]
    pub fn caller(self, id: NodeId, pc: Pc) -> Option<NodeId> {
        let is_node = id.0.wrapping_sub(1) < ROOM.all - 1;
        let is_call = is_node && self.at(id).pc.load(Relaxed) == pc.0;
        is_call.then(|| NodeId(self.at(id).parent.load(Relaxed)))
    }
}

fn node(id: NodeId) -> Node {
    debug_assert!(id.0 < COUNT.load(Relaxed));
    // Numbers are given out by `child` after the node was written, and nodes never change.
    let StoredNode { pc, parent } = nodes().at(id);
    Node { pc: Pc(pc.load(Relaxed)), parent: NodeId(parent.load(Relaxed)) }
}

/// The stack that has `pc` on top of `parent`, as whole as there is room; `parent` itself for a mark without room.
pub fn child(parent: NodeId, pc: Pc) -> NodeId {
    child_within(&ROOM, parent, pc)
}

fn child_within(room: &Room, parent: NodeId, pc: Pc) -> NodeId {
    let key = Key::of(parent, pc);
    if let Some(id) = key.find(&key.shard().lock()) {
        return id;
    }
    if let Some(earlier) = earlier_turn(room, parent, pc) {
        COUNTERS.stacks_folded.increment();
        return earlier;
    }
    if let Some(id) = find_or_add(room, key) {
        return id;
    }
    if holds::is_mark(pc) {
        COUNTERS.holds_lost.increment();
        return parent;
    }
    COUNTERS.stacks_cut.increment();
    let caller = find_or_add(room, Key::of(NodeId::ROOT, node(parent).pc));
    caller.and_then(|caller| find_or_add(room, Key::of(caller, pc))).unwrap_or(NodeId::ROOT)
}

/// The node that a new stack is folded into, if it is to be.
fn earlier_turn(room: &Room, parent: NodeId, pc: Pc) -> Option<NodeId> {
    if COUNT.load(Relaxed) < room.exact || holds::is_mark(pc) {
        return None;
    }
    let outwards = std::iter::successors(Some(parent), |id| Some(node(*id).parent));
    outwards.take_while(|id| *id != NodeId::ROOT).take(FOLDED_OVER).find(|id| node(*id).pc == pc)
}

/// The node, which is made unless there is no room.
fn find_or_add(room: &Room, key: Key) -> Option<NodeId> {
    let mut shard = key.shard().lock();
    if let Some(id) = key.find(&shard) {
        return Some(id);
    }
    let Node { pc, parent } = key.node;
    let is_mark = holds::is_mark(pc);
    let is_short = !is_mark && (parent == NodeId::ROOT || node(parent).parent == NodeId::ROOT);
    if is_mark {
        take_below(&MARKS, room.marks)?;
    }
    let id = NodeId(take_below(&COUNT, if is_short { room.all } else { room.whole })?);
    let stored = nodes().at(id);
    stored.pc.store(pc.0, Relaxed);
    stored.parent.store(parent.0, Relaxed);
    shard.insert_unique(key.hash, id, |id| Key::of_node(node(*id)).hash);
    Some(id)
}

/// What a node is found by.
struct Key {
    node: Node,
    hash: u64,
}

impl Key {
    fn of(parent: NodeId, pc: Pc) -> Key {
        Key::of_node(Node { pc, parent })
    }

    fn of_node(node: Node) -> Key {
        Key { node, hash: HASHER.get_or_init(DefaultHashBuilder::default).hash_one((node.parent.0, node.pc.0)) }
    }

    fn shard(&self) -> &'static Spin<HashTable<NodeId>> {
        &SHARD[(self.hash >> 32) as usize % SHARDS]
    }

    fn find(&self, shard: &HashTable<NodeId>) -> Option<NodeId> {
        shard.find(self.hash, |id| node(*id) == self.node).copied()
    }
}

fn take_below(count: &AtomicU32, limit: u32) -> Option<u32> {
    count.fetch_update(Relaxed, Relaxed, |taken| (taken < limit).then_some(taken + 1)).ok()
}

/// What a node consists of: its caller's node and its return address or mark; `None` for the empty stack.
pub(crate) fn parts(id: NodeId) -> Option<(NodeId, Pc)> {
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

/// A thread's own memory of the nodes it used last.
#[derive(Debug)]
pub struct NodeCache {
    /// `None` until something is remembered: tasks at rest have none.
    places: Option<Box<[Place; NodeCache::PLACES]>>,
}

/// Two nodes that are found at the same place, that looked up last before the other. In one cache line.
#[repr(align(32))]
#[derive(Clone, Copy, Debug)]
struct Place([Remembered; 2]);

/// A node and its number.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    pc: Pc,
    parent: NodeId,
    id: NodeId,
}

const _: () = assert!(size_of::<Place>() == 32);

impl NodeCache {
    const PLACES: usize = 1 << NodeCache::BITS;
    const BITS: u32 = 10;

    /// Remembers nothing.
    pub fn new() -> NodeCache {
        NodeCache { places: None }
    }

    #[cold]
    fn empty() -> Box<[Place; NodeCache::PLACES]> {
        let nothing = Remembered { pc: Pc(0), parent: NodeId::ROOT, id: NodeId::ROOT };
        Box::new([Place([nothing; 2]); NodeCache::PLACES])
    }

    /// [`child`], remembered.
    #[inline]
    pub fn child(&mut self, parent: NodeId, pc: Pc) -> NodeId {
        self.known(parent, pc).unwrap_or_else(|| self.look_up(parent, pc))
    }

    /// [`child`], if it is remembered.
    #[inline(always)]
    pub fn known(&self, parent: NodeId, pc: Pc) -> Option<NodeId> {
        let Place(known) = &self.places.as_ref()?[NodeCache::place(parent, pc)];
        known.iter().find(|known| known.pc == pc && known.parent == parent).map(|known| known.id)
    }

    #[inline(always)]
    fn place(parent: NodeId, pc: Pc) -> usize {
        let mixed = (pc.0 as u64 ^ ((parent.0 as u64) << 20)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - NodeCache::BITS)) as usize
    }

    #[cold]
    #[inline(never)]
    fn look_up(&mut self, parent: NodeId, pc: Pc) -> NodeId {
        let id = child(parent, pc);
        let Place(known) = &mut self.places.get_or_insert_with(NodeCache::empty)[NodeCache::place(parent, pc)];
        *known = [Remembered { pc, parent, id }, known[0]];
        id
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

    #[test]
    fn of_the_nodes_of_one_place_the_two_looked_up_last_are_remembered() {
        crate::start::ensure();
        let place = |pc: &Pc| NodeCache::place(NodeId::ROOT, *pc);
        let pcs: Vec<Pc> = (0x13_0000..).map(Pc).filter(|pc| place(pc) == place(&Pc(0x13_0000))).take(3).collect();
        let mut cache = NodeCache::new();
        let ids: Vec<NodeId> = pcs.iter().map(|pc| cache.child(NodeId::ROOT, *pc)).collect();
        let known: Vec<_> = pcs.iter().map(|pc| cache.known(NodeId::ROOT, *pc)).collect();
        assert_eq!(known, [None, Some(ids[1]), Some(ids[2])]);
        assert_eq!(cache.child(NodeId::ROOT, pcs[0]), ids[0]);
    }

    fn chain(room: &Room, pcs: &[usize]) -> NodeId {
        pcs.iter().fold(NodeId::ROOT, |node, pc| child_within(room, node, Pc(*pc)))
    }

    #[test]
    fn a_large_tree_folds_recursion_and_nothing_else() {
        crate::start::ensure();
        let large = Room { exact: 0, ..ROOM };
        let kept = chain(&ROOM, &[0x11_0001, 0x11_0002, 0x11_0001]);
        let folds = COUNTERS.stacks_folded.get();
        assert_eq!(chain(&large, &[0x11_0001, 0x11_0002, 0x11_0001]), kept, "a stack that is there is found");
        let one = chain(&large, &[0x11_0001, 0x11_0002, 0x11_0003]);
        assert_eq!(stack(one), [Pc(0x11_0003), Pc(0x11_0002), Pc(0x11_0001)]);
        assert_eq!(COUNTERS.stacks_folded.get(), folds);
        let twice = chain(&large, &[0x11_0001, 0x11_0002, 0x11_0003, 0x11_0002, 0x11_0003]);
        assert_eq!(twice, one);
        assert_eq!(COUNTERS.stacks_folded.get(), folds + 1, "the second turn is a stack that is there");
        let itself = chain(&large, &[0x11_0004, 0x11_0004, 0x11_0004]);
        assert_eq!(stack(itself), [Pc(0x11_0004)]);
    }

    #[test]
    fn a_full_tree_keeps_two_frames_and_a_fuller_one_none() {
        crate::start::ensure();
        let full = Room { whole: 0, ..ROOM };
        let cut = chain(&full, &[0x12_0001, 0x12_0002, 0x12_0003, 0x12_0004]);
        assert_eq!(stack(cut), [Pc(0x12_0004), Pc(0x12_0003)]);
        let nothing = Room { whole: 0, all: 0, ..ROOM };
        assert_eq!(chain(&nothing, &[0x12_0005]), NodeId::ROOT);
        assert_eq!(chain(&nothing, &[0x12_0001, 0x12_0002]), chain(&full, &[0x12_0001, 0x12_0002]));
    }
}
