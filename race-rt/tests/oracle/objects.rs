//! The objects with a contract that lanes synchronise by, as far as it decides what may come next: which lock is free, who
//! waits where, and whom an operation wakes. What they order is not told here.
//!
//! Guarantees: an operation is admitted only where a real object would let it happen so. A lane that waits is woken by the
//! operation that ends its wait, and returns from it before anything else happens. One lane at most waits for a condition,
//! because which of several wakes or gets the mutex first is nobody's promise.

use std::collections::VecDeque;

use crate::execution::{Lane, Object};
use crate::uses::{Arm, Effect, Use};

/// Objects of each kind: mutexes with a condition each, locks, groups, semaphores of both makes.
pub const EACH: usize = 2;
/// Calls of one kind that happen once only.
pub const ONCES: usize = 4;
/// How many lanes each barrier is for.
pub const BARRIERS: [usize; 2] = [2, 3];
/// How many permits each weighted semaphore has.
pub const PERMITS: [usize; EACH] = [1, 2];
/// How many permits each semaphore of the C library begins with.
pub const FRESH_POSTS: [usize; EACH] = [0, 1];
/// The capacity of each channel.
pub const CHANNELS: [usize; 4] = [0, 1, 2, 3];

#[derive(Default)]
struct Mutex {
    holder: Option<Lane>,
    /// Who waits for the condition.
    waiter: Option<Lane>,
    is_notified: bool,
}

impl Mutex {
    /// The waiter, if it can have the mutex now, which it then has.
    fn pass_on(&mut self) -> Effect {
        if self.holder.is_some() || !self.is_notified {
            return Effect::default();
        }
        self.is_notified = false;
        self.holder = self.waiter.take();
        Effect::waking(self.holder)
    }
}

#[derive(Default)]
struct ReadWriteLock {
    writer: Option<Lane>,
    readers: Vec<Lane>,
}

#[derive(Default)]
struct Once {
    initialiser: Option<Lane>,
    is_complete: bool,
    waiters: Vec<Lane>,
}

#[derive(Default)]
struct Group {
    count: usize,
    waiters: Vec<Lane>,
}

#[derive(Default)]
struct Semaphore {
    held: usize,
    queue: VecDeque<(Lane, usize)>,
}

#[derive(Default)]
struct Channel {
    messages: usize,
    senders: VecDeque<Lane>,
    receivers: VecDeque<Lane>,
    is_closed: bool,
}

/// All objects of an execution.
#[derive(Default)]
pub struct Objects {
    mutexes: [Mutex; EACH],
    locks: [ReadWriteLock; EACH],
    onces: [Once; ONCES],
    barriers: [Vec<Lane>; BARRIERS.len()],
    groups: [Group; EACH],
    semaphores: [Semaphore; EACH],
    channels: [Channel; CHANNELS.len()],
    /// Free permits, and who waits for one.
    posts: [(usize, VecDeque<Lane>); EACH],
}

/// `Some` of what comes of it, where it may happen.
fn only_if(may: bool, effect: impl FnOnce() -> Effect) -> Option<Effect> {
    may.then(effect)
}

impl Objects {
    /// None in use.
    pub fn new() -> Objects {
        let mut objects = Objects::default();
        for (posts, fresh) in objects.posts.iter_mut().zip(FRESH_POSTS) {
            posts.0 = fresh;
        }
        objects
    }

    /// Whether the lane has something that it must give back before it ends.
    pub fn are_held_by(&self, lane: Lane) -> bool {
        self.mutexes.iter().any(|mutex| mutex.holder == Some(lane))
            || self.locks.iter().any(|lock| lock.writer == Some(lane) || lock.readers.contains(&lane))
            || self.onces.iter().any(|once| once.initialiser == Some(lane))
    }

    /// What comes of the operation, which is noted; `None` when it cannot happen so now.
    pub fn admit(&mut self, lane: Lane, operation: Use) -> Option<Effect> {
        use Use::*;
        match operation {
            Lock(Object(at))
            | TryLock(Object(at))
            | Unlock(Object(at))
            | PoisonMutex(Object(at))
            | Wait(Object(at))
            | Notify(Object(at)) => self.mutexes.get_mut(at)?.admit(lane, operation),
            ReadLock(Object(at))
            | TryReadLock(Object(at))
            | ReadUnlock(Object(at))
            | WriteLock(Object(at))
            | TryWriteLock(Object(at))
            | WriteUnlock(Object(at))
            | PoisonLock(Object(at))
            | Downgrade(Object(at)) => self.locks.get_mut(at)?.admit(lane, operation),
            BeginOnce(Object(at))
            | EndOnce(Object(at))
            | BreakOnce(Object(at))
            | CallOnce(Object(at))
            | LookAtOnce(Object(at)) => self.onces.get_mut(at)?.admit(lane, operation),
            Arrive(Object(at)) => {
                let waiters = self.barriers.get_mut(at)?;
                if waiters.len() + 1 < BARRIERS[at] {
                    waiters.push(lane);
                    return Some(Effect::waiting());
                }
                Some(Effect::waking(std::mem::take(waiters)))
            }
            Open(Object(at), _) | Add(Object(at), _) | Done(Object(at)) | WaitForGroup(Object(at)) => {
                self.groups.get_mut(at)?.admit(lane, operation)
            }
            Take(Object(at), count) | TryTake(Object(at), count) | GiveBack(Object(at), count) => {
                let all = *PERMITS.get(at)?;
                only_if(count > 0 && count <= all, Effect::default)?;
                self.semaphores[at].admit(lane, operation, all)
            }
            Send(Object(at))
            | TrySend(Object(at))
            | Receive(Object(at))
            | TryReceive(Object(at))
            | Close(Object(at))
            | CloseAgain(Object(at)) => {
                let capacity = *CHANNELS.get(at)?;
                let effect = self.channels[at].admit(lane, operation, capacity)?;
                Some(self.leave_lines(effect))
            }
            SelectSend(channel, beside) => {
                let chosen = Arm { channel, sends: true };
                self.admit_select(lane, Some((chosen, Send(channel))), [chosen, beside])
            }
            SelectReceive(channel, beside) => {
                let chosen = Arm { channel, sends: false };
                self.admit_select(lane, Some((chosen, Receive(channel))), [chosen, beside])
            }
            TrySelect(one, other) => self.admit_select(lane, None, [one, other]),
            SelectWait(one, other) => {
                self.admit_select(lane, None, [one, other])?;
                for arm in [one, other] {
                    self.channels[arm.channel.0].join(lane, arm.sends);
                }
                Some(Effect::waiting())
            }
            WaitForPost(Object(at)) => {
                let (permits, waiters) = self.posts.get_mut(at)?;
                if *permits == 0 {
                    waiters.push_back(lane);
                    return Some(Effect::waiting());
                }
                *permits -= 1;
                Some(Effect::default())
            }
            Post(Object(at)) => {
                let (permits, waiters) = self.posts.get_mut(at)?;
                let woken = waiters.pop_front();
                *permits += usize::from(woken.is_none());
                Some(Effect::waking(woken))
            }
        }
    }
}

impl Objects {
    /// A select between channels of which none is possible at once but `chosen`.
    fn admit_select(&mut self, lane: Lane, chosen: Option<(Arm, Use)>, arms: [Arm; 2]) -> Option<Effect> {
        let [one, other] = arms;
        only_if(one.channel != other.channel, Effect::default)?;
        for arm in arms {
            let capacity = *CHANNELS.get(arm.channel.0)?;
            let is_chosen = chosen.is_some_and(|(chosen, _)| chosen == arm);
            only_if(self.channels[arm.channel.0].is_ready(arm.sends, capacity) == is_chosen, Effect::default)?;
        }
        chosen.map_or(Some(Effect::default()), |(_, operation)| self.admit(lane, operation))
    }

    /// Who is woken by one operation of a select does not wait by the other any more.
    fn leave_lines(&mut self, effect: Effect) -> Effect {
        for channel in &mut self.channels {
            channel.senders.retain(|lane| !effect.woken.contains(lane));
            channel.receivers.retain(|lane| !effect.woken.contains(lane));
        }
        effect
    }
}

impl Mutex {
    fn admit(&mut self, lane: Lane, operation: Use) -> Option<Effect> {
        match operation {
            Use::Lock(_) => only_if(self.holder.is_none(), || {
                self.holder = Some(lane);
                Effect::default()
            }),
            Use::TryLock(_) => only_if(self.holder.is_some(), Effect::default),
            Use::Unlock(_) | Use::PoisonMutex(_) => only_if(self.holder == Some(lane), || {
                self.holder = None;
                self.pass_on()
            }),
            Use::Wait(_) => only_if(self.holder == Some(lane) && self.waiter.is_none(), || {
                self.holder = None;
                self.waiter = Some(lane);
                Effect::waiting()
            }),
            Use::Notify(_) => only_if(self.waiter.is_some(), || {
                self.is_notified = true;
                self.pass_on()
            }),
            _ => None,
        }
    }
}

impl ReadWriteLock {
    fn admit(&mut self, lane: Lane, operation: Use) -> Option<Effect> {
        let place = self.readers.iter().position(|reader| *reader == lane);
        match operation {
            Use::ReadLock(_) => only_if(self.writer.is_none() && place.is_none(), || {
                self.readers.push(lane);
                Effect::default()
            }),
            Use::TryReadLock(_) => only_if(self.writer.is_some(), Effect::default),
            Use::ReadUnlock(_) => place.map(|place| {
                self.readers.remove(place);
                Effect::default()
            }),
            Use::WriteLock(_) => only_if(self.writer.is_none() && self.readers.is_empty(), || {
                self.writer = Some(lane);
                Effect::default()
            }),
            Use::TryWriteLock(_) => only_if(self.writer.is_some() || !self.readers.is_empty(), Effect::default),
            Use::WriteUnlock(_) | Use::PoisonLock(_) | Use::Downgrade(_) => only_if(self.writer == Some(lane), || {
                self.writer = None;
                self.readers.extend(matches!(operation, Use::Downgrade(_)).then_some(lane));
                Effect::default()
            }),
            _ => None,
        }
    }
}

impl Once {
    fn admit(&mut self, lane: Lane, operation: Use) -> Option<Effect> {
        match operation {
            Use::BeginOnce(_) => only_if(self.initialiser.is_none() && !self.is_complete, || {
                self.initialiser = Some(lane);
                Effect::default()
            }),
            Use::EndOnce(_) => only_if(self.initialiser == Some(lane), || {
                self.initialiser = None;
                self.is_complete = true;
                Effect::waking(std::mem::take(&mut self.waiters))
            }),
            Use::BreakOnce(_) => only_if(self.initialiser == Some(lane) && self.waiters.is_empty(), || {
                self.initialiser = None;
                Effect::default()
            }),
            Use::LookAtOnce(_) => Some(Effect::default()),
            _ if self.is_complete => Some(Effect::default()),
            _ => only_if(self.initialiser.is_some_and(|initialiser| initialiser != lane), || {
                self.waiters.push(lane);
                Effect::waiting()
            }),
        }
    }
}

impl Group {
    fn admit(&mut self, lane: Lane, operation: Use) -> Option<Effect> {
        match operation {
            Use::Open(_, count) | Use::Add(_, count) => {
                let opens = matches!(operation, Use::Open(..));
                only_if(opens == (self.count == 0) && count > 0, || {
                    self.count += count;
                    Effect::default()
                })
            }
            Use::Done(_) => only_if(self.count > 0, || {
                self.count -= 1;
                let woken = if self.count == 0 { std::mem::take(&mut self.waiters) } else { Vec::new() };
                Effect::waking(woken)
            }),
            _ if self.count == 0 => Some(Effect::default()),
            _ => {
                self.waiters.push(lane);
                Some(Effect::waiting())
            }
        }
    }
}

impl Semaphore {
    fn admit(&mut self, lane: Lane, operation: Use, all: usize) -> Option<Effect> {
        match operation {
            Use::Take(_, count) => {
                if !self.queue.is_empty() || self.held + count > all {
                    self.queue.push_back((lane, count));
                    return Some(Effect::waiting());
                }
                self.held += count;
                Some(Effect::default())
            }
            Use::TryTake(_, count) => only_if(!self.queue.is_empty() || self.held + count > all, Effect::default),
            Use::GiveBack(_, count) => only_if(count <= self.held, || {
                self.held -= count;
                let mut woken = Vec::new();
                while let Some((next, wanted)) = self.queue.front()
                    && self.held + wanted <= all
                {
                    self.held += wanted;
                    woken.push(*next);
                    self.queue.pop_front();
                }
                Effect::waking(woken)
            }),
            _ => None,
        }
    }
}

impl Channel {
    fn admit(&mut self, lane: Lane, operation: Use, capacity: usize) -> Option<Effect> {
        match operation {
            Use::Send(_) => Some(self.send(lane, capacity)),
            Use::TrySend(_) => {
                let has_room = self.messages < capacity || !self.receivers.is_empty();
                only_if(!self.is_closed && !has_room, Effect::default)
            }
            Use::Receive(_) => Some(self.receive(lane)),
            Use::TryReceive(_) => {
                only_if(!self.is_closed && self.messages == 0 && self.senders.is_empty(), Effect::default)
            }
            Use::Close(_) => only_if(!self.is_closed, || {
                self.is_closed = true;
                Effect::waking(self.receivers.drain(..).chain(self.senders.drain(..)))
            }),
            Use::CloseAgain(_) => only_if(self.is_closed, Effect::default),
            _ => None,
        }
    }

    /// Whether a send, or a receive, would not wait.
    fn is_ready(&self, sends: bool, capacity: usize) -> bool {
        let partner = if sends { &self.receivers } else { &self.senders };
        let has_place = if sends { self.messages < capacity } else { self.messages > 0 };
        self.is_closed || has_place || !partner.is_empty()
    }

    /// The lane waits.
    fn join(&mut self, lane: Lane, sends: bool) {
        if sends { &mut self.senders } else { &mut self.receivers }.push_back(lane);
    }

    fn send(&mut self, lane: Lane, capacity: usize) -> Effect {
        if self.is_closed {
            return Effect::default();
        }
        if let Some(receiver) = self.receivers.pop_front() {
            return Effect::waking([receiver]);
        }
        if self.messages < capacity {
            self.messages += 1;
            return Effect::default();
        }
        self.senders.push_back(lane);
        Effect::waiting()
    }

    fn receive(&mut self, lane: Lane) -> Effect {
        let sender = self.senders.pop_front();
        if sender.is_some() {
            // With a buffer its message takes the place of the one that is received.
            return Effect::waking(sender);
        }
        if self.messages > 0 {
            self.messages -= 1;
        } else if !self.is_closed {
            self.receivers.push_back(lane);
            return Effect::waiting();
        }
        Effect::default()
    }
}
