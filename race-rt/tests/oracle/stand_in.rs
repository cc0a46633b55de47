//! The objects with a contract as the tiers have them: the calls of the engine that each operation consists of.
//!
//! The wrapper tier's types make these calls (`src/sync` and `src/channel` of the crate `race`), under locks of their own and
//! around waits, of which there are none here: a wait is two steps of its lane. The semaphores are those of the C library
//! (`abi/semaphore.rs`). The real types are put to the same test by the crate `race`.

use std::collections::VecDeque;
use std::rc::Rc;

use race_rt::clock::Head;
use race_rt::sync::object::SyncObject;
use race_rt::sync::permits;
use race_rt::thread::Thread;

use crate::execution::{LANES, Lane, Object, SEMAPHORES};
use crate::objects::{BARRIERS, CHANNELS, EACH, FRESH_POSTS, ONCES, PERMITS};
use crate::uses::{Arm, Effect, Use};

/// What one step releases for another to acquire.
type Past = Vec<Head>;

fn acquire(thread: &mut Thread, past: &Past) {
    past.iter().for_each(|head| thread.acquire_head(head));
}

#[derive(Default)]
struct Permits {
    fresh: usize,
    returned: VecDeque<(Head, usize)>,
}

impl Permits {
    fn take(&mut self, thread: &mut Thread, count: usize) {
        let fresh = count.min(self.fresh);
        self.fresh -= fresh;
        let mut missing = count - fresh;
        while missing > 0 {
            let (release, left) = self.returned.front_mut().expect("there are as many permits");
            thread.acquire_head(release);
            let taken = missing.min(*left);
            missing -= taken;
            *left -= taken;
            if *left == 0 {
                self.returned.pop_front();
            }
        }
    }
}

#[derive(Default)]
struct Channel {
    messages: VecDeque<Past>,
    fresh: usize,
    freed: VecDeque<Past>,
    senders: VecDeque<(Lane, Head)>,
    receivers: VecDeque<(Lane, Head)>,
    closing: SyncObject,
    is_closed: bool,
}

/// All objects of an execution.
pub struct StandIns {
    /// Where the arena starts.
    arena: usize,
    mutexes: [SyncObject; EACH],
    writers: [SyncObject; EACH],
    readers: [SyncObject; EACH],
    onces: [SyncObject; ONCES],
    /// Whether each has its initialiser.
    are_initialised: [bool; ONCES],
    arrivals: [Option<Rc<SyncObject>>; BARRIERS.len()],
    done: [SyncObject; EACH],
    permits: [Permits; EACH],
    channels: [Channel; CHANNELS.len()],
    /// What each lane waits by.
    waiting: [Option<Use>; LANES],
    /// The generation of the barrier at which each lane waits.
    generations: [Option<Rc<SyncObject>>; LANES],
    /// What the partner of a wait at a channel answered.
    answers: [Option<Past>; LANES],
}

impl StandIns {
    /// Those of a new execution, in the arena that starts there.
    pub fn new(arena: usize) -> StandIns {
        let objects = StandIns {
            arena,
            mutexes: Default::default(),
            writers: Default::default(),
            readers: Default::default(),
            onces: Default::default(),
            are_initialised: Default::default(),
            arrivals: Default::default(),
            done: Default::default(),
            permits: PERMITS.map(|fresh| Permits { fresh, ..Permits::default() }),
            channels: CHANNELS.map(|fresh| Channel { fresh, ..Channel::default() }),
            waiting: Default::default(),
            generations: Default::default(),
            answers: Default::default(),
        };
        for (at, fresh) in FRESH_POSTS.into_iter().enumerate() {
            permits::begin(objects.semaphore(at), fresh as u64);
        }
        objects
    }

    fn semaphore(&self, at: usize) -> usize {
        self.arena + SEMAPHORES + 8 * at
    }

    /// Does the operation for `lane`, whose thread is the running one, but for the access by which it tells of misuse.
    pub fn perform(&mut self, thread: &mut Thread, lane: Lane, operation: Use, effect: &Effect) {
        if effect.waits {
            self.waiting[lane.0] = Some(operation);
        }
        match operation {
            Use::Lock(Object(at)) => self.mutexes[at].acquire(thread),
            Use::Unlock(Object(at)) | Use::PoisonMutex(Object(at)) | Use::Wait(Object(at)) => {
                self.mutexes[at].release(thread);
            }
            Use::ReadLock(Object(at)) => self.writers[at].acquire(thread),
            Use::WriteLock(Object(at)) => {
                self.writers[at].acquire(thread);
                self.readers[at].acquire(thread);
                self.readers[at].clear();
            }
            Use::ReadUnlock(Object(at)) => self.readers[at].release_merge(thread),
            Use::WriteUnlock(Object(at)) | Use::PoisonLock(Object(at)) | Use::Downgrade(Object(at)) => {
                self.writers[at].release(thread);
            }
            Use::BeginOnce(Object(at)) => self.onces[at].acquire(thread),
            Use::EndOnce(Object(at)) | Use::BreakOnce(Object(at)) => {
                self.are_initialised[at] = matches!(operation, Use::EndOnce(_));
                self.onces[at].release(thread);
                self.onces[at].acquire(thread);
            }
            Use::CallOnce(Object(at)) if !effect.waits => self.onces[at].acquire(thread),
            Use::LookAtOnce(Object(at)) if self.are_initialised[at] => self.onces[at].acquire(thread),
            Use::Arrive(Object(at)) => {
                let arrivals = self.arrivals[at].get_or_insert_default().clone();
                arrivals.release_merge(thread);
                if effect.waits {
                    self.generations[lane.0] = Some(arrivals);
                } else {
                    self.arrivals[at] = None;
                    arrivals.acquire(thread);
                }
            }
            Use::Done(Object(at)) => self.done[at].release_merge(thread),
            Use::WaitForGroup(Object(at)) if !effect.waits => self.done[at].acquire(thread),
            Use::Take(Object(at), count) if !effect.waits => self.permits[at].take(thread, count),
            Use::GiveBack(Object(at), count) => self.permits[at].returned.push_back((thread.release(), count)),
            Use::Send(Object(at)) | Use::SelectSend(Object(at), _) => {
                self.channels[at].send(thread, lane, effect.waits, CHANNELS[at], &mut self.answers);
            }
            Use::Receive(Object(at)) | Use::SelectReceive(Object(at), _) => {
                self.channels[at].receive(thread, lane, effect.waits, CHANNELS[at], &mut self.answers);
            }
            Use::SelectWait(one, other) => {
                for arm in [one, other] {
                    let channel = &mut self.channels[arm.channel.0];
                    if arm.sends { &mut channel.senders } else { &mut channel.receivers }
                        .push_back((lane, thread.release()));
                }
            }
            Use::Close(Object(at)) => {
                let channel = &mut self.channels[at];
                channel.closing.release_merge(thread);
                channel.is_closed = true;
                channel.senders.clear();
                channel.receivers.clear();
            }
            Use::Post(Object(at)) => thread.post_permit(self.semaphore(at)),
            Use::WaitForPost(Object(at)) => {
                permits::begin_wait(self.semaphore(at));
                if !effect.waits {
                    thread.take_permit(self.semaphore(at));
                }
            }
            _ => {}
        }
        // Who takes place by one operation of a select does not wait by the other any more.
        for channel in &mut self.channels {
            channel.senders.retain(|(lane, _)| !effect.woken.contains(lane));
            channel.receivers.retain(|(lane, _)| !effect.woken.contains(lane));
        }
    }

    /// The wait of `lane`, whose thread is the running one, is over.
    pub fn resume(&mut self, thread: &mut Thread, lane: Lane) {
        let answer = self.answers[lane.0].take();
        match self.waiting[lane.0].take().expect("the lane has waited") {
            Use::Wait(Object(at)) => self.mutexes[at].acquire(thread),
            Use::CallOnce(Object(at)) => self.onces[at].acquire(thread),
            Use::Arrive(_) => self.generations[lane.0].take().expect("the lane waits at a barrier").acquire(thread),
            Use::WaitForGroup(Object(at)) => self.done[at].acquire(thread),
            Use::Take(Object(at), count) => self.permits[at].take(thread, count),
            Use::Send(_) => acquire(thread, &answer.unwrap_or_default()),
            waited @ (Use::Receive(_) | Use::SelectWait(..)) => match answer {
                Some(message) => acquire(thread, &message),
                None => {
                    let is_closed = |arm: &Arm| self.channels[arm.channel.0].is_closed;
                    let closed = waited.arms().into_iter().find(is_closed).expect("it waits no more");
                    if !closed.sends {
                        self.channels[closed.channel.0].closing.acquire(thread);
                    }
                }
            },
            Use::WaitForPost(Object(at)) => thread.take_permit(self.semaphore(at)),
            other => unreachable!("{other:?} does not wait"),
        }
    }
}

impl Channel {
    fn send(
        &mut self,
        thread: &mut Thread,
        lane: Lane,
        waits: bool,
        capacity: usize,
        answers: &mut [Option<Past>; LANES],
    ) {
        if waits {
            return self.senders.push_back((lane, thread.release()));
        }
        if self.is_closed {
            return;
        }
        if capacity > 0 && self.fresh > 0 {
            self.fresh -= 1;
        } else if capacity > 0 {
            acquire(thread, &self.freed.pop_front().expect("there is a slot"));
        }
        let release = thread.release();
        let Some((receiver, its)) = self.receivers.pop_front() else {
            return self.messages.push_back(vec![release]);
        };
        if capacity > 0 {
            self.freed.push_back(vec![its, release.clone()]);
        } else {
            thread.acquire_head(&its);
        }
        answers[receiver.0] = Some(vec![release]);
    }

    fn receive(
        &mut self,
        thread: &mut Thread,
        lane: Lane,
        waits: bool,
        capacity: usize,
        answers: &mut [Option<Past>; LANES],
    ) {
        if waits {
            return self.receivers.push_back((lane, thread.release()));
        }
        if let Some(message) = self.messages.pop_front() {
            acquire(thread, &message);
            let release = thread.release();
            if let Some((sender, its)) = self.senders.pop_front() {
                self.messages.push_back(vec![its, release.clone()]);
                answers[sender.0] = Some(vec![release]);
            } else {
                debug_assert!(capacity > 0, "messages are kept in a buffer only");
                self.freed.push_back(vec![release]);
            }
        } else if let Some((sender, its)) = self.senders.pop_front() {
            answers[sender.0] = Some(vec![thread.release()]);
            thread.acquire_head(&its);
        } else {
            self.closing.acquire(thread);
        }
    }
}
