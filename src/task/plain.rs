//! [`Tracked`] without the engine: the future itself.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::end::End;

pin_project! {
    /// A future that is a thread of its own to the engine, when there is one; see [`track`](super::track).
    #[must_use = "futures do nothing unless polled or given to an executor"]
    pub struct Tracked<F> {
        #[pin]
        future: F,
    }
}

impl<F> Tracked<F> {
    #[inline(always)]
    pub(super) fn new(future: F, _name: Option<String>) -> Tracked<F> {
        Tracked { future }
    }

    #[inline(always)]
    pub(super) fn spawned(self) -> Tracked<F> {
        self
    }

    /// The task's end, to come.
    #[inline(always)]
    pub fn end(&self) -> End {
        End {}
    }
}

impl<F: Future> Future for Tracked<F> {
    type Output = F::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(context)
    }
}

impl<F> fmt::Debug for Tracked<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracked").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_task_is_its_future_and_nothing_more() {
        let future = std::future::ready([1u64, 2]);
        let size = size_of_val(&future);
        let task = super::super::named("unused", future);
        assert_eq!(size_of_val(&task), size);
        assert_eq!(size_of_val(&task.end()), 0);
        let handle = super::super::spawn_with(|task| task, task);
        assert_eq!(size_of_val(&handle), size);
        assert_eq!(pin!(handle).poll(&mut Context::from_waker(Waker::noop())), Poll::Ready([1, 2]));
    }
}
