//! One send or one receive, from its attempt over its wait to its outcome; alone or together with others.

use std::sync::Arc;

use super::queue::Queue;
use super::state::{Attempt, Ending};
use super::turn::{Arm, Patience, Post, Turn};
use super::{RecvError, SendError};
use crate::engine::Hidden;

/// An operation that may wait together with others; at most one of them takes place.
pub trait Operation {
    /// Takes place if that is possible at once, if only to find the channel closed.
    fn attempt(&mut self) -> bool;

    /// As [`Operation::attempt`], and waits for its turn when that is not possible. False when nobody needs to wait.
    fn join(&mut self, turn: &Arc<Turn>, arm: Arm) -> bool;

    /// The wait is over; the turn went to the operation or it did not.
    fn leave(&mut self, has_turn: bool);

    /// Whether it has taken place.
    fn is_done(&self) -> bool;
}

/// Does one of `operations`: one that is possible at once, any of them, or else the one that is possible first. False
/// when none was in time. The operations come out in another order.
pub fn do_one(operations: &mut [&mut dyn Operation], patience: Patience) -> bool {
    let _hidden = Hidden::begin();
    super::chance::shuffle(operations);
    if operations.iter_mut().any(|operation| operation.attempt()) {
        return true;
    }
    if let Patience::None = patience {
        return false;
    }
    let turn = Turn::new();
    let mut joined = 0;
    for operation in operations.iter_mut() {
        let waits = operation.join(&turn, Arm(joined));
        joined += 1;
        if !waits {
            break;
        }
    }
    let served = turn.wait(patience);
    for (number, operation) in operations[..joined].iter_mut().enumerate() {
        operation.leave(served == Some(Arm(number)));
    }
    served.is_some()
}

/// A send.
pub struct Sending<'a, T> {
    queue: &'a Queue<T>,
    value: Option<T>,
    is_announced: bool,
    post: Option<Post>,
    outcome: Option<Result<(), SendError<T>>>,
}

impl<'a, T> Sending<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>, value: T) -> Sending<'a, T> {
        Sending { queue, value: Some(value), is_announced: false, post: None, outcome: None }
    }

    /// For a send that does not depend on what others do: it is an attempt to send even if it fails.
    pub(super) fn announced(queue: &'a Queue<T>, value: T) -> Sending<'a, T> {
        queue.announce_send();
        Sending { is_announced: true, ..Sending::new(queue, value) }
    }

    /// What came of it, if it took place.
    pub fn into_outcome(self) -> Option<Result<(), SendError<T>>> {
        self.outcome
    }

    /// What came of it, or the message when it did not take place.
    pub(super) fn into_outcome_or_message(self) -> Result<Result<(), SendError<T>>, T> {
        match (self.outcome, self.value) {
            (Some(outcome), _) => Ok(outcome),
            (None, Some(value)) => Err(value),
            (None, None) => unreachable!("a message is sent or with its sender"),
        }
    }

    fn is_refused(&mut self) {
        self.outcome = self.value.take().map(|value| Err(SendError(value)));
    }

    /// Whether the operation need not wait.
    fn note(&mut self, attempt: Attempt<()>) -> bool {
        match attempt {
            Attempt::Done(()) => self.outcome = Some(Ok(())),
            Attempt::Closed => self.is_refused(),
            Attempt::SelfIsGone => {}
            Attempt::Busy => return false,
        }
        true
    }
}

impl<T> Operation for Sending<'_, T> {
    fn is_done(&self) -> bool {
        self.outcome.is_some()
    }

    fn attempt(&mut self) -> bool {
        if cfg!(race_engine) && !self.is_announced {
            if !self.queue.lock().may_send() {
                return false;
            }
            self.queue.announce_send();
            self.is_announced = true;
        }
        let attempt = self.queue.lock().send(&mut self.value, None);
        self.note(attempt)
    }

    fn join(&mut self, turn: &Arc<Turn>, arm: Arm) -> bool {
        let post = Post { turn: turn.clone(), arm };
        let mut state = self.queue.lock();
        let attempt = state.send(&mut self.value, Some(&post));
        if let Attempt::Busy = attempt {
            state.join_senders(post.clone(), self.value.take());
            self.post = Some(post);
        }
        drop(state);
        !self.note(attempt)
    }

    fn leave(&mut self, has_turn: bool) {
        let Some(post) = self.post.take() else { return };
        self.value = self.queue.lock().leave_senders(&post);
        if !has_turn {
            return;
        }
        if self.value.is_some() {
            self.is_refused();
        } else {
            self.outcome = Some(Ok(()));
        }
    }
}

/// A receive.
pub struct Receiving<'a, T> {
    queue: &'a Queue<T>,
    post: Option<Post>,
    outcome: Option<Result<T, RecvError>>,
}

impl<'a, T> Receiving<'a, T> {
    pub(super) fn new(queue: &'a Queue<T>) -> Receiving<'a, T> {
        Receiving { queue, post: None, outcome: None }
    }

    /// What came of it, if it took place.
    pub fn into_outcome(self) -> Option<Result<T, RecvError>> {
        self.outcome
    }

    /// Whether the operation need not wait.
    fn note(&mut self, attempt: Attempt<T>, ending: Ending) -> bool {
        match attempt {
            Attempt::Done(message) => self.outcome = Some(Ok(message)),
            Attempt::Closed => {
                self.queue.acquire_ending(ending);
                self.outcome = Some(Err(RecvError));
            }
            Attempt::SelfIsGone => {}
            Attempt::Busy => return false,
        }
        true
    }
}

impl<T> Operation for Receiving<'_, T> {
    fn is_done(&self) -> bool {
        self.outcome.is_some()
    }

    fn attempt(&mut self) -> bool {
        let mut state = self.queue.lock();
        let (attempt, ending) = (state.receive(None), state.ending());
        drop(state);
        self.note(attempt, ending)
    }

    fn join(&mut self, turn: &Arc<Turn>, arm: Arm) -> bool {
        let post = Post { turn: turn.clone(), arm };
        let mut state = self.queue.lock();
        let (attempt, ending) = (state.receive(Some(&post)), state.ending());
        if let Attempt::Busy = attempt {
            state.join_receivers(post.clone());
            self.post = Some(post);
        }
        drop(state);
        !self.note(attempt, ending)
    }

    fn leave(&mut self, has_turn: bool) {
        let Some(post) = self.post.take() else { return };
        let mut state = self.queue.lock();
        let (message, ending) = (state.leave_receivers(&post), state.ending());
        drop(state);
        if has_turn {
            self.note(message.map_or(Attempt::Closed, Attempt::Done), ending);
        }
    }
}
