//! A thread's own vector clock.
//!
//! `times[slot]` says how much of that slot's past happens before the thread's next step. The snapshot of it that
//! releases publish is made anew only after an acquire taught the thread something.

use std::sync::Arc;

use super::snapshot::SnapshotMaker;
use super::{Epoch, Head, Heads, Slot, Snapshot, Time};

/// A vector clock with the means to publish it cheaply.
#[derive(Debug)]
pub struct ThreadClock {
    slot: Slot,
    /// By slot; the own slot's entry is the current time.
    times: Vec<Time>,
    /// What `times` was when last published; `None` once something was learned since.
    published: Option<Arc<Snapshot>>,
    snapshots: SnapshotMaker,
    /// The snapshots that came with the newest heads, by id; in which place depends on the head's slot.
    joined: Vec<u64>,
}

/// How many snapshots a thread remembers to have joined.
const JOINED: usize = 256;

impl ThreadClock {
    /// A clock that knows nothing but its own first step.
    pub fn new(slot: Slot, time: Time) -> ThreadClock {
        let mut times = vec![Time::ZERO; slot.index() + 1];
        times[slot.index()] = time;
        ThreadClock { slot, times, published: None, snapshots: SnapshotMaker::new(), joined: Vec::new() }
    }

    /// The thread's current step.
    #[inline]
    pub fn epoch(&self) -> Epoch {
        Epoch::new(self.slot, self.times[self.slot.index()])
    }

    /// How far the thread knows `slot`.
    #[inline]
    pub fn time_of(&self, slot: Slot) -> Time {
        self.times.get(slot.index()).copied().unwrap_or(Time::ZERO)
    }

    /// Whether all that `epoch`'s slot did up to it happens before this thread's next step.
    #[inline]
    pub fn knows(&self, epoch: Epoch) -> bool {
        self.time_of(epoch.slot()) >= epoch.time()
    }

    /// Publishes all that the thread did and knows, and steps on. False for the second value when the slot's times
    /// are exhausted: the step then stays the same, and [`ThreadClock::move_to`] is due before the next access.
    pub fn release(&mut self) -> (Head, bool) {
        let epoch = self.epoch();
        let known = match &self.published {
            Some(snapshot) => snapshot.clone(),
            None => self.published.insert(self.snapshots.make(&self.times)).clone(),
        };
        (Head { epoch, known }, self.step())
    }

    /// Makes an earlier release of this thread in `heads`, which knew as much then, the one of the present step, from which
    /// the thread is to [step on](ThreadClock::step). False when there is none. What `heads` carry of others was not known to
    /// this thread then, and is not now.
    #[inline]
    pub fn release_again(&self, present: Epoch, heads: &mut Heads) -> bool {
        debug_assert_eq!(present, self.epoch());
        self.published.as_ref().is_some_and(|published| heads.renew(present, published))
    }

    /// Whether what the thread knows is what it knew when it published what has that identity.
    #[inline(always)]
    pub fn has_published(&self, known: u64) -> bool {
        self.published.as_ref().is_some_and(|published| published.id() == known)
    }

    /// What was published last is not all any more.
    #[inline]
    fn outdate(&mut self) {
        if let Some(published) = self.published.take() {
            self.snapshots.retire(published);
        }
    }

    /// The next step; false when there is none.
    #[inline]
    pub fn step(&mut self) -> bool {
        let own = &mut self.times[self.slot.index()];
        match own.next() {
            Some(next) => {
                *own = next;
                true
            }
            None => false,
        }
    }

    /// Learns all that `heads` carry. Says whether anything was new.
    pub fn acquire(&mut self, heads: &Heads) -> bool {
        let mut learned = false;
        for head in heads.iter() {
            learned |= self.acquire_head(head);
        }
        learned
    }

    /// Learns what one release carries. Says whether anything was new.
    pub fn acquire_head(&mut self, head: &Head) -> bool {
        if self.knows(head.epoch) {
            return false;
        }
        self.outdate();
        let from = head.epoch.slot().index();
        let known = head.known.times();
        let length = known.len().max(from + 1);
        if self.times.len() < length {
            self.times.resize(length, Time::ZERO);
        }
        let place = from % JOINED;
        if self.joined.len() <= place {
            self.joined.resize(place + 1, 0);
        }
        if self.joined[place] != head.known.id() {
            self.joined[place] = head.known.id();
            for (mine, theirs) in self.times.iter_mut().zip(known) {
                *mine = (*mine).max(*theirs);
            }
        }
        self.times[from] = self.times[from].max(head.epoch.time());
        true
    }

    /// Learns of a release whose thread knew what has that identity, if the clock has joined that. False when it has not:
    /// nothing is learned then.
    #[inline]
    pub fn acquire_time(&mut self, release: Epoch, known: u64) -> bool {
        let from = release.slot().index();
        if self.joined.get(from % JOINED) != Some(&known) || from >= self.times.len() {
            return false;
        }
        self.outdate();
        self.times[from] = self.times[from].max(release.time());
        true
    }

    /// Learns what the last owner of the clock's slot knew at its end, for knowing which the clock's own time passes.
    pub fn inherit(&mut self, left: &Head) {
        self.outdate();
        let known = left.known.times();
        if self.times.len() < known.len() {
            self.times.resize(known.len(), Time::ZERO);
        }
        for (mine, theirs) in self.times.iter_mut().zip(known) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// Takes for granted that all of `epoch`'s slot up to it happens before, with nothing else that its thread knew.
    pub fn assume(&mut self, epoch: Epoch) {
        let slot = epoch.slot().index();
        self.outdate();
        if self.times.len() <= slot {
            self.times.resize(slot + 1, Time::ZERO);
        }
        self.times[slot] = self.times[slot].max(epoch.time());
    }

    /// Goes on in another slot, at `time`; what was done in the old one stays known.
    pub fn move_to(&mut self, slot: Slot, time: Time) {
        self.outdate();
        if self.times.len() <= slot.index() {
            self.times.resize(slot.index() + 1, Time::ZERO);
        }
        self.slot = slot;
        self.times[slot.index()] = time;
    }

    /// All that the thread knows becomes common, and it learns all that is common.
    pub(super) fn share(&mut self, common: &mut Vec<Time>) {
        self.outdate();
        let length = self.times.len().max(common.len());
        self.times.resize(length, Time::ZERO);
        common.resize(length, Time::ZERO);
        for (mine, theirs) in self.times.iter_mut().zip(common) {
            *mine = (*mine).max(*theirs);
            *theirs = *mine;
        }
    }

    /// All times, by slot.
    pub fn times(&self) -> &[Time] {
        &self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(slot: usize) -> ThreadClock {
        ThreadClock::new(Slot::new(slot), Time::new(1))
    }

    #[test]
    fn a_release_is_known_to_who_acquires_it_and_to_nobody_else() {
        let (mut a, mut b, c) = (clock(0), clock(1), clock(2));
        let before = a.epoch();
        let mut object = Heads::new();
        object.replace(a.release().0);
        assert!(b.acquire(&object));
        assert!(b.knows(before));
        assert!(!b.knows(a.epoch()), "what follows the release is not carried");
        assert!(!c.knows(before));
        assert!(!b.acquire(&object), "the second time teaches nothing");
    }

    #[test]
    fn knowledge_is_transitive() {
        let (mut a, mut b, mut c) = (clock(0), clock(1), clock(2));
        let first = a.epoch();
        b.acquire_head(&a.release().0);
        c.acquire_head(&b.release().0);
        assert!(c.knows(first));
    }

    #[test]
    fn a_known_snapshot_still_brings_the_newer_epoch() {
        let (mut a, mut b) = (clock(0), clock(1));
        b.acquire_head(&a.release().0);
        let later = a.epoch();
        b.acquire_head(&a.release().0);
        assert!(b.knows(later));
    }

    #[test]
    fn merged_heads_carry_all_releasers() {
        let (mut a, mut b, mut c) = (clock(0), clock(1), clock(2));
        let mut object = Heads::new();
        let (first, second) = (a.epoch(), b.epoch());
        let head = a.release().0;
        object.merge_own(head, &a);
        let head = b.release().0;
        object.merge_own(head, &b);
        assert_eq!(object.iter().count(), 2);
        c.acquire(&object);
        assert!(c.knows(first) && c.knows(second));
        let head = c.release().0;
        object.merge_own(head, &c);
        assert_eq!(object.iter().count(), 1, "c's release carries both");
    }

    #[test]
    fn moving_to_another_slot_keeps_the_past() {
        let (mut a, mut b) = (clock(0), clock(1));
        let old = a.epoch();
        a.move_to(Slot::new(5), Time::new(1));
        b.acquire_head(&a.release().0);
        assert!(b.knows(old));
        assert!(b.knows(Epoch::new(Slot::new(5), Time::new(1))));
    }
}
