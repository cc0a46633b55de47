//! Logical tasks: threads that exist for the engine only and borrow an operating system's thread while they run.
//!
//! A task that has not run yet is a number and what its creator published. From its first turn on it has a state and a
//! slot of its own, like a thread, as long as not more than [`SLOTS`](super::registry::TASK_SLOTS) tasks have one at
//! the same time; the others share the states of [`lane`]s. While a task runs, its state is the running thread's, with
//! the caches of that thread, so that one at rest holds no more than its clock.
//!
//! Guarantees: turns of one task are ordered; nothing else is, until its creator, a release that it acquires or its end
//! says so. Whatever way a turn ends, unwinding included, the thread is itself again. Can miss: races between tasks that
//! share a lane or, one after the other, a slot; each such task is counted.

use super::holds::Holds;
use super::lane::{self, LaneNumber};
use super::{Thread, ThreadId, context::NodeId, current, registry};
use crate::clock::Head;

/// A logical task.
#[derive(Debug)]
pub struct Task {
    id: ThreadId,
    life: Life,
}

/// A task's end, for those who wait for it.
#[derive(Clone, Debug)]
pub enum End {
    /// What its last step published.
    Head(Head),
    /// The lane that it ran on. What is published there carries the task's end ever after, so none is kept for each.
    Lane(LaneNumber),
}

impl End {
    /// All that the task did happens before what `thread` does from now on.
    pub fn acquire(&self, thread: &mut Thread) {
        match self {
            End::Head(head) => thread.acquire_head(head),
            End::Lane(lane) => {
                if let Some(left) = lane::last_release(*lane) {
                    thread.acquire_head(&left);
                }
            }
        }
    }
}

#[derive(Debug)]
enum Life {
    /// Has not run yet; what its creator published.
    Unborn(Head),
    /// Rests, with a state of its own.
    Own(Box<Thread>),
    /// Rests, with a state that it shares. The locks that it holds are its own.
    Shared(LaneNumber, Holds),
    /// Runs, or has ended.
    Away,
}

// SAFETY: the state of a task at rest belongs to nobody but the task, and its pointers are its own; while the task
// runs, the thread that runs it has it.
unsafe impl Send for Task {}
// SAFETY: shared, a task tells its number only.
unsafe impl Sync for Task {}

impl Task {
    /// A task created by `parent` at `site`. What `parent` did so far happens before all it does.
    pub fn new(parent: &mut Thread, name: Option<Box<str>>, site: NodeId) -> Task {
        let birth = parent.release();
        let id = registry::add_task(parent.id(), name, site);
        Task { id, life: Life::Unborn(birth) }
    }

    /// The number that reports show.
    pub fn id(&self) -> ThreadId {
        self.id
    }

    /// A turn of the task: what `action` does is the task's doing. It is the running thread's own in a thread that has
    /// ended, and once the task has.
    pub fn run<R>(&mut self, action: impl FnOnce() -> R) -> R {
        match Turn::begin(self) {
            Some(_turn) => __race_begin_turn(action),
            None => action(),
        }
    }

    /// The task has done its last step. `None` the second time.
    pub fn finish(&mut self) -> Option<End> {
        // Nothing that the engine allocates or frees here is the program's doing.
        let _inside = current::enter();
        match std::mem::replace(&mut self.life, Life::Away) {
            Life::Unborn(birth) => {
                registry::finish_task(self.id);
                Some(End::Head(birth))
            }
            Life::Own(state) => Some(End::Head(registry::finish_task_with_slot(state))),
            Life::Shared(lane, _) => {
                registry::finish_task(self.id);
                Some(End::Lane(lane))
            }
            Life::Away => None,
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Marks where a task's stack begins: what lies outward is the worker's.
#[inline(never)]
fn __race_begin_turn<R>(action: impl FnOnce() -> R) -> R {
    let result = action();
    // No tail call: the frame has to stay.
    std::hint::black_box(());
    result
}

/// A task's turn, until dropped.
struct Turn<'a> {
    task: &'a mut Task,
    state: *mut Thread,
    lane: Option<LaneNumber>,
    /// The thread that the task runs on.
    worker: *mut Thread,
}

impl<'a> Turn<'a> {
    fn begin(task: &'a mut Task) -> Option<Turn<'a>> {
        let mut worker = current::enter()?;
        let (mut state, lane) = match std::mem::replace(&mut task.life, Life::Away) {
            Life::Unborn(birth) => match registry::begin_task(task.id, &birth) {
                Some(state) => (state, None),
                None => {
                    let (lane, mut state) = lane::enter(None, task.id);
                    state.acquire_head(&birth);
                    (state, Some(lane))
                }
            },
            Life::Own(state) => (state, None),
            Life::Shared(home, holds) => {
                let (lane, mut state) = lane::enter(Some(home), task.id);
                state.holds = holds;
                (state, Some(lane))
            }
            Life::Away => return None,
        };
        state.exchange_caches(&mut worker);
        drop(worker);
        let state = Box::into_raw(state);
        // SAFETY: the state came from a box just now; what is handed out goes back when the turn ends.
        let worker = unsafe { current::exchange(state) };
        Some(Turn { task, state, lane, worker })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !std::ptr::eq(current::hot().cast::<Thread>(), self.state) {
            // A child of a fork, which is not watched any more.
            return;
        }
        // SAFETY: the worker's state was handed out when the turn began, and it is as alive as its thread.
        let state = unsafe { current::exchange(self.worker) };
        // SAFETY: the state was a box's before the turn, and now nobody else's any more.
        let mut state = unsafe { Box::from_raw(state) };
        let Some(mut worker) = current::enter() else {
            // Not to be: nobody is at work for a thread that polls. Others may hold a pointer to the state.
            return std::mem::forget(state);
        };
        state.exchange_caches(&mut worker);
        self.task.life = match self.lane {
            Some(lane) => {
                let holds = std::mem::take(&mut state.holds);
                lane::leave(lane, state);
                Life::Shared(lane, holds)
            }
            None => Life::Own(state),
        };
    }
}

impl Thread {
    /// The two swap what each only keeps for the sake of speed.
    fn exchange_caches(&mut self, other: &mut Thread) {
        std::mem::swap(&mut self.records, &mut other.records);
        std::mem::swap(&mut self.nodes, &mut other.nodes);
        std::mem::swap(&mut self.blocks, &mut other.blocks);
    }
}
