//! A slot that several live threads have at the same time, because there is none left.
//!
//! Naively each would have a column of its own. Here they have one, so a thread that knows a time of it counts as knowing all
//! that each of them did up to that time, and, as with any slot, all that was published up to it. The second has to be true,
//! or a thread would not learn what it should. So the times are given out in one sequence, and whoever gets one learns
//! all that the others knew when they last got one, and they what it knows:
//!
//! ```text
//! a release: all that the thread knows becomes common, the thread learns all that is common,
//!            and publishes that with the next time; the one after is the thread's own
//! ```
//!
//! Guarantees: a later time carries all that an earlier one does, so that no order is lost. Can miss: races between
//! those who share, and between what one of them knows and another does.

use super::{Epoch, Head, Slot, Snapshot, ThreadClock, Time};

/// What those who share the slot know together.
#[derive(Debug)]
pub struct SharedSlot {
    slot: Slot,
    /// By slot.
    common: Vec<Time>,
    /// The newest time given out.
    newest: Time,
}

impl SharedSlot {
    /// A slot that nobody has had.
    pub fn new(slot: Slot) -> SharedSlot {
        SharedSlot { slot, common: Vec::new(), newest: Time::ZERO }
    }

    /// Which one it is.
    pub fn slot(&self) -> Slot {
        self.slot
    }

    /// The newest time that was given out.
    pub fn newest(&self) -> Time {
        self.newest
    }

    /// `clock` goes on in the slot at a time of its own. `None` when no time is left.
    pub fn step(&mut self, clock: &mut ThreadClock) -> Option<()> {
        clock.share(&mut self.common);
        self.newest = self.newest.next()?;
        clock.move_to(self.slot, self.newest);
        Some(())
    }

    /// Publishes all that the thread of `clock` did and knows, and steps on. `None` when no time is left.
    pub fn release(&mut self, clock: &mut ThreadClock) -> Option<Head> {
        self.step(clock)?;
        let head = Head { epoch: Epoch::new(self.slot, self.newest), known: Snapshot::new(clock.times()) };
        self.newest = self.newest.next()?;
        clock.move_to(self.slot, self.newest);
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Heads;

    fn sharers() -> (SharedSlot, ThreadClock, ThreadClock) {
        let slot = Slot::new(3);
        let mut shared = SharedSlot::new(slot);
        let mut clocks = [0, 1].map(|_| ThreadClock::new(slot, Time::ZERO));
        clocks.iter_mut().for_each(|clock| shared.step(clock).expect("times are left"));
        let [one, other] = clocks;
        (shared, one, other)
    }

    #[test]
    fn a_later_time_carries_what_an_earlier_one_does() {
        let (mut shared, mut one, mut other) = sharers();
        let mut stranger = ThreadClock::new(Slot::new(0), Time::new(1));
        let done = stranger.epoch();
        one.acquire_head(&stranger.release().0);
        let mut object = Heads::new();
        let head = shared.release(&mut one).expect("times are left");
        object.merge(&head);
        // In place of the head before, as it is of the same slot.
        let head = shared.release(&mut other).expect("times are left");
        object.merge(&head);
        let mut third = ThreadClock::new(Slot::new(1), Time::new(1));
        third.acquire(&object);
        assert!(third.knows(done));
    }

    #[test]
    fn who_shares_learns_what_is_published_after_its_own_last_step() {
        let (mut shared, mut one, mut other) = sharers();
        let mut stranger = ThreadClock::new(Slot::new(0), Time::new(1));
        let done = stranger.epoch();
        one.acquire_head(&stranger.release().0);
        let head = shared.release(&mut one).expect("times are left");
        assert!(!other.knows(done));
        assert!(other.acquire_head(&head) && other.knows(done));
    }

    #[test]
    fn a_release_carries_the_accesses_before_it_and_not_those_after() {
        let (mut shared, mut one, _) = sharers();
        let before = one.epoch();
        let head = shared.release(&mut one).expect("times are left");
        let mut third = ThreadClock::new(Slot::new(1), Time::new(1));
        third.acquire_head(&head);
        assert!(third.knows(before) && !third.knows(one.epoch()));
    }

    #[test]
    fn exhaustion_is_told() {
        let (mut shared, mut one, _) = sharers();
        shared.newest = Time::LAST;
        assert!(shared.release(&mut one).is_none() && shared.step(&mut one).is_none());
    }
}
