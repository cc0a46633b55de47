//! The sending end of a channel.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::queue::{Patience, Queue, Refusal};
use super::{SendError, TrySendError, patience_for};

/// The sending end of a channel. Clones send into the same channel; when the last one is dropped, it is closed.
pub struct Sender<T> {
    queue: Arc<Queue<T>>,
}

/// Why [`Sender::send_timeout`] gave the message back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SendTimeoutError<T> {
    /// Nobody made room in time.
    Timeout(T),
    /// The channel is closed or all receivers are gone.
    Disconnected(T),
}

impl<T> Sender<T> {
    pub(super) fn new(queue: Arc<Queue<T>>) -> Sender<T> {
        Sender { queue }
    }

    /// Sends `message`, waiting for room.
    ///
    /// # Errors
    /// The message, when the channel is closed or all receivers are gone.
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.queue.send(message, Patience::Endless).map_err(|(message, _)| SendError(message))
    }

    /// Sends `message` if that is possible at once.
    ///
    /// # Errors
    /// The message, when there is no room, the channel is closed or all receivers are gone.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.queue.send(message, Patience::None).map_err(|(message, refusal)| match refusal {
            Refusal::Busy => TrySendError::Full(message),
            Refusal::Closed => TrySendError::Disconnected(message),
        })
    }

    /// Sends `message`, waiting for room for `time` at most.
    ///
    /// # Errors
    /// The message, when there was no room in time, the channel is closed or all receivers are gone.
    pub fn send_timeout(&self, message: T, time: Duration) -> Result<(), SendTimeoutError<T>> {
        self.queue.send(message, patience_for(time)).map_err(|(message, refusal)| match refusal {
            Refusal::Busy => SendTimeoutError::Timeout(message),
            Refusal::Closed => SendTimeoutError::Disconnected(message),
        })
    }

    /// Closes the channel for all senders: from now on sends fail, and receives do once all messages were taken. To be
    /// ordered after all sends: one that is not is reported. False when the channel was closed already.
    pub fn close(&self) -> bool {
        self.queue.close()
    }

    /// Whether a send would fail for good. Orders nothing.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
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

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        self.queue.add_sender();
        Sender { queue: self.queue.clone() }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.queue.remove_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for SendTimeoutError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            SendTimeoutError::Timeout(_) => "Timeout(..)",
            SendTimeoutError::Disconnected(_) => "Disconnected(..)",
        })
    }
}

impl<T> fmt::Display for SendTimeoutError<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            SendTimeoutError::Timeout(_) => "timed out waiting for room in a channel",
            SendTimeoutError::Disconnected(_) => "sending on a closed channel",
        })
    }
}

impl<T> std::error::Error for SendTimeoutError<T> {}
