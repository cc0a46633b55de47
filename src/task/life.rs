//! What belongs to a task besides its future: the engine's task, its ties to others, and the waker that uses them.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Wake, Waker};

use race_rt::thread::task::{End, Task};

use crate::engine::{HERE, Token, with};

/// What others share with a task.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// What was published by those who woke the task since its last turn.
    pub(super) wakes: Token,
    end: OnceLock<AssertUnwindSafe<End>>,
}

impl Ties {
    pub(super) fn joined(&self) {
        if let Some(end) = self.end.get() {
            with(|thread| end.acquire(thread));
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
    /// `None` when the creator itself is unknown to the engine.
    task: AssertUnwindSafe<Option<Task>>,
    pub(super) ties: Arc<Ties>,
    /// Not held: executors drop tasks that nobody can wake any more.
    waker: Weak<TaskWaker>,
    /// Who polls it is a worker that has nothing to do with what it polls.
    pub(super) is_spawned: bool,
}

impl Life {
    /// A task created by the running thread.
    pub(super) fn new(name: Option<String>) -> Life {
        let task = with(|parent| {
            let site = parent.site(HERE);
            Task::new(parent, name.map(String::into_boxed_str), site)
        });
        Life { task: AssertUnwindSafe(task), ties: Arc::default(), waker: Weak::new(), is_spawned: false }
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
        let Some(task) = &mut *self.task else { return action() };
        let wakes = &self.ties.wakes;
        task.run(|| {
            wakes.consume();
            action()
        })
    }

    /// The task has ended. Who polled or dropped it himself has waited for that.
    pub(super) fn finish(&mut self, is_awaited: bool) {
        let Some(end) = self.task.as_mut().and_then(Task::finish) else { return };
        if is_awaited {
            with(|thread| end.acquire(thread));
        }
        // Set once: `finish` gives the end once.
        let _ = self.ties.end.set(AssertUnwindSafe(end));
    }
}
