//! The functions a thread is in, as instrumented code announces them.
//!
//! Entry and exit only move a pointer; the calling-context tree is asked when an access is recorded, from the innermost
//! frame outwards up to the first whose node is known already. The room is as large as the thread's own stack, and a
//! frame here takes no more than the smallest frame there, so it suffices for any recursion; code that switches stacks
//! by itself may push and pop out of order, which costs nothing but the truth of its stacks.
//!
//! A frame knows where the machine's stack was, by which a jump out of several functions finds the one that it leads back
//! to, and by which a call can be told to be one of the innermost function's own. Entry moves the pointer before it writes,
//! so that a signal's handler which comes in between does not write to the same place.

use std::arch::asm;
use std::io;
use std::ops::Range;

use super::context::{self, NodeCache, NodeId};
use crate::report::model::Pc;
use crate::sys::atomic::Ordering::SeqCst;
use crate::sys::atomic::compiler_fence;
use crate::sys::memory;

/// A call takes at least its return address and the alignment of the stack.
const SMALLEST_FRAME: usize = 16;
/// A stack without a limit gets frames for so many bytes.
const LARGEST_STACK: usize = 1 << 30;

/// A function that was entered and not left.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Where it will return to.
    pc: Pc,
    /// The stack up to here, once asked for; the root while unknown.
    node: NodeId,
    /// Where the function has its part of the machine's stack.
    place: StackPlace,
}

/// A place on the machine's stack: the low half of the stack pointer, which is enough to tell places of one stack apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackPlace(u32);

impl StackPlace {
    /// What the stack pointer is while no call is under way is a multiple of this.
    const ALIGNMENT: u32 = 16;

    /// The place of the function whose call led to the running code, where that has used at most a word of the stack.
    #[inline(always)]
    pub fn of_caller() -> StackPlace {
        let pointer: u32;
        // SAFETY: reads a register.
        unsafe { asm!("mov {:e}, esp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
        StackPlace(pointer)
    }

    /// The place of a function with this stack pointer between its calls.
    pub const fn at(pointer: usize) -> StackPlace {
        StackPlace((pointer as u32).wrapping_sub(8))
    }

    /// The stack pointer between calls.
    const fn pointer(self) -> u32 {
        (self.0 & !(StackPlace::ALIGNMENT - 1)).wrapping_add(StackPlace::ALIGNMENT)
    }

    /// Whether the place is further out than `other`, or the same: on a stack, which grows downwards.
    fn is_outside_of(self, other: StackPlace) -> bool {
        self.pointer().wrapping_sub(other.pointer()) as i32 >= 0
    }

    /// Whether it lies in `range`.
    fn is_in(self, range: &Range<usize>) -> bool {
        self.0.wrapping_sub(range.start as u32) < range.len() as u32
    }
}

/// The stack of announced functions. Plain pointers, for the sake of the two functions called most of all.
#[repr(C)]
#[derive(Debug)]
pub struct CallStack {
    top: *mut Frame,
    limit: *mut Frame,
    /// Where `top` is when leaving a function needs care: the base, or the limit while there are frames beyond it.
    floor: *mut Frame,
    base: *mut Frame,
    /// Frames beyond the limit, which are counted only.
    beyond: usize,
}

impl CallStack {
    /// A stack without room: entering is counted, nothing is kept.
    pub const NONE: CallStack = CallStack {
        top: std::ptr::null_mut(),
        limit: std::ptr::null_mut(),
        floor: std::ptr::null_mut(),
        base: std::ptr::null_mut(),
        beyond: 0,
    };

    /// Room for every frame that a stack of `bytes` can hold; without room if the system refuses.
    pub fn for_stack_of(bytes: usize) -> CallStack {
        CallStack::reserve(bytes.min(LARGEST_STACK) / SMALLEST_FRAME).unwrap_or(CallStack::NONE)
    }

    /// Room for `frames` frames, backed by memory as they come.
    ///
    /// # Errors
    /// What the system said when it refused the address space.
    pub fn reserve(frames: usize) -> io::Result<CallStack> {
        let size = (frames * size_of::<Frame>()).next_multiple_of(memory::PAGE);
        let base = memory::reserve(size)? as *mut Frame;
        // SAFETY: one past the end of the reservation.
        let limit = unsafe { base.byte_add(size) };
        Ok(CallStack { top: base, limit, floor: base, base, beyond: 0 })
    }

    /// A function was entered that will return to `pc`. False when there is no room: [`CallStack::enter_cold`] is due.
    #[inline(always)]
    #[must_use]
    pub fn enter(&mut self, pc: Pc, place: StackPlace) -> bool {
        let frame = self.top;
        if frame == self.limit {
            return false;
        }
        // SAFETY: `top` lies between `base` and `limit`.
        self.top = unsafe { frame.add(1) };
        compiler_fence(SeqCst);
        // SAFETY: as above.
        unsafe { frame.write(Frame { pc, node: NodeId::ROOT, place }) };
        true
    }

    /// A function was entered, room or not: without, it is counted only.
    #[cold]
    pub fn enter_cold(&mut self, pc: Pc, place: StackPlace) {
        if !self.enter(pc, place) {
            self.set_beyond(self.beyond + 1);
        }
    }

    fn set_beyond(&mut self, frames: usize) {
        self.beyond = frames;
        self.floor = if frames == 0 { self.base } else { self.limit };
    }

    /// Whether the function entered last has this stack pointer between its calls.
    #[inline(always)]
    pub fn is_innermost(&self, pointer: usize) -> bool {
        // SAFETY: there is a frame below `top` if that is not `base`.
        self.top != self.base && unsafe { (*self.top.sub(1)).place }.pointer() == pointer as u32
    }

    /// The program has jumped to `target`, out of all functions that were called from there. `other` is a second stack,
    /// for handlers of signals.
    pub fn jump(&mut self, target: StackPlace, other: &Range<usize>) {
        let on_other = target.is_in(other);
        while self.top > self.base {
            // SAFETY: frames between `base` and `top` are initialised.
            let Frame { place, .. } = unsafe { *self.top.sub(1) };
            if place.is_in(other) == on_other && place.is_outside_of(target) || on_other && !place.is_in(other) {
                break;
            }
            // SAFETY: `top` lies above `base`.
            self.top = unsafe { self.top.sub(1) };
            self.set_beyond(0);
        }
    }

    /// The innermost function was left. False when it is not certain to be the topmost frame's:
    /// [`CallStack::exit_cold`] is due.
    #[inline(always)]
    #[must_use]
    pub fn exit(&mut self) -> bool {
        if self.top == self.floor {
            return false;
        }
        // SAFETY: `top` lies above `base`: with frames beyond the limit it is at the limit, which then is the floor.
        self.top = unsafe { self.top.sub(1) };
        true
    }

    /// A function was left that was counted only, or entered before the engine knew the thread.
    #[cold]
    pub fn exit_cold(&mut self) {
        self.set_beyond(self.beyond.saturating_sub(1));
    }

    /// Whether `site` is the number of the present stack with a call that returns to `pc` on top, where the two innermost
    /// functions suffice to tell. Asks the tree, which is shorter than a search in a table.
    #[inline(always)]
    pub fn is_site(&self, site: NodeId, pc: Pc) -> bool {
        if self.top == self.base {
            return context::nodes().caller(site, pc) == Some(NodeId::ROOT);
        }
        // SAFETY: frames between `base` and `top` are initialised.
        let inner = unsafe { self.top.sub(1) };
        // SAFETY: as above.
        let known = unsafe { (*inner).node };
        if known != NodeId::ROOT {
            return context::nodes().caller(site, pc) == Some(known);
        }
        // A function that was entered since the last question.
        if inner == self.base {
            return false;
        }
        // SAFETY: as above; the frame is this thread's own.
        unsafe {
            let outer = (*inner.sub(1)).node;
            if outer == NodeId::ROOT {
                return false;
            }
            let nodes = context::nodes();
            let Some(stack) = nodes.caller(site, pc) else { return false };
            let is_stack = nodes.caller(stack, (*inner).pc) == Some(outer);
            if is_stack {
                (*inner).node = stack;
            }
            is_stack
        }
    }

    /// The number of the present stack.
    #[inline]
    pub fn node(&mut self, cache: &mut NodeCache) -> NodeId {
        self.number(|caller, pc| Some(cache.child(caller, pc))).unwrap_or_default()
    }

    /// [`CallStack::node`] where the cache has all that is asked for.
    #[inline(always)]
    pub fn node_at_hand(&mut self, cache: &NodeCache) -> Option<NodeId> {
        self.number(|caller, pc| cache.known(caller, pc))
    }

    /// Numbers the frames that have no number, outermost first, as long as `child` gives one.
    #[inline(always)]
    fn number(&mut self, mut child: impl FnMut(NodeId, Pc) -> Option<NodeId>) -> Option<NodeId> {
        let mut frame = self.top;
        let mut node = NodeId::ROOT;
        while frame > self.base {
            // SAFETY: frames between `base` and `top` are initialised.
            let below = unsafe { frame.sub(1) };
            // SAFETY: as above.
            node = unsafe { (*below).node };
            if node != NodeId::ROOT {
                break;
            }
            frame = below;
        }
        while frame < self.top {
            // SAFETY: frames between `base` and `top` are initialised, and this thread's own.
            unsafe {
                node = child(node, (*frame).pc)?;
                (*frame).node = node;
                frame = frame.add(1);
            }
        }
        Some(node)
    }
}

impl Drop for CallStack {
    fn drop(&mut self) {
        let size = self.limit as usize - self.base as usize;
        if size > 0 {
            // SAFETY: the reservation is this stack's own and its last user is gone.
            unsafe { memory::release(self.base as usize, size) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_is_the_stack_of_entered_functions() {
        crate::start::ensure();
        let mut cache = NodeCache::new();
        let mut stack = CallStack::reserve(4).unwrap();
        stack.enter_cold(Pc(1), StackPlace::of_caller());
        stack.enter_cold(Pc(2), StackPlace::of_caller());
        let both = stack.node(&mut cache);
        assert_eq!(context::stack(both), [Pc(2), Pc(1)]);
        assert!(stack.exit());
        stack.enter_cold(Pc(3), StackPlace::of_caller());
        let other = stack.node(&mut cache);
        assert_eq!(context::stack(other), [Pc(3), Pc(1)]);
        assert!(stack.exit());
        assert!(stack.exit());
        assert!(!stack.exit());
        stack.exit_cold();
        assert_eq!(stack.node(&mut cache), NodeId::ROOT, "leaving too often is harmless");
    }

    #[test]
    fn a_site_is_told_from_others_by_the_tree() {
        crate::start::ensure();
        let mut cache = NodeCache::new();
        let mut stack = CallStack::reserve(8).unwrap();
        let enter = |stack: &mut CallStack, pc| stack.enter_cold(Pc(pc), StackPlace::of_caller());
        let outermost = cache.child(NodeId::ROOT, Pc(0x15_0009));
        assert!(stack.is_site(outermost, Pc(0x15_0009)), "in no function");
        enter(&mut stack, 0x15_0001);
        assert!(!stack.is_site(outermost, Pc(0x15_0009)), "in a function without a number");
        enter(&mut stack, 0x15_0002);
        let caller = stack.node(&mut cache);
        let site = cache.child(caller, Pc(0x15_0009));
        assert!(stack.is_site(site, Pc(0x15_0009)));
        assert!(!stack.is_site(site, Pc(0x15_0008)) && !stack.is_site(outermost, Pc(0x15_0009)));
        assert!(!stack.is_site(NodeId(u32::MAX), Pc(0x15_0009)), "the number of no stack");
        assert!(stack.exit());
        assert!(!stack.is_site(site, Pc(0x15_0009)), "in its caller");
        enter(&mut stack, 0x15_0003);
        assert!(!stack.is_site(site, Pc(0x15_0009)), "in another function");
        assert!(stack.exit());
        enter(&mut stack, 0x15_0002);
        assert!(stack.is_site(site, Pc(0x15_0009)), "entered anew");
        assert_eq!(stack.node(&mut cache), caller);
    }

    #[test]
    fn inlined_code_finds_what_is_here() {
        use crate::inlined::layout;
        use crate::shadow::Present;
        use crate::thread::Hot;
        use std::mem::offset_of;

        let calls = offset_of!(Hot, calls);
        assert_eq!(offset_of!(layout::Hot, present), offset_of!(Hot, present));
        assert_eq!(offset_of!(layout::Hot, top), calls + offset_of!(CallStack, top));
        assert_eq!(offset_of!(layout::Hot, limit), calls + offset_of!(CallStack, limit));
        assert_eq!(offset_of!(layout::Hot, floor), calls + offset_of!(CallStack, floor));
        assert_eq!(size_of::<layout::Frame>(), size_of::<Frame>());
        assert_eq!(offset_of!(layout::Frame, pc), offset_of!(Frame, pc));
        assert_eq!(offset_of!(layout::Frame, node), offset_of!(Frame, node));
        assert_eq!(offset_of!(layout::Frame, place), offset_of!(Frame, place));
        assert_eq!(layout::SOLO, Present::SOLO);
        assert_eq!(NodeId::ROOT, NodeId(0));
        assert_eq!(StackPlace::at(0x7ffc_0000_1230).0, 0x1230 - layout::RETURN_ADDRESS);
    }

    #[test]
    fn a_jump_leaves_what_was_called_from_its_target() {
        crate::start::ensure();
        let mut cache = NodeCache::new();
        let mut stack = CallStack::reserve(8).unwrap();
        let enter = |stack: &mut CallStack, pc, pointer| stack.enter_cold(Pc(pc), StackPlace::at(pointer));
        let none = 0..0;
        enter(&mut stack, 1, 0x7f00_0000_0040);
        enter(&mut stack, 2, 0x7f00_0000_0020);
        // Over the end of the low half.
        enter(&mut stack, 3, 0x7eff_ffff_fff0);
        stack.jump(StackPlace::at(0x7f00_0000_0010), &none);
        let node = stack.node(&mut cache);
        assert_eq!(context::stack(node), [Pc(2), Pc(1)], "room taken after the entry counts for the function");
        stack.jump(StackPlace::at(0x7f00_0000_0020), &none);
        let node = stack.node(&mut cache);
        assert_eq!(context::stack(node), [Pc(2), Pc(1)]);
        stack.jump(StackPlace::at(0x7f00_0000_0030), &none);
        let node = stack.node(&mut cache);
        assert_eq!(context::stack(node), [Pc(1)]);
    }

    #[test]
    fn a_jump_leaves_another_stack() {
        crate::start::ensure();
        let mut cache = NodeCache::new();
        for other in [0x5000..0x6000, 0x1_5000..0x1_6000] {
            let mut stack = CallStack::reserve(8).unwrap();
            stack.enter_cold(Pc(1), StackPlace::at(0x8040));
            stack.enter_cold(Pc(2), StackPlace::at(other.start + 0x800));
            stack.enter_cold(Pc(3), StackPlace::at(other.start + 0x400));
            stack.jump(StackPlace::at(other.start + 0x600), &other);
            let node = stack.node(&mut cache);
            assert_eq!(context::stack(node), [Pc(2), Pc(1)], "within it");
            stack.jump(StackPlace::at(0x8030), &other);
            let node = stack.node(&mut cache);
            assert_eq!(context::stack(node), [Pc(1)]);
        }
    }

    #[test]
    fn frames_beyond_the_room_are_counted_and_the_others_survive() {
        crate::start::ensure();
        let mut cache = NodeCache::new();
        let mut stack = CallStack::reserve(1).unwrap();
        let room = memory::PAGE / size_of::<Frame>();
        for depth in 0..room + 10 {
            stack.enter_cold(Pc(depth + 1), StackPlace::of_caller());
        }
        for _ in 0..room + 9 {
            if !stack.exit() {
                stack.exit_cold();
            }
        }
        let last = stack.node(&mut cache);
        assert_eq!(context::stack(last), [Pc(1)]);
    }
}
