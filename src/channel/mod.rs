//! Channels for many senders and many receivers, bounded, unbuffered or without bound. In every build, with or without
//! the engine.
//!
//! The k-th send happens before the k-th receive; the k-th receive before the (k + C)-th send completes, C being the
//! capacity; without a buffer either side happens before the other's return. Closing, or the drop of the last
//! [`Sender`], happens before the receive that finds the channel closed. Nothing else is ordered: not by [`Receiver::len`],
//! not by an attempt that fails, and a receiver does not order the sends of messages that others receive. An explicit
//! [`Sender::close`] that is not ordered with a send is reported. The message itself is the program's: its bytes are
//! moved, not watched.
//!
//! ```
//! let (sender, receiver) = race::channel::bounded(1);
//! race::thread::spawn(move || sender.send("hello").unwrap());
//! assert_eq!(receiver.recv(), Ok("hello"));
//! assert!(receiver.recv().is_err(), "the sender is gone");
//! ```

mod iterator;
pub(crate) mod queue;
mod receiver;
mod sender;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

pub use iterator::{IntoIter, Iter, TryIter};
use queue::{Patience, Queue};
pub use receiver::Receiver;
pub use sender::{SendTimeoutError, Sender};

/// A channel with room for `capacity` messages; with a capacity of zero, a send waits until its message is received.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    ends(Queue::new(Some(capacity)))
}

/// A channel in which a send never waits.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    ends(Queue::new(None))
}

fn ends<T>(queue: Queue<T>) -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(queue);
    (Sender::new(queue.clone()), Receiver::new(queue))
}

/// Patience for so long; without end when that lies beyond what the clock can tell.
fn patience_for(time: Duration) -> Patience {
    Instant::now().checked_add(time).map_or(Patience::Endless, Patience::Until)
}
