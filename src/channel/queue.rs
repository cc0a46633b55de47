//! What both ends of a channel share: its state under a lock, its ends and its closing.
//!
//! A channel comes to its end by [`Queue::close`] or when the last sender is gone. A receive that finds it at its end
//! comes after whichever it was. A second close orders nothing and is no misuse by itself.

use super::state::{Ending, Message, State};
use crate::engine::lock::{Mutex, MutexGuard};
use crate::engine::{Edge, Release, Touch, handed_out, touch};

/// What both ends of a channel share.
pub struct Queue<T> {
    state: Mutex<State<T>>,
    /// `None` without bound.
    capacity: Option<usize>,
    /// What the one who closed it did before.
    closing: Edge,
    /// What senders did before they left.
    leaving: Edge,
}

impl<T> Queue<T> {
    /// A queue with one sender and one receiver.
    pub(super) fn new(capacity: Option<usize>) -> Queue<T> {
        Queue { state: Mutex::new(State::new(capacity)), capacity, closing: Edge::new(), leaving: Edge::new() }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock()
    }

    /// The address that stands for the channel's being open: a send reads it, an explicit close writes it.
    fn gate(&self) -> usize {
        &raw const self.closing as usize
    }

    /// A send begins. To be called without the lock: it may report.
    pub(super) fn announce_send(&self) {
        touch(self.gate(), 1, Touch::Read);
    }

    /// The running thread has found the channel at this end.
    pub(super) fn acquire_ending(&self, ending: Ending) {
        if ending.is_closed {
            self.closing.acquire();
        }
        if ending.is_left {
            self.leaving.acquire();
        }
    }

    /// No more messages are accepted; those that are there can still be received. A send that is not ordered with this
    /// is reported. False when the channel was closed already.
    pub(super) fn close(&self) -> bool {
        if std::mem::replace(&mut self.lock().closing, true) {
            return false;
        }
        touch(self.gate(), 1, Touch::Write);
        let mut state = self.lock();
        self.closing.merge();
        state.closed = true;
        state.dismiss();
        true
    }

    /// Whether no more messages are accepted.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().refuses_messages()
    }

    /// Messages that nobody has taken yet.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// How many messages fit; `None` without bound.
    pub(super) fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    /// Sends `value` as what `release` published, unless there is no room: by a thread that the engine need not know.
    pub(crate) fn deliver(&self, value: T, release: &Release) {
        self.lock().deliver(value, release);
    }

    /// Takes the first message out unread, as if it had never come.
    pub(crate) fn discard(&self) -> Option<T> {
        self.lock().discard()
    }

    /// One more sender.
    pub(super) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    /// One more receiver.
    pub(super) fn add_receiver(&self) {
        self.lock().receivers += 1;
    }

    /// One sender fewer; the last one closes the channel, after all the others.
    pub(super) fn remove_sender(&self) {
        let mut state = self.lock();
        self.leaving.merge();
        state.senders -= 1;
        state.dismiss();
    }

    /// One receiver fewer; with the last one go the messages that nobody will take.
    pub(super) fn remove_receiver(&self) {
        let mut state = self.lock();
        state.receivers -= 1;
        if state.receivers == 0 {
            state.dismiss();
            let unread = state.abandon();
            drop(state);
            unread.into_iter().for_each(Message::drop_unread);
        }
    }
}

impl<T> Drop for Queue<T> {
    /// Whoever leaves last frees the channel after all the others, ordered by a count that the engine does not see.
    fn drop(&mut self) {
        handed_out(self.gate(), 1);
    }
}
