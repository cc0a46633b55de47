//! [`OnceLock`]: the end of the initialiser happens before every return of the value, or of the refusal to set another.

use std::fmt;

use super::once::{AtEnd, AtReturn};
use crate::engine::{Edge, before_synchronisation};

/// [`std::sync::OnceLock`], watched.
pub struct OnceLock<T> {
    end: Edge,
    inner: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// A cell without value.
    #[inline]
    pub const fn new() -> OnceLock<T> {
        OnceLock { end: Edge::new(), inner: std::sync::OnceLock::new() }
    }

    /// The value, if there is one.
    pub fn get(&self) -> Option<&T> {
        let value = self.inner.get();
        if value.is_some() {
            self.end.acquire();
        }
        value
    }

    /// The value, exclusively, if there is one.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.inner.get_mut()
    }

    /// Waits for a value.
    pub fn wait(&self) -> &T {
        let value = self.inner.wait();
        self.end.acquire();
        value
    }

    /// Gives the cell its value.
    ///
    /// # Errors
    /// `value`, when the cell has one already.
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        before_synchronisation();
        let _return = AtReturn(&self.end);
        self.inner.get_or_init(|| {
            let _end = AtEnd(&self.end);
            value.take().expect("an initialiser runs once")
        });
        value.map_or(Ok(()), Err)
    }

    /// The value; `initialise` makes it if there is none yet.
    pub fn get_or_init<F: FnOnce() -> T>(&self, initialise: F) -> &T {
        before_synchronisation();
        let _return = AtReturn(&self.end);
        self.inner.get_or_init(|| {
            // An initialiser that panicked came before.
            self.end.acquire();
            let _end = AtEnd(&self.end);
            initialise()
        })
    }

    /// The value, if there is one.
    pub fn into_inner(self) -> Option<T> {
        self.inner.into_inner()
    }

    /// Takes the value out.
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> OnceLock<T> {
        OnceLock::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_tuple("OnceLock");
        match self.get() {
            Some(value) => shown.field(value),
            None => shown.field(&format_args!("<uninit>")),
        };
        shown.finish()
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    fn clone(&self) -> OnceLock<T> {
        self.get().cloned().map_or_else(OnceLock::new, OnceLock::from)
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> OnceLock<T> {
        OnceLock { end: Edge::new(), inner: std::sync::OnceLock::from(value) }
    }
}

impl<T: PartialEq> PartialEq for OnceLock<T> {
    fn eq(&self, other: &OnceLock<T>) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceLock<T> {}
