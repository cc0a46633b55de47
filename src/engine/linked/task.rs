//! Logical tasks, and what one thread leaves to another.
//!
//! Here a task is the doing of whoever polls it: executors move futures and what they return through memory that the
//! engine sees, and order that by their own means, which it sees too. So the polling thread and the task cannot be told
//! apart without false reports. What is ordered on top is what the task's own contract says.

use super::Release;
use super::abi::{self, Handle};

/// A task, by what happened before its next turn.
#[derive(Debug)]
pub(crate) struct Task(Option<Release>);

impl Task {
    /// A task created by the running thread.
    pub(crate) fn new(_name: Option<String>) -> Task {
        Task(Some(Release::now()))
    }

    /// A turn of the task.
    pub(crate) fn run<R>(&mut self, action: impl FnOnce() -> R) -> R {
        let Some(past) = &mut self.0 else { return action() };
        past.acquire();
        let result = action();
        *past = Release::now();
        result
    }

    /// The task has done its last step, in the running thread. `None` the second time.
    pub(crate) fn finish(&mut self) -> Option<End> {
        self.0.take()?;
        Some(End(Release::now()))
    }
}

/// What a task has done.
#[derive(Debug)]
pub(crate) struct End(Release);

impl End {
    /// It happens before what the running thread does from now on.
    pub(crate) fn acquire(&self) {
        self.0.acquire();
    }
}

/// What one thread leaves to another, which is started for it by a thread of the crate's own.
#[derive(Debug)]
pub(crate) struct Errand(Handle);

// SAFETY: the handle is its own, and the runtime may be called by any thread.
unsafe impl Send for Errand {}
// SAFETY: shared, it does nothing.
unsafe impl Sync for Errand {}

impl Errand {
    /// Left by the running thread. The name is that of the thread that will do it.
    #[inline(always)]
    pub(crate) fn new(_name: &str) -> Errand {
        Errand(abi::__race_origin())
    }

    /// Does it, in the running thread, which has done nothing else.
    pub(crate) fn run(self, action: impl FnOnce()) {
        // SAFETY: null or a handle that is this value's own.
        unsafe { abi::__race_origin_adopt(self.0) };
        action();
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        // SAFETY: null or a handle that is this value's own.
        unsafe { abi::__race_origin_drop(self.0) };
    }
}
