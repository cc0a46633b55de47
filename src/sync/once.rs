//! [`Once`]: the end of the initialiser happens before every return that knows of it, also when it ended by a panic.

use std::fmt;
use std::sync::OnceState;

use crate::engine::{Edge, before_synchronisation};

/// [`std::sync::Once`], watched.
pub struct Once {
    end: Edge,
    inner: std::sync::Once,
}

/// A [`Once`] that was not called.
#[deprecated(note = "the `Once::new()` function is now preferred")]
#[allow(clippy::declare_interior_mutable_const)] // std's is a constant too
pub const ONCE_INIT: Once = Once::new();

/// Releases into an edge when dropped, that is at the end of an initialiser, by panic or not.
pub(super) struct AtEnd<'a>(pub(super) &'a Edge);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Acquires an edge when dropped, that is when a call returns or panics because an initialiser did.
pub(super) struct AtReturn<'a>(pub(super) &'a Edge);

impl Drop for AtReturn<'_> {
    fn drop(&mut self) {
        self.0.acquire();
    }
}

impl Once {
    /// A `Once` that was not called.
    #[inline]
    #[allow(clippy::new_without_default)] // std's has none
    pub const fn new() -> Once {
        Once { end: Edge::new(), inner: std::sync::Once::new() }
    }

    /// Runs `initialise` in the first call; the others return when it has ended.
    ///
    /// # Panics
    /// When an initialiser panicked.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, initialise: F) {
        before_synchronisation();
        let _return = AtReturn(&self.end);
        self.inner.call_once(|| {
            let _end = AtEnd(&self.end);
            initialise();
        });
    }

    /// [`Once::call_once`] that runs also when an initialiser panicked, and is told so.
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, initialise: F) {
        before_synchronisation();
        let _return = AtReturn(&self.end);
        self.inner.call_once_force(|state| {
            // An initialiser that panicked came before.
            self.end.acquire();
            let _end = AtEnd(&self.end);
            initialise(state);
        });
    }

    /// Whether the initialiser has ended.
    pub fn is_completed(&self) -> bool {
        let completed = self.inner.is_completed();
        if completed {
            self.end.acquire();
        }
        completed
    }

    /// Waits for the end of the initialiser.
    ///
    /// # Panics
    /// When an initialiser panicked.
    pub fn wait(&self) {
        before_synchronisation();
        let _return = AtReturn(&self.end);
        self.inner.wait();
    }

    /// Waits for the end of the initialiser, past those that panic.
    pub fn wait_force(&self) {
        before_synchronisation();
        let _return = AtReturn(&self.end);
        self.inner.wait_force();
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
