//! [`End`]: what a task leaves for those who wait for it.

#[cfg(race_engine)]
use std::sync::Arc;

#[cfg(race_engine)]
use super::life::Ties;

/// The end of a task, for who learns of it by other means than its [`Handle`](super::Handle).
///
/// ```
/// use race::task::track;
///
/// let task = track(async {});
/// let end = task.end();
/// drop(task); // an executor's set of tasks, say, has run it and said so
/// end.joined();
/// ```
#[derive(Clone, Debug)]
pub struct End {
    #[cfg(race_engine)]
    pub(super) ties: Arc<Ties>,
}

impl End {
    /// All that the task did happens before what the caller does from now on. Orders nothing before the task has ended.
    #[inline]
    pub fn joined(&self) {
        #[cfg(race_engine)]
        self.ties.joined();
    }

    /// What the caller did so far happens before the task's next turn.
    #[inline]
    pub(super) fn before_next_turn(&self) {
        #[cfg(race_engine)]
        self.ties.wakes.release();
    }
}
