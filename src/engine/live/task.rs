//! Logical tasks, and what one thread leaves to another.

use std::panic::AssertUnwindSafe;

use race_rt::sys::stack;
use race_rt::thread::{current, task};

use super::{HERE, with};

/// A thread to the engine, which borrows others while it runs.
///
/// `None` when its creator itself is unknown to the engine.
#[derive(Debug)]
pub(crate) struct Task(AssertUnwindSafe<Option<task::Task>>);

impl Task {
    /// A task created by the running thread.
    pub(crate) fn new(name: Option<String>) -> Task {
        let task = with(|parent| {
            let site = parent.site(HERE);
            task::Task::new(parent, name.map(String::into_boxed_str), site)
        });
        Task(AssertUnwindSafe(task))
    }

    /// A turn of the task: what `action` does is the task's doing.
    pub(crate) fn run<R>(&mut self, action: impl FnOnce() -> R) -> R {
        match &mut *self.0 {
            Some(task) => task.run(action),
            None => action(),
        }
    }

    /// The task has done its last step. `None` the second time.
    pub(crate) fn finish(&mut self) -> Option<End> {
        let end = self.0.as_mut().and_then(task::Task::finish)?;
        Some(End(AssertUnwindSafe(end)))
    }
}

/// What a task has done.
#[derive(Debug)]
pub(crate) struct End(AssertUnwindSafe<task::End>);

impl End {
    /// It happens before what the running thread does from now on.
    pub(crate) fn acquire(&self) {
        with(|thread| self.0.acquire(thread));
    }
}

/// What one thread leaves to another, which is started for it by a thread that the engine need not know.
#[derive(Debug)]
pub(crate) struct Errand(Task);

impl Errand {
    /// Left by the running thread.
    pub(crate) fn new(name: &str) -> Errand {
        Errand(Task::new(Some(name.into())))
    }

    /// Does it, in the running thread, which has done nothing else.
    pub(crate) fn run(mut self, action: impl FnOnce()) {
        // The thread is one that the engine has not seen begin.
        if let Some(stack) = stack::current() {
            current::forget(stack.start, stack.end);
        }
        self.0.run(action);
    }
}

/// The running thread serves the crate for as long as the process lives. The engine does not know it.
pub(crate) fn serve() {}
