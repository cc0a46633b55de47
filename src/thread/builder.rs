//! [`spawn`] and [`Builder`]: what the creator did happens before the new thread's first step.

use std::io;

use super::join_handle::JoinHandle;
use super::life::{LastStep, Newborn};
use super::scope::{Scope, ScopedJoinHandle};

/// [`std::thread::Builder`].
#[must_use = "must eventually spawn the thread"]
#[derive(Debug)]
pub struct Builder {
    inner: std::thread::Builder,
    name: Option<String>,
}

/// Starts a thread.
///
/// # Panics
/// When the system refuses another thread.
pub fn spawn<F, T>(closure: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(closure).expect("failed to spawn thread")
}

impl Builder {
    /// The settings of a thread without name.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Builder {
        Builder { inner: std::thread::Builder::new(), name: None }
    }

    /// Names the thread.
    pub fn name(self, name: String) -> Builder {
        Builder { inner: self.inner.name(name.clone()), name: Some(name) }
    }

    /// Sets the size of the thread's stack, in bytes.
    pub fn stack_size(self, size: usize) -> Builder {
        Builder { inner: self.inner.stack_size(size), name: self.name }
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// What the system said when it refused another thread.
    ///
    /// # Panics
    /// When the name contains a null byte.
    pub fn spawn<F, T>(self, closure: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: what the thread uses lives for ever.
        unsafe { self.spawn_unchecked(closure) }
    }

    /// Starts a thread that may borrow.
    ///
    /// # Safety
    /// The thread is joined before anything that the closure or its result borrows ends.
    ///
    /// # Errors
    /// What the system said when it refused another thread.
    ///
    /// # Panics
    /// When the name contains a null byte.
    pub unsafe fn spawn_unchecked<F, T>(self, closure: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let (child, parent) = Newborn::register(self.name.as_deref());
        let life = move || child.live(closure, LastStep::ThreadLocals);
        // SAFETY: the caller's promise; what else the closure holds lives for ever.
        let inner = unsafe { self.inner.spawn_unchecked(life) }?;
        parent.after_spawn();
        Ok(JoinHandle::new(inner, parent))
    }

    /// Starts a thread of a scope.
    ///
    /// # Errors
    /// What the system said when it refused another thread.
    ///
    /// # Panics
    /// When the name contains a null byte.
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        closure: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let (child, parent) = Newborn::register(self.name.as_deref());
        let life = move || child.live(closure, LastStep::Closure);
        let inner = self.inner.spawn_scoped(scope.inner(), life)?;
        scope.adopt(parent.child);
        parent.after_spawn();
        Ok(ScopedJoinHandle::new(inner, parent))
    }
}
