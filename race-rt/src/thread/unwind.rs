//! Call stacks of programs that do not announce their functions: found by unwinding, once per place.
//!
//! Unwinding takes microseconds. But where the program makes the same access from the same place again, the stack's
//! return addresses lie where they lay before: what unwinding found is kept with the addresses at which each frame's
//! return address stood, under the stack pointer, and holds as long as all of them still hold the same values.

use std::cell::RefCell;

use super::context::{self, NodeId};
use super::current;
use crate::report::model::Pc;

/// A return address and where on the stack it stood.
#[derive(Clone, Copy, Debug)]
struct Frame {
    pc: Pc,
    slot: *const usize,
}

/// A stack that was unwound.
#[derive(Debug, Default)]
struct Unwound {
    stack_pointer: usize,
    frames: Vec<Frame>,
    node: NodeId,
}

const BUCKETS: usize = 128;
const WAYS: usize = 4;

#[derive(Debug)]
struct Cache {
    entries: Vec<Unwound>,
    turn: usize,
}

thread_local! {
    static CACHE: RefCell<Cache> = const { RefCell::new(Cache { entries: Vec::new(), turn: 0 }) };
}

/// The running thread's call stack, this crate's and the facade's own frames included.
#[inline(never)]
pub fn site() -> NodeId {
    let marker = 0usize;
    let stack_pointer = std::hint::black_box(&raw const marker) as usize;
    CACHE
        .try_with(|cache| match cache.try_borrow_mut() {
            Ok(mut cache) => cache.site(stack_pointer),
            Err(_) => unwind(stack_pointer).node,
        })
        .unwrap_or_default()
}

impl Cache {
    fn site(&mut self, stack_pointer: usize) -> NodeId {
        if self.entries.is_empty() {
            self.entries.resize_with(BUCKETS * WAYS, Unwound::default);
        }
        let mixed = (stack_pointer >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let bucket = (mixed >> 57) * WAYS;
        let ways = &mut self.entries[bucket..bucket + WAYS];
        if let Some(found) = ways.iter().find(|unwound| unwound.still_holds(stack_pointer)) {
            return found.node;
        }
        self.turn = (self.turn + 1) % WAYS;
        ways[self.turn] = unwind(stack_pointer);
        ways[self.turn].node
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        current::drop_own(std::mem::take(&mut self.entries));
    }
}

impl Unwound {
    fn still_holds(&self, stack_pointer: usize) -> bool {
        self.stack_pointer == stack_pointer
            && self.frames.iter().all(|frame| {
                // SAFETY: the slots lie above the stack pointer of a function that is running now, in this thread's
                // stack: they are mapped. Their content is only compared.
                unsafe { frame.slot.read_volatile() == frame.pc.0 }
            })
    }
}

fn unwind(stack_pointer: usize) -> Unwound {
    let mut frames = Vec::with_capacity(32);
    let mut reliable = true;
    let each = |frame: &backtrace::Frame| {
        let slot = (frame.sp() as usize).wrapping_sub(size_of::<usize>());
        let pc = frame.ip() as usize;
        // Frames below the caller's own, of the unwinder and of this function, come first.
        if slot > stack_pointer && pc != 0 {
            // SAFETY: above the stack pointer of a running function and named as a frame's by the unwinder: mapped.
            reliable &=
                slot.is_multiple_of(align_of::<usize>()) && unsafe { (slot as *const usize).read_volatile() } == pc;
            frames.push(Frame { pc: Pc(pc), slot: slot as *const usize });
        }
        true
    };
    // SAFETY: the walk itself takes no lock of the crate and this closure does not call back into it.
    unsafe { backtrace::trace_unsynchronized(each) };
    let node = frames.iter().rev().fold(NodeId::ROOT, |node, frame| context::child(node, frame.pc));
    // A stack whose return addresses are not where they were looked for is unwound anew each time.
    let stack_pointer = if reliable { stack_pointer } else { 0 };
    Unwound { stack_pointer, frames, node }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn here() -> NodeId {
        std::hint::black_box(site())
    }

    #[test]
    fn one_place_has_one_stack_and_two_have_two() {
        crate::start::ensure();
        // A black box for the count keeps the loop from being unrolled into several places.
        let nodes: Vec<NodeId> = (0..std::hint::black_box(3)).map(|_| here()).collect();
        let other = here();
        assert_eq!(nodes[0], nodes[1]);
        assert_eq!(nodes[1], nodes[2]);
        assert_ne!(nodes[0], other);
        assert!(context::stack(other).len() > 3);
    }

    #[test]
    fn a_cached_stack_is_the_unwound_one() {
        crate::start::ensure();
        let marker = 0usize;
        let pointer = &raw const marker as usize;
        let first = unwind(pointer);
        assert!(first.still_holds(pointer), "the frames of a running function were found where they stand");
        assert_eq!(first.node, unwind(pointer).node);
    }
}
