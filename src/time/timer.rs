//! [`Timer`]: one message, or one call, when a time is over.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::action::Action;
use super::agenda::{Appointment, Job};
use super::call::Call;
use crate::channel::queue::Queue;
use crate::channel::{Receiver, mailbox, never};

/// Sends a message, or calls a function ([`after_func`](super::after_func)), when a time is over, like Go's `time.Timer`.
///
/// Dropping it changes nothing; [`Timer::stop`] does. Setting it, and setting it again, happens before the receive of
/// the message or the call.
///
/// ```
/// use race::time::{Duration, Timer};
///
/// let timer = Timer::new(Duration::from_secs(60));
/// assert!(timer.reset(Duration::from_millis(1)), "it was set");
/// timer.receiver().recv().unwrap();
/// assert!(!timer.stop(), "it is over");
/// ```
pub struct Timer {
    appointment: Appointment,
    effect: Effect,
    receiver: Receiver<Instant>,
}

enum Effect {
    Message(Arc<Queue<Instant>>),
    Call(Action),
}

impl Effect {
    /// In the running thread's name.
    fn job(&self) -> Job {
        match self {
            Effect::Message(channel) => Job::tick(channel),
            Effect::Call(action) => Job::Call(Call::new(action.clone())),
        }
    }

    /// Takes a message back that was not received yet. Whether there was one.
    fn take_back(&self) -> bool {
        match self {
            Effect::Message(channel) => channel.discard().is_some(),
            Effect::Call(_) => false,
        }
    }
}

impl Timer {
    /// A timer that sends the time when `time` is over.
    pub fn new(time: Duration) -> Timer {
        let (queue, receiver) = mailbox();
        Timer::set(time, Effect::Message(queue), receiver)
    }

    pub(super) fn calling(time: Duration, action: impl Fn() + Send + Sync + 'static) -> Timer {
        Timer::set(time, Effect::Call(Action::new(action)), never())
    }

    fn set(time: Duration, effect: Effect, receiver: Receiver<Instant>) -> Timer {
        let timer = Timer { appointment: Appointment::new(), effect, receiver };
        timer.reset(time);
        timer
    }

    /// Where the message comes. Nothing ever comes from a timer that calls a function.
    pub fn receiver(&self) -> &Receiver<Instant> {
        &self.receiver
    }

    pub(super) fn into_receiver(self) -> Receiver<Instant> {
        self.receiver
    }

    /// Nothing is to happen any more. False when it has: the message was received, or the call has begun. Orders
    /// nothing; a call that has begun may still be running.
    pub fn stop(&self) -> bool {
        let mut unread = false;
        let was_set = self.appointment.cancel(|| unread = self.effect.take_back());
        was_set || unread
    }

    /// It is to happen in `time`, whether it has before or not. What [`Timer::stop`] would return. A call that has begun
    /// is not waited for: the next may overlap with it.
    pub fn reset(&self, time: Duration) -> bool {
        let mut unread = false;
        let was_set = self.appointment.set(time, self.effect.job(), || unread = self.effect.take_back());
        was_set || unread
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Timer").finish_non_exhaustive()
    }
}
