//! [`Handle`]: an executor's own handle, whose await also takes in the task's end.

use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::end::End;

pin_project! {
    /// What an executor gave for a task; see [`spawn_with`](super::spawn_with). A future where that is one.
    ///
    /// All that the task did happens before an await of the handle returns, however the task ended. Whatever is done
    /// with the executor's handle through this one (an `abort`, say) happens before the task's next turn. To drop the
    /// handle orders nothing.
    #[derive(Debug)]
    pub struct Handle<H> {
        #[pin]
        inner: H,
        end: End,
    }
}

impl<H> Handle<H> {
    #[inline(always)]
    pub(super) fn new(inner: H, end: End) -> Handle<H> {
        Handle { inner, end }
    }

    /// The executor's own handle. An await of that orders nothing by itself.
    pub fn into_inner(self) -> H {
        self.end.before_next_turn();
        self.inner
    }

    /// The task's end, for who learns of it by other means.
    pub fn end(&self) -> End {
        self.end.clone()
    }
}

impl<H: Future> Future for Handle<H> {
    type Output = H::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<H::Output> {
        let this = self.project();
        let poll = this.inner.poll(context);
        if poll.is_ready() {
            this.end.joined();
        }
        poll
    }
}

impl<H> Deref for Handle<H> {
    type Target = H;

    #[inline]
    fn deref(&self) -> &H {
        self.end.before_next_turn();
        &self.inner
    }
}

impl<H> DerefMut for Handle<H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut H {
        self.end.before_next_turn();
        &mut self.inner
    }
}
