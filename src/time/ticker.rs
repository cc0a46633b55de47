//! [`Ticker`]: a message each time that a period is over.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::agenda::{Appointment, Job};
use crate::channel::queue::Queue;
use crate::channel::{Iter, Receiver, mailbox};

/// Sends the time again and again, like Go's `time.Ticker`; see [`ticker`](super::ticker).
///
/// One tick waits at most: a receiver that is slow misses those that come in between. Ticks are fifty microseconds apart
/// at least, whatever the period. Dropping the ticker stops it; its channel is not closed. Starting it, or the last
/// [`Ticker::reset`], happens before the receive of each tick.
pub struct Ticker {
    appointment: Appointment,
    queue: Arc<Queue<Instant>>,
    receiver: Receiver<Instant>,
}

impl Ticker {
    #[track_caller]
    pub(super) fn new(period: Duration) -> Ticker {
        let (queue, receiver) = mailbox();
        let ticker = Ticker { appointment: Appointment::new(), queue, receiver };
        ticker.reset(period);
        ticker
    }

    /// Where the ticks come.
    pub fn receiver(&self) -> &Receiver<Instant> {
        &self.receiver
    }

    /// The ticks, without end, waiting for each.
    pub fn iter(&self) -> Iter<'_, Instant> {
        self.receiver.iter()
    }

    /// No tick comes any more, not even one that was not received yet.
    pub fn stop(&self) {
        self.appointment.cancel(|| self.take_back());
    }

    /// The next tick comes when `period` is over, counted from now, and so do the others. A tick that was not received
    /// yet is not received any more.
    ///
    /// # Panics
    /// When the period is zero.
    #[track_caller]
    pub fn reset(&self, period: Duration) {
        assert!(!period.is_zero(), "a ticker needs a period that is not zero");
        self.appointment.set(period, Job::tick_every(&self.queue, period), || self.take_back());
    }

    fn take_back(&self) {
        self.queue.discard();
    }
}

impl<'a> IntoIterator for &'a Ticker {
    type Item = Instant;
    type IntoIter = Iter<'a, Instant>;

    fn into_iter(self) -> Iter<'a, Instant> {
        self.iter()
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Ticker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ticker").finish_non_exhaustive()
    }
}
