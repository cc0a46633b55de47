//! What a thread knew of the others at one moment: an immutable vector of times, shared by all that it released then.

use std::sync::Arc;

use super::{Slot, Time};
use crate::sys::atomic::{AtomicU64, Ordering};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A frozen vector clock. Slots beyond its length are at [`Time::ZERO`].
#[derive(Debug)]
pub struct Snapshot {
    /// Never used twice, so "I have joined this one" can be remembered without keeping it alive.
    id: u64,
    times: Box<[Time]>,
}

impl Snapshot {
    /// Freezes `times`.
    pub fn new(times: &[Time]) -> Arc<Snapshot> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Arc::new(Snapshot { id, times: times.into() })
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
