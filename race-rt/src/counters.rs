//! What the engine had to give up, counted: nothing is lost in silence.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A count of rare events.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    const fn new() -> Counter {
        Counter(AtomicU64::new(0))
    }

    /// One more.
    #[cold]
    pub fn increment(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// All counts of a process.
#[derive(Debug)]
pub struct Counters {
    /// Entries forgotten because no record was to be had.
    pub entries_lost: Counter,
    /// Atomics whose edges were not kept because no cell was to be had.
    pub edges_lost: Counter,
    /// Call stacks not kept because the context tree was full.
    pub stacks_lost: Counter,
    /// Locks held at an access that no report will show, because the room for them was full.
    pub holds_lost: Counter,
    /// Accesses at addresses that have no shadow.
    pub accesses_uncovered: Counter,
    /// Events of signal handlers that interrupted the engine itself.
    pub events_reentrant: Counter,
    /// Threads that had to share the last slot.
    pub slots_merged: Counter,
}

/// This process's counts.
pub static COUNTERS: Counters = Counters {
    entries_lost: Counter::new(),
    edges_lost: Counter::new(),
    stacks_lost: Counter::new(),
    holds_lost: Counter::new(),
    accesses_uncovered: Counter::new(),
    events_reentrant: Counter::new(),
    slots_merged: Counter::new(),
};

impl Counters {
    fn all(&self) -> [(&Counter, &'static str); 7] {
        [
            (&self.entries_lost, "accesses forgotten (out of shadow records)"),
            (&self.edges_lost, "atomics without edges (out of cells)"),
            (&self.stacks_lost, "call stacks lost (context tree full)"),
            (&self.holds_lost, "held locks not kept (out of marks)"),
            (&self.accesses_uncovered, "accesses outside the shadow"),
            (&self.events_reentrant, "events in signal handlers skipped"),
            (&self.slots_merged, "threads without a slot of their own"),
        ]
    }

    /// A forked child counts for itself: what its parent gave up the parent tells.
    pub fn reset(&self) {
        self.all().iter().for_each(|(counter, _)| counter.0.store(0, Relaxed));
    }

    /// One line that says what was given up; `None` when nothing was.
    pub fn summary(&self) -> Option<String> {
        let all = self.all();
        let parts: Vec<String> = all
            .iter()
            .filter(|(counter, _)| counter.get() > 0)
            .map(|(counter, what)| format!("{} {what}", counter.get()))
            .collect();
        (!parts.is_empty()).then(|| format!("race: {}\n", parts.join(", ")))
    }
}
