//! [`JoinHandle`]: all that a thread did happens before its `join` returns. A dropped handle orders nothing, nor does
//! asking whether the thread has finished.

use std::fmt;
use std::os::unix::thread::{JoinHandleExt, RawPthread};
use std::thread::Result;

use race_rt::thread::ThreadId;

use super::handle::Thread;
use super::life::{Parent, detached, joined};

/// [`std::thread::JoinHandle`].
pub struct JoinHandle<T> {
    inner: std::thread::JoinHandle<T>,
    thread: Thread,
    child: Child,
}

/// The child's number, until it is joined. Apart, so that the handle itself has no destructor and can be taken apart.
struct Child(Option<ThreadId>);

impl Drop for Child {
    fn drop(&mut self) {
        detached(self.0.take());
    }
}

impl<T> JoinHandle<T> {
    pub(super) fn new(inner: std::thread::JoinHandle<T>, parent: Parent) -> JoinHandle<T> {
        let thread = Thread::new(inner.thread().clone(), parent.unparks);
        JoinHandle { inner, thread, child: Child(parent.child) }
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
        let JoinHandle { inner, mut child, .. } = self;
        let result = inner.join();
        joined(child.0.take());
        result
    }

    /// Whether the thread's closure has ended.
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}

impl<T> JoinHandleExt for JoinHandle<T> {
    fn as_pthread_t(&self) -> RawPthread {
        self.inner.as_pthread_t()
    }

    fn into_pthread_t(self) -> RawPthread {
        self.inner.into_pthread_t()
    }
}
