//! What operations publish, and places where that gathers; see `engine`.

use std::cell::UnsafeCell;
use std::panic::RefUnwindSafe;
use std::ptr;

use super::abi::{self, Handle};

/// What one operation publishes: all that its thread did and knew before.
#[derive(Debug)]
pub(crate) struct Release(Handle);

// SAFETY: it is counted by the runtime, which any thread may call, and never changes.
unsafe impl Send for Release {}
// SAFETY: as above.
unsafe impl Sync for Release {}

impl Release {
    /// The running thread's, up to here.
    pub(crate) fn now() -> Release {
        Release(abi::__race_release())
    }

    /// All that it carries happens before what the running thread does from now on.
    pub(crate) fn acquire(&self) {
        // SAFETY: null or a handle that this value counts for.
        unsafe { abi::__race_release_acquire(self.0) };
    }
}

/// Carries nothing.
impl Default for Release {
    fn default() -> Release {
        Release(ptr::null())
    }
}

impl Clone for Release {
    fn clone(&self) -> Release {
        // SAFETY: null or a handle that this value counts for.
        unsafe { abi::__race_release_count(self.0) };
        Release(self.0)
    }
}

impl Drop for Release {
    fn drop(&mut self) {
        // SAFETY: null or a handle, whose count this value gives up.
        unsafe { abi::__race_release_discount(self.0) };
    }
}

/// A place in an object where releases gather.
#[derive(Debug)]
pub(crate) struct Edge(UnsafeCell<Handle>);

// SAFETY: while the place is shared, only the runtime reads and writes it, atomically.
unsafe impl Send for Edge {}
// SAFETY: as above.
unsafe impl Sync for Edge {}

impl RefUnwindSafe for Edge {}

impl Edge {
    pub(crate) const fn new() -> Edge {
        Edge(UnsafeCell::new(ptr::null()))
    }

    /// A release beside the former ones.
    pub(crate) fn merge(&self) {
        // SAFETY: the word is null or the runtime's.
        unsafe { abi::__race_edge_merge(self.0.get()) };
    }

    /// All that was released here happens before what the running thread does from now on.
    pub(crate) fn acquire(&self) {
        // SAFETY: as in `merge`.
        unsafe { abi::__race_edge_acquire(self.0.get()) };
    }
}

impl Default for Edge {
    fn default() -> Edge {
        Edge::new()
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // SAFETY: what the word leads to has lost its last user.
        unsafe { abi::__race_edge_drop(*self.0.get_mut()) };
    }
}

/// A place whose releases are used up by the one acquire that follows.
#[derive(Debug, Default)]
pub(crate) struct Token(Edge);

impl Token {
    pub(crate) fn release(&self) {
        self.0.merge();
    }

    pub(crate) fn consume(&self) {
        // SAFETY: the word is null or the runtime's.
        unsafe { abi::__race_edge_consume(self.0.0.get()) };
    }
}
