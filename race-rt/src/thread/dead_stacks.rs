//! The stacks of threads that have ended.
//!
//! Their shadow is cleared, and so says nothing any more. The C library gives such a stack to a thread that begins later, or
//! back to the kernel, of which it tells nobody, and maps the next one elsewhere. So the shadow of those that ended last is left for
//! their next owner, and that of the others goes back to the kernel.

use std::mem;
use std::ops::Range;

use crate::shadow::region;
use crate::sys::spin::Spin;

/// So many stacks' shadow is left as it is: the C library cannot use a stack again before its thread is joined.
const KEPT: usize = 128;

/// A ring: the next place is that of the stack whose thread ended first.
struct Dead {
    stacks: [Range<usize>; KEPT],
    next: usize,
}

static DEAD: Spin<Dead> = Spin::new(Dead { stacks: [const { 0..0 }; KEPT], next: 0 });

/// The thread with this stack has ended, and the stack is forgotten.
pub(super) fn add(stack: Range<usize>) {
    let oldest = {
        let mut dead = DEAD.lock();
        let place = dead.next;
        dead.next = (place + 1) % KEPT;
        mem::replace(&mut dead.stacks[place], stack)
    };
    region::give_back(oldest.start, oldest.end);
}

/// A thread begins with this stack.
pub(super) fn revive(stack: &Range<usize>) {
    let mut dead = DEAD.lock();
    if let Some(same) = dead.stacks.iter_mut().find(|dead| *dead == stack) {
        *same = 0..0;
    }
}
