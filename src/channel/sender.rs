//! The sending end of a channel.

use std::sync::Arc;
use std::time::Duration;

use super::operation::{Sending, do_one};
use super::queue::Queue;
use super::turn::Patience;
use super::{SendError, SendTimeoutError, TrySendError};

/// The sending end of a channel. Clones send into the same channel; when the last one is dropped, it is closed.
pub struct Sender<T> {
    pub(super) queue: Arc<Queue<T>>,
}

impl<T> Sender<T> {
    pub(super) fn new(queue: Arc<Queue<T>>) -> Sender<T> {
        Sender { queue }
    }

    /// What came of it, or the message when it could not be sent in time.
    fn send_within(&self, message: T, patience: Patience) -> Result<Result<(), SendError<T>>, T> {
        let mut sending = Sending::announced(&self.queue, message);
        do_one(&mut [&mut sending], patience);
        sending.into_outcome_or_message()
    }

    /// Sends `message`, waiting for room.
    ///
    /// # Errors
    /// The message, when the channel is closed or all receivers are gone.
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.send_within(message, Patience::Endless).unwrap_or_else(|message| Err(SendError(message)))
    }

    /// Sends `message` if that is possible at once.
    ///
    /// # Errors
    /// The message, when there is no room, the channel is closed or all receivers are gone.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.send_within(message, Patience::None)
            .map_err(TrySendError::Full)?
            .map_err(|SendError(message)| TrySendError::Disconnected(message))
    }

    /// Sends `message`, waiting for room for `time` at most.
    ///
    /// # Errors
    /// The message, when there was no room in time, the channel is closed or all receivers are gone.
    pub fn send_timeout(&self, message: T, time: Duration) -> Result<(), SendTimeoutError<T>> {
        self.send_within(message, Patience::lasting(time))
            .map_err(SendTimeoutError::Timeout)?
            .map_err(|SendError(message)| SendTimeoutError::Disconnected(message))
    }

    /// Closes the channel for all senders: from now on sends fail, and receives do once all messages were taken. To be
    /// ordered after all sends: one that is not is reported. False when the channel was closed already; then it orders
    /// nothing.
    pub fn close(&self) -> bool {
        self.queue.close()
    }

    /// Whether a send would fail for good. Orders nothing.
    pub fn is_closed(&self) -> bool {
        self.queue.is_closed()
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
