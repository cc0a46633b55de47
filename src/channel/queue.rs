//! The queue of a channel, under one lock, with what each message and each freed slot publishes.
//!
//! Naively, for a channel of capacity C: the k-th send happens before the k-th receive completes, and the k-th receive
//! before the (k + C)-th send completes. So each message carries its sender's release, and each freed slot its
//! receiver's, in order; a sender that takes a slot nobody used yet learns nothing. With C = 0 the receiver answers the
//! very sender it took the message from. An unbounded channel frees no slots. There is no clock for the channel as a
//! whole: a receive by a third thread orders nothing else.
//!
//! Operations that fail order nothing, but for the receive that finds the channel closed: it comes after the closing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use crate::engine::{Edge, Release, Touch, touch};

/// How long an operation is ready to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// Up to here.
    Until(Instant),
    /// For ever.
    Endless,
}

/// Why an operation did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It would have had to wait, or to wait longer.
    Busy,
    /// The channel is closed, or nobody is left at its other end.
    Closed,
}

/// What both ends of a channel share.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    /// A message has come, or none will come any more.
    readable: Condvar,
    /// A slot was freed, or a message answered, or no receiver is left.
    writable: Condvar,
    /// `None` without bound.
    capacity: Option<usize>,
    closing: Edge,
}

struct State<T> {
    messages: VecDeque<Message<T>>,
    /// Slots that no message was ever in.
    fresh: usize,
    /// What the receivers published that freed the others.
    freed: VecDeque<Release>,
    /// What receivers published to senders that wait for them, by ticket.
    answers: BTreeMap<u64, Release>,
    next_ticket: u64,
    /// Receivers that wait.
    waiting: usize,
    senders: usize,
    receivers: usize,
    closed: bool,
}

struct Message<T> {
    value: T,
    release: Release,
    ticket: u64,
}

type Locked<'a, T> = MutexGuard<'a, State<T>>;

impl<T> State<T> {
    fn refuses_messages(&self) -> bool {
        self.closed || self.receivers == 0
    }

    fn is_over(&self) -> bool {
        self.closed || self.senders == 0
    }

    fn push(&mut self, value: T) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.messages.push_back(Message { value, release: Release::now(), ticket });
        ticket
    }

    /// Takes a slot of a bounded channel, after the receive that freed it.
    fn take_slot(&mut self) -> bool {
        if self.fresh > 0 {
            self.fresh -= 1;
            return true;
        }
        match self.freed.pop_front() {
            Some(release) => {
                release.acquire();
                true
            }
            None => false,
        }
    }

    fn withdraw(&mut self, ticket: u64) -> Option<T> {
        let place = self.messages.iter().position(|message| message.ticket == ticket)?;
        self.messages.remove(place).map(|message| message.value)
    }
}

impl<T> Queue<T> {
    /// A queue with one sender and one receiver.
    pub(crate) fn new(capacity: Option<usize>) -> Queue<T> {
        let state = State {
            messages: VecDeque::new(),
            fresh: capacity.unwrap_or(0),
            freed: VecDeque::new(),
            answers: BTreeMap::new(),
            next_ticket: 0,
            waiting: 0,
            senders: 1,
            receivers: 1,
            closed: false,
        };
        Queue {
            state: Mutex::new(state),
            readable: Condvar::new(),
            writable: Condvar::new(),
            capacity,
            closing: Edge::new(),
        }
    }

    fn lock(&self) -> Locked<'_, T> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The address that stands for the channel's being open: a send reads it, an explicit close writes it.
    fn gate(&self) -> usize {
        &raw const self.closing as usize
    }

    /// Sends `value`; gives it back when that is refused.
    pub(crate) fn send(&self, value: T, patience: Patience) -> Result<(), (T, Refusal)> {
        touch(self.gate(), 1, Touch::Read);
        let state = self.lock();
        match self.capacity {
            None if state.refuses_messages() => Err((value, Refusal::Closed)),
            None => {
                self.deliver(state, value);
                Ok(())
            }
            Some(0) => self.hand_over(state, value, patience),
            Some(_) => self.send_bounded(state, value, patience),
        }
    }

    fn deliver(&self, mut state: Locked<'_, T>, value: T) {
        state.push(value);
        drop(state);
        self.readable.notify_one();
    }

    fn send_bounded(&self, mut state: Locked<'_, T>, value: T, patience: Patience) -> Result<(), (T, Refusal)> {
        let mut in_time = true;
        loop {
            if state.refuses_messages() {
                return Err((value, Refusal::Closed));
            }
            if state.take_slot() {
                self.deliver(state, value);
                return Ok(());
            }
            if !in_time {
                return Err((value, Refusal::Busy));
            }
            (state, in_time) = wait(&self.writable, state, patience);
        }
    }

    /// Sends without a buffer: waits until the message is taken.
    fn hand_over(&self, mut state: Locked<'_, T>, value: T, patience: Patience) -> Result<(), (T, Refusal)> {
        if state.refuses_messages() {
            return Err((value, Refusal::Closed));
        }
        if matches!(patience, Patience::None) && state.waiting <= state.messages.len() {
            return Err((value, Refusal::Busy));
        }
        // Somebody waits for a message that is handed over without patience: it will be taken, if not by who waits now.
        let patience = if matches!(patience, Patience::None) { Patience::Endless } else { patience };
        let ticket = state.push(value);
        self.readable.notify_one();
        let mut in_time = true;
        loop {
            if let Some(answer) = state.answers.remove(&ticket) {
                drop(state);
                answer.acquire();
                return Ok(());
            }
            let refused = state.refuses_messages();
            if (refused || !in_time)
                && let Some(value) = state.withdraw(ticket)
            {
                return Err((value, if refused { Refusal::Closed } else { Refusal::Busy }));
            }
            (state, in_time) = wait(&self.writable, state, patience);
        }
    }

    /// Receives a message.
    pub(crate) fn receive(&self, patience: Patience) -> Result<T, Refusal> {
        let mut state = self.lock();
        let mut in_time = !matches!(patience, Patience::None);
        loop {
            if let Some(message) = state.messages.pop_front() {
                return Ok(self.take(state, message));
            }
            if state.is_over() {
                drop(state);
                self.closing.acquire();
                return Err(Refusal::Closed);
            }
            if !in_time {
                return Err(Refusal::Busy);
            }
            state.waiting += 1;
            (state, in_time) = wait(&self.readable, state, patience);
            state.waiting -= 1;
        }
    }

    fn take(&self, mut state: Locked<'_, T>, message: Message<T>) -> T {
        message.release.acquire();
        match self.capacity {
            None => {}
            Some(0) => {
                state.answers.insert(message.ticket, Release::now());
                drop(state);
                self.writable.notify_all();
            }
            Some(_) => {
                state.freed.push_back(Release::now());
                drop(state);
                self.writable.notify_one();
            }
        }
        message.value
    }

    /// No more messages are accepted; those that are there can still be received. A send that is not ordered with this
    /// is reported. False when the channel was closed already.
    pub(crate) fn close(&self) -> bool {
        touch(self.gate(), 1, Touch::Write);
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        self.closing.merge();
        state.closed = true;
        drop(state);
        self.readable.notify_all();
        self.writable.notify_all();
        true
    }

    /// Whether no more messages are accepted.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().refuses_messages()
    }

    /// Messages that nobody has taken yet.
    pub(crate) fn len(&self) -> usize {
        // Without a buffer, what is queued is still with its senders.
        if self.capacity == Some(0) { 0 } else { self.lock().messages.len() }
    }

    /// How many messages fit; `None` without bound.
    pub(crate) fn capacity(&self) -> Option<usize> {
        self.capacity
    }

    /// One more sender.
    pub(crate) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    /// One more receiver.
    pub(crate) fn add_receiver(&self) {
        self.lock().receivers += 1;
    }

    /// One sender fewer; the last one closes the channel, after all the others.
    pub(crate) fn remove_sender(&self) {
        self.closing.merge();
        let mut state = self.lock();
        state.senders -= 1;
        if state.senders == 0 {
            drop(state);
            self.readable.notify_all();
        }
    }

    /// One receiver fewer; with the last one go the messages that nobody will take.
    pub(crate) fn remove_receiver(&self) {
        let mut state = self.lock();
        state.receivers -= 1;
        if state.receivers == 0 {
            // Messages of senders that wait to hand them over go back to them.
            let unread = if self.capacity == Some(0) { VecDeque::new() } else { std::mem::take(&mut state.messages) };
            drop(state);
            self.writable.notify_all();
            drop(unread);
        }
    }
}

/// Waits for a notification; tells whether there is time left.
fn wait<'a, T>(condition: &Condvar, state: Locked<'a, T>, patience: Patience) -> (Locked<'a, T>, bool) {
    match patience {
        Patience::None => (state, false),
        Patience::Endless => (condition.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner()), true),
        Patience::Until(end) => match end.checked_duration_since(Instant::now()) {
            None => (state, false),
            Some(rest) => {
                let (state, _) = condition.wait_timeout(state, rest).unwrap_or_else(|poisoned| poisoned.into_inner());
                (state, true)
            }
        },
    }
}
