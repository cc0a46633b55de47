//! [`Tracked`] with the engine: each poll is a turn of the task.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::end::End;
use super::life::Life;
use crate::engine::{Release, given_back, handed_out};

pin_project! {
    /// A future that is a thread of its own to the engine; see [`track`](super::track).
    ///
    /// The future is dropped as soon as it is ready.
    ///
    /// # Panics
    /// When it is polled after that.
    #[must_use = "futures do nothing unless polled or given to an executor"]
    pub struct Tracked<F> {
        // `None` once ready.
        #[pin]
        future: Option<F>,
        life: Life,
    }

    impl<F> PinnedDrop for Tracked<F> {
        fn drop(this: Pin<&mut Self>) {
            this.cancel();
        }
    }
}

impl<F> Tracked<F> {
    pub(super) fn new(future: F, name: Option<String>) -> Tracked<F> {
        Tracked { future: Some(future), life: Life::new(name) }
    }

    /// The task is for an executor: whoever polls it does not wait for it.
    pub(super) fn spawned(mut self) -> Tracked<F> {
        self.life.is_spawned = true;
        self
    }

    /// The task's end, to come.
    pub fn end(&self) -> End {
        End { ties: self.life.ties.clone() }
    }

    /// The owner drops the future, ready or not.
    fn cancel(self: Pin<&mut Self>) {
        let this = self.project();
        let mut future = this.future;
        if future.is_none() {
            return;
        }
        let owner = Release::now();
        let ending = Ending(this.life);
        ending.0.turn(|| {
            owner.acquire();
            clear(future.as_mut());
        });
    }
}

/// Ends a task whose owner dropped it, also when its destructor panics.
struct Ending<'a>(&'a mut Life);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.finish(true);
    }
}

/// Drops the future, as the running task. Its memory may be used again, or freed by a worker that is not ordered with the
/// task.
fn clear<F>(mut future: Pin<&mut Option<F>>) {
    future.set(None);
    let address = &raw const *future as usize;
    given_back(address, size_of::<Option<F>>());
    handed_out(address, size_of::<Option<F>>());
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let (mut future, life) = (this.future, this.life);
        let waker = life.waker(context.waker());
        let mut context = Context::from_waker(&waker);
        let poll = life.turn(|| {
            let running = future.as_mut().as_pin_mut();
            let poll = running.expect("a tracked future was polled after it had been ready").poll(&mut context);
            if poll.is_ready() {
                clear(future);
            }
            poll
        });
        if poll.is_ready() {
            life.finish(!life.is_spawned);
        }
        poll
    }
}

impl<F> fmt::Debug for Tracked<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracked").field("ready", &self.future.is_none()).finish_non_exhaustive()
    }
}
