//! The receiving end of a channel.

use std::sync::Arc;
use std::time::Duration;

use super::iterator::{IntoIter, Iter, TryIter};
use super::operation::{Receiving, do_one};
use super::queue::Queue;
use super::turn::Patience;
use super::{RecvError, RecvTimeoutError, TryRecvError};

/// The receiving end of a channel. Clones share the messages: each goes to one of them.
pub struct Receiver<T> {
    pub(super) queue: Arc<Queue<T>>,
}

impl<T> Receiver<T> {
    pub(super) fn new(queue: Arc<Queue<T>>) -> Receiver<T> {
        Receiver { queue }
    }

    /// What came of it; `None` when there was no message in time.
    fn receive_within(&self, patience: Patience) -> Option<Result<T, RecvError>> {
        let mut receiving = Receiving::new(&self.queue);
        do_one(&mut [&mut receiving], patience);
        receiving.into_outcome()
    }

    /// Receives a message, waiting for one.
    ///
    /// # Errors
    /// When there is none and the channel is closed or all senders are gone.
    pub fn recv(&self) -> Result<T, RecvError> {
        self.receive_within(Patience::Endless).unwrap_or(Err(RecvError))
    }

    /// Receives a message if there is one.
    ///
    /// # Errors
    /// When there is none, yet or for good.
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        let received = self.receive_within(Patience::None).ok_or(TryRecvError::Empty)?;
        received.map_err(|RecvError| TryRecvError::Disconnected)
    }

    /// Receives a message, waiting for one for `time` at most.
    ///
    /// # Errors
    /// When there was none in time, or there is none for good.
    pub fn recv_timeout(&self, time: Duration) -> Result<T, RecvTimeoutError> {
        let received = self.receive_within(Patience::lasting(time)).ok_or(RecvTimeoutError::Timeout)?;
        received.map_err(|RecvError| RecvTimeoutError::Disconnected)
    }

    /// All messages, waiting for each, until the channel is closed.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }

    /// The messages that are there.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self }
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
