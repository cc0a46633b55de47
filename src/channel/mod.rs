//! Channels for many senders and many receivers, bounded, unbuffered or without bound. In every build, with or without
//! the engine.
//!
//! The k-th send happens before the k-th receive; the k-th receive before the (k + C)-th send completes, C being the
//! capacity; without a buffer either side happens before the other's return. Closing, or the drop of the last
//! [`Sender`], happens before the receive that finds the channel closed. Nothing else is ordered: not by [`Receiver::len`],
//! not by an attempt that fails, and a receiver does not order the sends of messages that others receive. An explicit
//! [`Sender::close`] that is not ordered with a send is reported. A thread that waits for several operations at once
//! ([`select!`], [`Select`]) is ordered by the one that takes place. The message itself is the program's: its bytes are
//! moved, not watched.
//!
//! ```
//! let (sender, receiver) = race::channel::bounded(1);
//! race::thread::spawn(move || sender.send("hello").unwrap());
//! assert_eq!(receiver.recv(), Ok("hello"));
//! assert!(receiver.recv().is_err(), "the sender is gone");
//! ```

mod chance;
mod end;
mod error;
mod iterator;
mod line;
mod macros;
mod operation;
mod past;
pub(crate) mod queue;
mod receiver;
mod select;
mod sender;
mod slots;
mod state;
mod turn;

use std::sync::Arc;
use std::time::Duration;

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

pub use crate::select;
pub use error::SendTimeoutError;
pub use iterator::{IntoIter, Iter, TryIter};
use operation::{Operation, Receiving, Sending};
use queue::Queue;
pub use receiver::Receiver;
pub use select::{Select, Selected};
pub use sender::Sender;
use turn::Patience;

/// A channel with room for `capacity` messages; with a capacity of zero, a send waits until its message is received.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    ends(Queue::new(Some(capacity)))
}

/// A channel in which a send never waits.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    ends(Queue::new(None))
}

/// A channel's end at which nothing ever comes: receiving waits for ever, and so does its arm of a [`select!`].
///
/// ```
/// use race::channel::{Receiver, never};
///
/// let optional: Option<Receiver<u8>> = None;
/// let came = race::select! {
///     recv(optional.unwrap_or_else(never)) -> _ => true,
///     default => false,
/// };
/// assert!(!came);
/// ```
pub fn never<T>() -> Receiver<T> {
    // The sender that the queue starts with never leaves.
    Receiver::new(Arc::new(Queue::new(Some(0))))
}

/// Both ends of a channel whose messages come from [`Queue::deliver`]; it is never closed.
pub(crate) fn mailbox<T>() -> (Arc<Queue<T>>, Receiver<T>) {
    let queue = Arc::new(Queue::new(Some(1)));
    (queue.clone(), Receiver::new(queue))
}

fn ends<T>(queue: Queue<T>) -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(queue);
    (Sender::new(queue.clone()), Receiver::new(queue))
}

// For the code that `select!` writes.

impl<T> Receiver<T> {
    #[doc(hidden)]
    pub fn __receiving(&self) -> Receiving<'_, T> {
        Receiving::new(&self.queue)
    }
}

impl<T> Sender<T> {
    #[doc(hidden)]
    pub fn __sending(&self, value: T) -> Sending<'_, T> {
        Sending::new(&self.queue, value)
    }
}

#[doc(hidden)]
pub fn __forever() -> Patience {
    Patience::Endless
}

#[doc(hidden)]
pub fn __at_once() -> Patience {
    Patience::None
}

#[doc(hidden)]
pub fn __within(time: Duration) -> Patience {
    Patience::lasting(time)
}

#[doc(hidden)]
pub fn __do_one(operations: &mut [&mut dyn Operation], patience: Patience) -> bool {
    operation::do_one(operations, patience)
}
