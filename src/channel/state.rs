//! What a channel holds, and what each operation does to it, under the channel's lock.
//!
//! Naively, for a channel of capacity C: the k-th send happens before the k-th receive completes, and the k-th receive
//! before the (k + C)-th send completes. So each message carries its sender's release, and each freed slot its
//! receiver's, in order; a sender that takes a slot nobody used yet learns nothing. A message takes its slot's past
//! along. With C = 0 the two sides learn of each other. An unbounded channel frees no slots. There is no clock for the
//! channel as a whole: a receive by a third thread orders nothing else.
//!
//! An operation that finds a blocked partner does the partner's half too, in the partner's name: a blocked thread's
//! release is the one it made when it joined the line, since it has done nothing after. So a receiver waits only where
//! no message is, a sender only where no slot is. What a thread learns, it learns in its own name, when it wakes.

use std::collections::VecDeque;
use std::mem::needs_drop;

use super::line::{Found, Line};
use super::past::Past;
use super::slots::Slots;
use super::turn::Post;
use crate::engine::Release;

pub(super) struct Message<T> {
    value: T,
    past: Past,
}

impl<T> Message<T> {
    /// Nobody will take it. A destructor comes after the send.
    pub(super) fn drop_unread(self) {
        if needs_drop::<T>() {
            self.past.acquire();
        }
    }
}

/// What a blocked receiver brought, and what it got.
pub(super) struct Request<T> {
    release: Release,
    message: Option<Message<T>>,
}

/// What a blocked sender brought, until it is taken, and what it got for it.
pub(super) struct Offer<T> {
    value: Option<T>,
    release: Release,
    answer: Past,
}

/// How an attempt went.
pub(super) enum Attempt<D> {
    /// The operation took place.
    Done(D),
    /// It would have to wait.
    Busy,
    /// It never will: the channel is closed, or nobody is left at the other end.
    Closed,
    /// One that waits along with it took place.
    SelfIsGone,
}

/// What has brought a channel to its end, if anything has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// Somebody closed it.
    pub(super) is_closed: bool,
    /// All senders are gone.
    pub(super) is_left: bool,
}

pub(super) struct State<T> {
    /// `None` without bound.
    capacity: Option<usize>,
    messages: VecDeque<Message<T>>,
    slots: Slots,
    requests: Line<Request<T>>,
    offers: Line<Offer<T>>,
    pub(super) senders: usize,
    pub(super) receivers: usize,
    /// Somebody is closing the channel.
    pub(super) closing: bool,
    /// Somebody has closed it.
    pub(super) closed: bool,
}

/// The turn goes to the operation at `own`, when others may find it already; `false` when it went to one beside it.
fn take_turn(own: Option<&Post>) -> bool {
    own.is_none_or(Post::give)
}

impl<T> State<T> {
    /// With one sender and one receiver.
    pub(super) fn new(capacity: Option<usize>) -> State<T> {
        State {
            capacity,
            messages: VecDeque::new(),
            slots: Slots::new(capacity.unwrap_or(0)),
            requests: Line::new(),
            offers: Line::new(),
            senders: 1,
            receivers: 1,
            closing: false,
            closed: false,
        }
    }

    pub(super) fn refuses_messages(&self) -> bool {
        self.closed || self.receivers == 0
    }

    /// Whether no message can come any more.
    pub(super) fn is_over(&self) -> bool {
        self.closed || self.senders == 0
    }

    pub(super) fn ending(&self) -> Ending {
        Ending { is_closed: self.closed, is_left: self.senders == 0 }
    }

    /// How many messages are in slots.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// All messages in slots, for the caller to drop; the slots are not used again.
    pub(super) fn abandon(&mut self) -> VecDeque<Message<T>> {
        std::mem::take(&mut self.messages)
    }

    /// Takes the first message out unread, as if it had never come.
    pub(super) fn discard(&mut self) -> Option<T> {
        let message = self.messages.pop_front()?;
        self.slots.free(Past::default());
        Some(message.value)
    }

    /// Sends and receives that wait are over, for each that finds no way to take place.
    pub(super) fn dismiss(&mut self) {
        if self.is_over() {
            self.requests.dismiss();
        }
        if self.refuses_messages() {
            self.offers.dismiss();
        }
    }

    fn is_buffered(&self) -> bool {
        self.capacity.is_some_and(|capacity| capacity > 0)
    }

    /// Whether a send would not wait, as far as can be told without doing it.
    pub(super) fn may_send(&self) -> bool {
        self.refuses_messages()
            || match self.capacity {
                None => true,
                Some(0) => !self.requests.is_empty(),
                Some(_) => !self.slots.is_empty(),
            }
    }

    /// The running thread sends `value`, which is there, if that is possible at once.
    pub(super) fn send(&mut self, value: &mut Option<T>, own: Option<&Post>) -> Attempt<()> {
        self.send_after(value, own, |slot| {
            slot.acquire();
            Release::now()
        })
    }

    /// Sends `value` as what `release` published, which the running thread need not know. False when it would have to
    /// wait. Not without a buffer.
    pub(super) fn deliver(&mut self, value: T, release: &Release) -> bool {
        debug_assert!(self.capacity != Some(0));
        matches!(self.send_after(&mut Some(value), None, |_| release.clone()), Attempt::Done(()))
    }

    /// Sends; `publish` says what the sender publishes when it has learned of a slot's past.
    fn send_after(
        &mut self,
        value: &mut Option<T>,
        own: Option<&Post>,
        publish: impl FnOnce(&Past) -> Release,
    ) -> Attempt<()> {
        if self.refuses_messages() {
            return if take_turn(own) { Attempt::Closed } else { Attempt::SelfIsGone };
        }
        let is_buffered = self.is_buffered();
        if is_buffered && self.slots.is_empty() {
            return Attempt::Busy;
        }
        let request = match self.requests.find(own) {
            Found::Partner(request) => Some(request),
            Found::Nobody if self.capacity == Some(0) => return Attempt::Busy,
            Found::Nobody if take_turn(own) => None,
            Found::Nobody | Found::SelfIsGone => return Attempt::SelfIsGone,
        };
        let slot = if is_buffered { self.slots.take() } else { Past::default() };
        let release = publish(&slot);
        let value = value.take().expect("a message is sent once");
        let message = Message { value, past: Past::of(release.clone()) };
        let Some(request) = request else {
            self.messages.push_back(message);
            return Attempt::Done(());
        };
        if is_buffered {
            // Through the slot, which the receiver frees at once.
            self.slots.free(Past::of_both(request.release.clone(), release));
        } else if self.capacity.is_some() {
            request.release.acquire();
        }
        request.message = Some(message);
        Attempt::Done(())
    }

    /// The running thread receives a message, if that is possible at once.
    pub(super) fn receive(&mut self, own: Option<&Post>) -> Attempt<T> {
        if !self.messages.is_empty() {
            return if take_turn(own) { Attempt::Done(self.take_first()) } else { Attempt::SelfIsGone };
        }
        // Who waits where there is no message has no buffer.
        match self.offers.find(own) {
            Found::Partner(offer) => {
                offer.answer = Past::of(Release::now());
                offer.release.acquire();
                return Attempt::Done(offer.value.take().expect("a message is sent once"));
            }
            Found::Nobody => {}
            Found::SelfIsGone => return Attempt::SelfIsGone,
        }
        if !self.is_over() {
            return Attempt::Busy;
        }
        if take_turn(own) { Attempt::Closed } else { Attempt::SelfIsGone }
    }

    fn take_first(&mut self) -> T {
        let message = self.messages.pop_front().expect("the caller has looked");
        message.past.acquire();
        if self.is_buffered() {
            let release = Release::now();
            if let Found::Partner(offer) = self.offers.find(None) {
                // The slot goes to the sender that waited longest.
                let value = offer.value.take().expect("a message is sent once");
                let past = Past::of_both(offer.release.clone(), release.clone());
                offer.answer = Past::of(release);
                self.messages.push_back(Message { value, past });
            } else {
                self.slots.free(Past::of(release));
            }
        }
        message.value
    }

    /// The running thread waits with a message.
    pub(super) fn join_senders(&mut self, post: Post, value: Option<T>) {
        self.offers.join(post, Offer { value, release: Release::now(), answer: Past::default() });
    }

    /// The running thread, which waited with a message, takes up what came of it: the message, when nobody took it.
    pub(super) fn leave_senders(&mut self, post: &Post) -> Option<T> {
        let offer = self.offers.leave(post);
        offer.answer.acquire();
        offer.value
    }

    /// The running thread waits for a message.
    pub(super) fn join_receivers(&mut self, post: Post) {
        // Nobody asks a receiver of an unbounded channel what it did before.
        let release = self.capacity.map(|_| Release::now()).unwrap_or_default();
        self.requests.join(post, Request { release, message: None });
    }

    /// The running thread, which waited for a message, takes up what came of it.
    pub(super) fn leave_receivers(&mut self, post: &Post) -> Option<T> {
        let message = self.requests.leave(post).message?;
        message.past.acquire();
        Some(message.value)
    }
}
