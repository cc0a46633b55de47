//! What a thread knew of the others at one moment: an immutable vector of times, shared by all that it released then.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{Slot, Time};
use crate::sys::atomic::{AtomicU64, Ordering};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Times that a snapshot holds without memory of their own.
const FEW: usize = 8;

/// A frozen vector clock. Slots beyond its length are at [`Time::ZERO`].
#[derive(Debug)]
pub struct Snapshot {
    /// Never used twice, so "I have joined this one" can be remembered without keeping it alive.
    id: u64,
    times: SmallVec<[Time; FEW]>,
}

impl Snapshot {
    /// Freezes `times`.
    pub fn new(times: &[Time]) -> Arc<Snapshot> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Arc::new(Snapshot { id, times: times.into() })
    }

    fn freeze_again(&mut self, id: u64, times: &[Time]) {
        self.id = id;
        self.times.clear();
        self.times.extend_from_slice(times);
    }

    /// The snapshot's identity; zero is nobody's.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The frozen times, by slot.
    pub fn times(&self) -> &[Time] {
        &self.times
    }

    /// How far the snapshot knows `slot`.
    pub fn time_of(&self, slot: Slot) -> Time {
        self.times.get(slot.index()).copied().unwrap_or(Time::ZERO)
    }
}

/// Where a thread gets its snapshots: it makes one whenever it releases after it has learned something. Those that nobody
/// holds any more are used again, so that a lock that is handed to and fro costs no allocation.
#[derive(Debug)]
pub(super) struct SnapshotMaker {
    ids: Range<u64>,
    /// What was published, oldest first from `oldest` on, if small.
    retired: [Option<Arc<Snapshot>>; SnapshotMaker::RETIRED],
    oldest: usize,
}

impl SnapshotMaker {
    /// How many are kept to be used again.
    const RETIRED: usize = 4;
    /// Longer ones are not kept.
    const LONGEST: usize = 256;
    /// Identities that a thread takes at once.
    const IDS: u64 = 1024;

    /// Has none.
    pub(super) const fn new() -> SnapshotMaker {
        SnapshotMaker { ids: 0..0, retired: [const { None }; SnapshotMaker::RETIRED], oldest: 0 }
    }

    /// Freezes `times`.
    pub(super) fn make(&mut self, times: &[Time]) -> Arc<Snapshot> {
        if self.ids.is_empty() {
            let first = NEXT_ID.fetch_add(SnapshotMaker::IDS, Ordering::Relaxed);
            self.ids = first..first + SnapshotMaker::IDS;
        }
        let id = self.ids.start;
        self.ids.start += 1;
        // A look at the count comes first, because to be certain takes the processor longer.
        let unheld = self.retired[self.oldest].take_if(|retired| Arc::strong_count(retired) == 1);
        if let Some(mut snapshot) = unheld
            && let Some(place) = Arc::get_mut(&mut snapshot)
        {
            place.freeze_again(id, times);
            return snapshot;
        }
        Arc::new(Snapshot { id, times: times.into() })
    }

    /// The thread will not publish `snapshot` any more.
    pub(super) fn retire(&mut self, snapshot: Arc<Snapshot>) {
        if snapshot.times.len() <= SnapshotMaker::LONGEST {
            self.retired[self.oldest] = Some(snapshot);
            self.oldest = (self.oldest + 1) % SnapshotMaker::RETIRED;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_used_again_only_when_nobody_holds_it_and_under_another_identity() {
        let mut maker = SnapshotMaker::new();
        let held = maker.make(&[Time::new(1)]);
        let others: Vec<_> = (2..=4).map(|count| maker.make(&[Time::new(count)])).collect();
        let unheld = Arc::as_ptr(&others[0]);
        let mut identities: Vec<u64> = others.iter().map(|snapshot| snapshot.id()).collect();
        maker.retire(held.clone());
        others.into_iter().for_each(|snapshot| maker.retire(snapshot));
        let in_place_of_the_held = maker.make(&[Time::new(5)]);
        assert_eq!(held.times(), [Time::new(1)]);
        maker.retire(in_place_of_the_held);
        let again = maker.make(&[Time::new(6), Time::new(7)]);
        assert_eq!(Arc::as_ptr(&again), unheld);
        assert_eq!(again.times(), [Time::new(6), Time::new(7)]);
        identities.push(held.id());
        assert!(!identities.contains(&again.id()));
    }
}
