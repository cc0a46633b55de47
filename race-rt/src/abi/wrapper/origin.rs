//! Where something comes from that one thread leaves to another, which the crate starts for it: a timer's call.
//!
//! The thread that does it passes for one that was created when it was left, works for the same test, and comes after all
//! that was done before then. What created the thread in truth was the crate's own.

use super::super::with_return_address;
use crate::clock::Head;
use crate::report::attribution::Trial;
use crate::report::model::Pc;
use crate::thread::context::NodeId;
use crate::thread::{Thread, current, registry};

/// What was so when something was left to another thread.
#[derive(Debug)]
pub struct Origin {
    release: Head,
    creation: NodeId,
    trial: Option<Trial>,
}

extern "C" fn origin(pc: usize) -> *mut Origin {
    let Some(mut thread) = current::enter() else { return std::ptr::null_mut() };
    let creation = thread.site(Pc(pc));
    let trial = registry::trial_of(thread.id());
    Box::into_raw(Box::new(Origin { release: Thread::release(&mut thread), creation, trial }))
}

/// The running thread is the one that does it.
///
/// # Safety
/// The pointer is null or came from `__race_origin`, and [`__race_origin_drop`] is still to come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_origin_adopt(origin: *const Origin) {
    // SAFETY: the caller's promise.
    if let Some(origin) = unsafe { origin.as_ref() }
        && let Some(mut thread) = current::enter()
    {
        thread.acquire_head(&origin.release);
        registry::set_origin(thread.id(), origin.creation, origin.trial);
    }
}

/// It is of no more use.
///
/// # Safety
/// The pointer is null or came from `__race_origin`, and is given up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_origin_drop(origin: *mut Origin) {
    if !origin.is_null() {
        // What the engine frees is its own.
        let _inside = current::enter();
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(origin) });
    }
}

with_return_address! {
    __race_origin => origin, "rdi";
}
