//! The receiving end of a channel.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::iterator::{IntoIter, Iter, TryIter};
use super::queue::{Patience, Queue, Refusal};
use super::{RecvError, RecvTimeoutError, TryRecvError, patience_for};

/// The receiving end of a channel. Clones share the messages: each goes to one of them.
pub struct Receiver<T> {
    queue: Arc<Queue<T>>,
}

impl<T> Receiver<T> {
    pub(super) fn new(queue: Arc<Queue<T>>) -> Receiver<T> {
        Receiver { queue }
    }

    /// Receives a message, waiting for one.
    ///
    /// # Errors
    /// When there is none and the channel is closed or all senders are gone.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.queue.receive(Patience::Endless).map_err(|_| RecvError)
    }

    /// Receives a message if there is one.
    ///
    /// # Errors
    /// When there is none, yet or for good.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.queue.receive(Patience::None).map_err(|refusal| match refusal {
            Refusal::Busy => TryRecvError::Empty,
            Refusal::Closed => TryRecvError::Disconnected,
        })
    }

    /// Receives a message, waiting for one for `time` at most.
    ///
    /// # Errors
    /// When there was none in time, or there is none for good.
    pub fn recv_timeout(&self, time: Duration) -> Result<T, RecvTimeoutError> {
        self.queue.receive(patience_for(time)).map_err(|refusal| match refusal {
            Refusal::Busy => RecvTimeoutError::Timeout,
            Refusal::Closed => RecvTimeoutError::Disconnected,
        })
    }

    /// All messages, waiting for each, until the channel is closed.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }

    /// The messages that are there.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self }
    }

    /// How many messages wait to be received. Orders nothing.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no message waits to be received. Orders nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages fit; `None` without bound.
    pub fn capacity(&self) -> Option<usize> {
        self.queue.capacity()
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        self.queue.add_receiver();
        Receiver { queue: self.queue.clone() }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.queue.remove_receiver();
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Receiver").finish_non_exhaustive()
    }
}
