//! [`scope`]: the end of each thread of a scope happens before the scope returns, joined by name or not.
//!
//! [`Scope`] is std's own under another name, so that its lifetimes are std's; the numbers of its threads are kept
//! beside it, by its address.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::thread::Result;

use race_rt::thread::ThreadId;

use super::builder::Builder;
use super::handle::Thread;
use super::life::{Parent, joined};

/// [`std::thread::Scope`].
#[repr(transparent)]
pub struct Scope<'scope, 'env: 'scope>(std::thread::Scope<'scope, 'env>);

/// The threads of the scopes that are open.
static THREADS: LazyLock<Mutex<HashMap<usize, Vec<ThreadId>>>> = LazyLock::new(Mutex::default);

fn threads() -> MutexGuard<'static, HashMap<usize, Vec<ThreadId>>> {
    THREADS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Joins the threads of a scope when it is over, by whichever way.
struct Closing {
    scope: Cell<Option<usize>>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let Some(scope) = self.scope.get() else { return };
        let children = threads().remove(&scope).unwrap_or_default();
        for child in children {
            joined(Some(child));
        }
    }
}

/// Runs `closure` with a scope in which threads may borrow what outlives it, and waits for all of them.
///
/// # Panics
/// When a thread of the scope panicked and was not joined.
pub fn scope<'env, F, T>(closure: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let closing = Closing { scope: Cell::new(None) };
    std::thread::scope(|inner| {
        let scope = Scope::of(inner);
        closing.scope.set(Some(scope.address()));
        closure(scope)
    })
}

impl<'scope, 'env> Scope<'scope, 'env> {
    fn of(inner: &'scope std::thread::Scope<'scope, 'env>) -> &'scope Scope<'scope, 'env> {
        let scope = std::ptr::from_ref(inner) as *const Scope<'scope, 'env>;
        // SAFETY: transparent over what it points to, with the same lifetimes.
        unsafe { &*scope }
    }

    pub(super) fn inner(&'scope self) -> &'scope std::thread::Scope<'scope, 'env> {
        &self.0
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    pub(super) fn adopt(&self, child: Option<ThreadId>) {
        threads().entry(self.address()).or_default().extend(child);
    }

    /// Starts a thread of this scope.
    ///
    /// # Panics
    /// When the system refuses another thread.
    pub fn spawn<F, T>(&'scope self, closure: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, closure).expect("failed to spawn thread")
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T> {
    inner: std::thread::ScopedJoinHandle<'scope, T>,
    thread: Thread,
    child: Option<ThreadId>,
}

impl<'scope, T> ScopedJoinHandle<'scope, T> {
    pub(super) fn new(inner: std::thread::ScopedJoinHandle<'scope, T>, parent: Parent) -> ScopedJoinHandle<'scope, T> {
        let thread = Thread::new(inner.thread().clone(), parent.unparks);
        ScopedJoinHandle { inner, thread, child: parent.child }
    }

    /// The thread's handle.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// Waits for the thread to end and returns what it returned.
    ///
    /// # Errors
    /// What the thread panicked with.
    pub fn join(self) -> Result<T> {
        let result = self.inner.join();
        joined(self.child);
        result
    }

    /// Whether the thread's closure has ended.
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
