//! Fibers: the engine's threads for stacks that the program itself switches between, several on one thread of the
//! operating system.
//!
//! A fiber has a state like a thread. A switch makes it the running thread's; unless the program says that the switch
//! orders nothing, what the fiber that was left did happens before what the other goes on to do. Not a logical
//! [`Task`](super::task::Task): that one runs inside a call, on the stack of whoever calls.
//!
//! Guarantees: fibers are ordered by creation and by switches that order, by nothing else. Can miss: what a fiber does
//! after the thread that it runs on has ended without a switch back to the thread's own fiber.

use super::call_stack::CallStack;
use super::context::NodeId;
use super::{Thread, current, registry};

/// A larger stack of a fiber's has room here for so many bytes.
const LARGEST_STACK: usize = 8 << 20;

/// A fiber that `parent` creates at `site`; what `parent` did so far happens before all it does.
pub fn create(parent: &mut Thread, site: NodeId) -> *mut Thread {
    let mut fiber = registry::spawn(parent, None, site);
    fiber.is_fiber = true;
    if cfg!(feature = "whole-program") {
        fiber.hot.calls = CallStack::for_stack_of(LARGEST_STACK);
    }
    registry::count_fiber();
    Box::into_raw(fiber)
}

/// The fiber will not run again. Destroying orders nothing.
///
/// # Safety
/// The fiber came from [`create`], and nobody runs on it or uses it any more.
pub unsafe fn destroy(destroyer: &mut Thread, fiber: *mut Thread) {
    // SAFETY: the caller's promise.
    let fiber = unsafe { Box::from_raw(fiber) };
    let (id, now) = (fiber.id(), fiber.epoch());
    // Where the fiber's last switch ordered it before the destroyer, nothing is left to learn but that it is over, by
    // which its slot may be used again.
    let is_known = destroyer.clock().time_of(now.slot()).next() == Some(now.time());
    if !is_known {
        registry::detach(id);
    }
    registry::finish(fiber);
    if is_known {
        registry::join(destroyer, id);
    }
}

/// The running thread leaves its fiber for `next`.
///
/// # Safety
/// `next` came from [`create`] or is what [`current::enter`] gave, and nobody else runs on it.
pub unsafe fn switch(next: *mut Thread, orders: bool) {
    let Some(mut left) = current::enter() else { return };
    if std::ptr::eq(next, &raw const *left) {
        return;
    }
    if orders {
        let head = left.release();
        // SAFETY: nobody runs on the next fiber, so it is ours.
        unsafe { (*next).acquire_head(&head) };
    }
    drop(left);
    // SAFETY: from now on it is the running thread's; what is handed out is the program's to switch back to.
    unsafe { current::exchange(next) };
}
