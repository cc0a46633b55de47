//! [`track`], [`spawn_with`] and [`Builder`]: what creates tasks.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::Tracked;
use super::end::End;
use super::handle::Handle;

/// A task's settings.
///
/// ```
/// let task = race::task::Builder::new().name("reader").track(async { 1 });
/// # drop(task);
/// ```
#[must_use = "must eventually be given a future"]
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// The settings of a task without name.
    #[inline]
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the task in reports.
    #[inline]
    pub fn name(self, name: impl Into<String>) -> Builder {
        Builder { name: Some(name.into()) }
    }

    /// [`track`], with these settings.
    #[inline]
    pub fn track<F: Future>(self, future: F) -> Tracked<F> {
        Tracked::new(future, self.name)
    }

    /// [`spawn_with`], with these settings.
    #[inline]
    pub fn spawn_with<F: Future, H>(self, spawn: impl FnOnce(Tracked<F>) -> H, future: F) -> Handle<H> {
        let task = self.track(future).spawned();
        let end = task.end();
        Handle::new(spawn(task), end)
    }
}

/// Makes `future` a task of its own: what the caller did so far happens before its first poll.
///
/// Call it where the task is spawned, so that nothing comes in between: `set.spawn(track(future))`. An executor's handle
/// says nothing of the task's end to the engine; use [`spawn_with`] where that is waited for.
///
/// ```
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let task = pin!(race::task::track(async { 1 + 1 }));
/// assert_eq!(task.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(2));
/// ```
#[inline]
pub fn track<F: Future>(future: F) -> Tracked<F> {
    Builder::new().track(future)
}

/// [`track`], with a name for reports.
#[inline]
pub fn named<F: Future>(name: impl Into<String>, future: F) -> Tracked<F> {
    Builder::new().name(name).track(future)
}

/// Makes `future` a task of its own and gives it to `spawn`, any executor's way to spawn. What the caller did so far
/// happens before its first poll, and its end before an await of the handle returns.
///
/// ```
/// # fn spawn<F: Future>(future: F) -> F { future } // any executor's
/// async fn parent() {
///     let task = race::task::spawn_with(spawn, async { 1 });
///     assert_eq!(task.await, 1);
/// }
/// ```
#[inline]
pub fn spawn_with<F: Future, H>(spawn: impl FnOnce(Tracked<F>) -> H, future: F) -> Handle<H> {
    Builder::new().spawn_with(spawn, future)
}

/// Makes `closure` a task of its own, for the threads of a pool that others own (`spawn_blocking`, `rayon::spawn`): what
/// the caller did so far happens before it runs, and all it does before [`End::joined`] returns.
///
/// ```
/// let (work, end) = race::task::track_call(|| 1 + 1);
/// let pool = std::thread::spawn(work); // not seen by the engine
/// assert_eq!(pool.join().unwrap(), 2);
/// end.joined();
/// ```
#[inline]
pub fn track_call<T, C: FnOnce() -> T>(closure: C) -> (impl FnOnce() -> T + use<T, C>, End) {
    let task = track(async move { closure() }).spawned();
    let end = task.end();
    let work = move || match pin!(task).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("a future without an await is ready at its first poll"),
    };
    (work, end)
}
