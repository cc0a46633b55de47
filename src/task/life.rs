//! What belongs to a task besides its future: the engine's task, its ties to others, and the waker that uses them.

use std::sync::{Arc, OnceLock, Weak};
use std::task::{Wake, Waker};

use crate::engine::{End, Task, Token, hidden};

/// What others share with a task.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// What was published by those who woke the task since its last turn.
    pub(super) wakes: Token,
    end: OnceLock<End>,
}

impl Ties {
    pub(super) fn joined(&self) {
        if let Some(end) = hidden(|| self.end.get()) {
            end.acquire();
        }
    }
}

/// Wakes the task by the executor's own waker, and tells the engine.
struct TaskWaker {
    executor: Waker,
    ties: Arc<Ties>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ties.wakes.release();
        self.executor.wake_by_ref();
    }
}

/// A task's side of its future.
pub(super) struct Life {
    task: Task,
    pub(super) ties: Arc<Ties>,
    /// Not held: executors drop tasks that nobody can wake any more.
    waker: Weak<TaskWaker>,
    /// Who polls it is a worker that has nothing to do with what it polls.
    pub(super) is_spawned: bool,
}

impl Life {
    /// A task created by the running thread.
    pub(super) fn new(name: Option<String>) -> Life {
        Life { task: Task::new(name), ties: Arc::default(), waker: Weak::new(), is_spawned: false }
    }

    /// What the future is to be woken by, when the executor's waker is `executor`. The same as before, where that is
    /// still in use.
    pub(super) fn waker(&mut self, executor: &Waker) -> Waker {
        if let Some(waker) = self.waker.upgrade()
            && waker.executor.will_wake(executor)
        {
            return waker.into();
        }
        let waker = Arc::new(TaskWaker { executor: executor.clone(), ties: self.ties.clone() });
        self.waker = Arc::downgrade(&waker);
        waker.into()
    }

    /// A turn of the task, which takes in who has woken it.
    pub(super) fn turn<R>(&mut self, action: impl FnOnce() -> R) -> R {
        let wakes = &self.ties.wakes;
        self.task.run(|| {
            wakes.consume();
            action()
        })
    }

    /// The task has ended. Who polled or dropped it himself has waited for that.
    pub(super) fn finish(&mut self, is_awaited: bool) {
        let Some(end) = self.task.finish() else { return };
        if is_awaited {
            end.acquire();
        }
        // Set once: `finish` gives the end once.
        let _ = hidden(|| self.ties.end.set(end));
    }
}
