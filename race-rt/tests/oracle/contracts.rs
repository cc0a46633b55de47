//! What the contracts of synchronisation objects order, from their definitions: which earlier events an operation, or the
//! return from one that waited, comes after.
//!
//! - Mutex: every unlock, every later lock. A wait for a condition is an unlock and, when it returns, a lock.
//! - Read-write lock: a writer's unlock, every later lock; a reader's, every later lock for writing.
//! - Once: the initialiser's end, every return, and every look that finds it; its end by a panic, the next initialiser. Barrier: every arrival, every departure of the generation.
//! - Group: all that was done, a wait's return.
//! - Weighted semaphore: each permit goes from holder to holder, those that nobody held first, then those that are free
//!   longest; a release, the operations that get its permits.
//! - Channel of capacity C: the k-th send, the k-th receive; the k-th receive, the (k + C)-th send; without a buffer, each
//!   the other. A close, the receive that sees it. An operation that waited takes place when its partner's does. A select:
//!   as the one of its operations that takes place.
//! - Semaphore of the C library: the first k posts, the return of the wait that is proven to need k.
//!
//! What fails orders nothing. Who waits, and who is woken, is the execution's ([`crate::objects`]).

use std::collections::VecDeque;

use crate::execution::{LANES, Object};
use crate::objects::{BARRIERS, CHANNELS, EACH, FRESH_POSTS, ONCES, PERMITS};
use crate::oracle::{Event, Events};
use crate::uses::{Arm, Effect, Use};

#[derive(Default)]
struct Lock {
    /// Unlocks of writers; of a mutex, all.
    of_writers: Events,
    of_readers: Events,
}

#[derive(Default)]
struct Channel {
    /// What the k-th send, and the k-th receive, consists of and comes after.
    sends: Vec<Events>,
    receives: Vec<Events>,
    close: Option<Event>,
}

#[derive(Default)]
struct Posts {
    waits_begun: usize,
    posts: Vec<Event>,
}

/// An operation that waits, and when it began.
#[derive(Clone, Copy)]
struct Waiting {
    since: Event,
    operation: Use,
}

impl Waiting {
    fn permits(self) -> usize {
        if let Use::Take(_, count) = self.operation { count } else { 0 }
    }

    fn sends_to(self, channel: Object) -> bool {
        self.operation.arms().contains(&Arm { channel, sends: true })
    }
}

/// What the objects of an execution have seen so far.
#[derive(Default)]
pub struct Contracts {
    mutexes: [Lock; EACH],
    locks: [Lock; EACH],
    initialised: [Option<Event>; ONCES],
    /// The last initialiser that panicked.
    broken: [Option<Event>; ONCES],
    arrivals: [Events; BARRIERS.len()],
    done: [Events; EACH],
    /// The free permits: by which release each came back.
    permits: [VecDeque<Option<Event>>; EACH],
    channels: [Channel; CHANNELS.len()],
    posts: [Posts; EACH],
    waiting: [Option<Waiting>; LANES],
    /// What the return of each lane that was woken comes after.
    returns: [Events; LANES],
}

impl Contracts {
    /// Of an execution that has not begun.
    pub fn new() -> Contracts {
        let mut contracts = Contracts::default();
        for (free, count) in contracts.permits.iter_mut().zip(PERMITS) {
            free.extend(std::iter::repeat_n(None, count));
        }
        contracts
    }

    /// What the return of a wait comes after.
    pub fn sources_of_return(&mut self, lane: usize) -> Events {
        std::mem::take(&mut self.returns[lane])
    }

    /// What `event`, an operation of `lane`, comes after. To be called for each in turn.
    pub fn sources_of(&mut self, event: Event, lane: usize, operation: Use, effect: &Effect) -> Events {
        if effect.waits {
            self.waiting[lane] = Some(Waiting { since: event, operation });
        }
        let mut sources = self.sources(event, operation, effect);
        sources.remove(&event);
        sources
    }

    fn wake_all(&mut self, effect: &Effect, sources: &Events) {
        for woken in &effect.woken {
            self.returns[woken.0] = sources.clone();
        }
    }

    fn sources(&mut self, event: Event, operation: Use, effect: &Effect) -> Events {
        match operation {
            Use::Lock(Object(at)) => self.mutexes[at].of_writers.clone(),
            Use::Unlock(Object(at))
            | Use::PoisonMutex(Object(at))
            | Use::Wait(Object(at))
            | Use::Notify(Object(at)) => {
                if !matches!(operation, Use::Notify(_)) {
                    self.mutexes[at].of_writers.insert(event);
                }
                let unlocks = self.mutexes[at].of_writers.clone();
                self.wake_all(effect, &unlocks);
                Events::new()
            }
            Use::ReadLock(Object(at)) => self.locks[at].of_writers.clone(),
            Use::WriteLock(Object(at)) => &self.locks[at].of_writers | &self.locks[at].of_readers,
            Use::ReadUnlock(Object(at)) => {
                self.locks[at].of_readers.insert(event);
                Events::new()
            }
            Use::WriteUnlock(Object(at)) | Use::PoisonLock(Object(at)) | Use::Downgrade(Object(at)) => {
                self.locks[at].of_writers.insert(event);
                Events::new()
            }
            Use::BeginOnce(Object(at)) => self.broken[at].into_iter().collect(),
            Use::BreakOnce(Object(at)) => {
                self.broken[at] = Some(event);
                Events::new()
            }
            Use::EndOnce(Object(at)) => {
                self.initialised[at] = Some(event);
                self.wake_all(effect, &Events::from([event]));
                Events::new()
            }
            Use::CallOnce(Object(at)) | Use::LookAtOnce(Object(at)) => self.initialised[at].into_iter().collect(),
            Use::Arrive(Object(at)) => {
                self.arrivals[at].insert(event);
                if effect.waits {
                    return Events::new();
                }
                let arrivals = std::mem::take(&mut self.arrivals[at]);
                self.wake_all(effect, &arrivals);
                arrivals
            }
            Use::Done(Object(at)) => {
                self.done[at].insert(event);
                let done = self.done[at].clone();
                self.wake_all(effect, &done);
                Events::new()
            }
            Use::WaitForGroup(Object(at)) if !effect.waits => self.done[at].clone(),
            Use::Take(Object(at), count) if !effect.waits => self.take_permits(at, count),
            Use::GiveBack(Object(at), count) => {
                self.permits[at].extend(std::iter::repeat_n(Some(event), count));
                for woken in &effect.woken {
                    let wanted = self.waiting[woken.0].expect("who is woken has waited").permits();
                    self.returns[woken.0] = self.take_permits(at, wanted);
                }
                Events::new()
            }
            Use::Send(Object(at)) | Use::SelectSend(Object(at), _) => self.send(event, at, effect),
            Use::Receive(Object(at)) | Use::SelectReceive(Object(at), _) => self.receive(event, at, effect),
            Use::Close(Object(at)) => {
                self.channels[at].close = Some(event);
                for woken in &effect.woken {
                    let is_send = self.waiting[woken.0].expect("who is woken has waited").sends_to(Object(at));
                    self.returns[woken.0] = if is_send { Events::new() } else { Events::from([event]) };
                }
                Events::new()
            }
            Use::WaitForPost(Object(at)) => {
                self.posts[at].waits_begun += 1;
                if effect.waits { Events::new() } else { self.proven_posts(at) }
            }
            Use::Post(Object(at)) => {
                self.posts[at].posts.push(event);
                let proven = self.proven_posts(at);
                self.wake_all(effect, &proven);
                Events::new()
            }
            _ => Events::new(),
        }
    }

    fn take_permits(&mut self, at: usize, count: usize) -> Events {
        self.permits[at].drain(..count).flatten().collect()
    }

    fn proven_posts(&self, at: usize) -> Events {
        let Posts { waits_begun, posts } = &self.posts[at];
        posts.iter().take(waits_begun.saturating_sub(FRESH_POSTS[at])).copied().collect()
    }

    fn send(&mut self, event: Event, at: usize, effect: &Effect) -> Events {
        if effect.waits || self.channels[at].close.is_some() {
            return Events::new();
        }
        let send = self.channels[at].send_takes_place(event, CHANNELS[at]);
        let Some(receiver) = effect.woken.first() else { return send };
        let since = self.waiting[receiver.0].expect("who is woken has waited").since;
        self.returns[receiver.0] = self.channels[at].receive_takes_place(since, CHANNELS[at]);
        self.channels[at].sends.last().cloned().expect("one has just taken place")
    }

    fn receive(&mut self, event: Event, at: usize, effect: &Effect) -> Events {
        if effect.waits {
            return Events::new();
        }
        let (channel, capacity) = (&mut self.channels[at], CHANNELS[at]);
        if channel.receives.len() == channel.sends.len() && effect.woken.is_empty() {
            return channel.close.into_iter().collect();
        }
        let Some(sender) = effect.woken.first() else {
            return channel.receive_takes_place(event, capacity);
        };
        let since = self.waiting[sender.0].expect("who is woken has waited").since;
        let (send, receive);
        if capacity == 0 {
            channel.send_takes_place(since, capacity);
            receive = channel.receive_takes_place(event, capacity);
            send = receive.clone();
        } else {
            receive = channel.receive_takes_place(event, capacity);
            send = channel.send_takes_place(since, capacity);
        }
        self.returns[sender.0] = send;
        receive
    }
}

impl Channel {
    /// The next send, which began as the event `since`, takes place.
    fn send_takes_place(&mut self, since: Event, capacity: usize) -> Events {
        let mut send = Events::from([since]);
        if capacity > 0
            && let Some(before) = self.sends.len().checked_sub(capacity)
        {
            send.extend(&self.receives[before]);
        }
        self.sends.push(send.clone());
        send
    }

    /// The next receive, which began as the event `since`, takes place.
    fn receive_takes_place(&mut self, since: Event, capacity: usize) -> Events {
        let send = &mut self.sends[self.receives.len()];
        if capacity == 0 {
            send.insert(since);
        }
        let mut receive = send.clone();
        receive.insert(since);
        self.receives.push(receive.clone());
        receive
    }
}
