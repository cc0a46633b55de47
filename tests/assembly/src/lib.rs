//! The same functions by hand and with race's names. `tests/assembly.rs` of the library compares what they compile to
//! without the feature `race`: nothing may be left of it.

#![allow(missing_docs, clippy::missing_safety_doc)]
// Only the names matter, by which the functions are found; nobody calls them.
#![allow(improper_ctypes_definitions)]

use std::pin::Pin;
use std::task::{Context, Poll};

pub mod by_hand;
pub mod by_race;

/// A future that is ready when it was polled so often.
pub struct Countdown(pub u64);

impl Future for Countdown {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        match self.0.checked_sub(1) {
            None => Poll::Ready(7),
            Some(left) => {
                self.0 = left;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
