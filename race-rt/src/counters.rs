//! What the engine had to give up, counted: nothing is lost in silence.

use crate::sys::atomic::{AtomicU64, Ordering::Relaxed};

/// A count of rare events.
#[derive(Debug)]
pub struct Counter {
    events: AtomicU64,
    /// How many of them are told as one.
    unit: u64,
}

impl Counter {
    const fn new() -> Counter {
        Counter::by(1)
    }

    const fn by(unit: u64) -> Counter {
        Counter { events: AtomicU64::new(0), unit }
    }

    /// One more.
    #[cold]
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    #[cold]
    pub fn add(&self, more: u64) {
        self.events.fetch_add(more, Relaxed);
    }

    /// How many so far, in what they are told in.
    pub fn get(&self) -> u64 {
        self.events.load(Relaxed).div_ceil(self.unit)
    }
}

/// All counts of a process.
#[derive(Debug)]
pub struct Counters {
    /// Entries forgotten because no record was to be had.
    pub entries_lost: Counter,
    /// Atomics whose edges were not kept because no cell was to be had.
    pub edges_lost: Counter,
    /// How often a recursive call was left out of a stack because the context tree was large.
    pub stacks_folded: Counter,
    /// How often a stack was cut to its innermost frames because the context tree was full.
    pub stacks_cut: Counter,
    /// Locks held at an access that no report will show, because the room for them was full.
    pub holds_lost: Counter,
    /// Races that were not reported because there were as many reports as there may be.
    pub reports_withheld: Counter,
    /// Accesses at addresses that have no shadow.
    pub accesses_uncovered: Counter,
    /// Events of signal handlers that interrupted the engine itself.
    pub events_reentrant: Counter,
    /// Bytes of shadow whose accesses were forgotten because there was no more room for them; told in MiB.
    pub shadow_forgotten: Counter,
    /// Threads that share a slot with others, or took one from an ended thread that they are not ordered after.
    pub slots_merged: Counter,
    /// Steps for which there was no time left.
    pub times_exhausted: Counter,
}

/// This process's counts.
pub static COUNTERS: Counters = Counters::new();

/// What a count is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Concern {
    /// A race that might not be seen.
    Races,
    /// What the reports show of one.
    Reports,
}

impl Counters {
    const fn new() -> Counters {
        Counters {
            entries_lost: Counter::new(),
            edges_lost: Counter::new(),
            stacks_folded: Counter::new(),
            stacks_cut: Counter::new(),
            holds_lost: Counter::new(),
            reports_withheld: Counter::new(),
            accesses_uncovered: Counter::new(),
            events_reentrant: Counter::new(),
            shadow_forgotten: Counter::by(1 << 20),
            slots_merged: Counter::new(),
            times_exhausted: Counter::new(),
        }
    }

    fn all(&self) -> [(&Counter, Concern, &'static str); 11] {
        use Concern::{Races, Reports};
        [
            (&self.entries_lost, Races, "accesses forgotten (out of shadow records)"),
            (&self.edges_lost, Races, "atomics without edges (out of cells)"),
            (&self.stacks_folded, Reports, "recursive calls left out of stacks (context tree large)"),
            (&self.stacks_cut, Reports, "call stacks cut to two frames (context tree full)"),
            (&self.holds_lost, Reports, "held locks not kept (out of marks)"),
            (&self.reports_withheld, Reports, "races not reported (max_reports)"),
            (&self.accesses_uncovered, Races, "accesses outside the shadow"),
            (&self.events_reentrant, Races, "events in signal handlers skipped"),
            (&self.shadow_forgotten, Races, "MiB of shadow forgotten (memory_limit)"),
            (&self.slots_merged, Races, "threads merged with others (out of slots)"),
            (&self.times_exhausted, Races, "steps since which no race is reported (out of times)"),
        ]
    }

    /// A forked child counts for itself: what its parent gave up the parent tells.
    pub fn reset(&self) {
        self.all().iter().for_each(|(counter, ..)| counter.events.store(0, Relaxed));
    }

    /// One line that says what was given up; `None` when nothing was. What concerns reports is of interest where there
    /// are any.
    pub fn summary(&self, with_reports: bool) -> Option<String> {
        let all = self.all();
        let parts: Vec<String> = all
            .iter()
            .filter(|(counter, concern, _)| counter.get() > 0 && (with_reports || *concern == Concern::Races))
            .map(|(counter, _, what)| format!("{} {what}", counter.get()))
            .collect();
        (!parts.is_empty()).then(|| format!("race: {}\n", parts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reports_lack_is_told_with_reports_only() {
        let counters = Counters::new();
        counters.stacks_folded.increment();
        counters.stacks_folded.increment();
        assert_eq!(counters.summary(false), None);
        let told = "2 recursive calls left out of stacks (context tree large)";
        assert_eq!(counters.summary(true), Some(format!("race: {told}\n")));
        counters.edges_lost.increment();
        assert_eq!(counters.summary(false).as_deref(), Some("race: 1 atomics without edges (out of cells)\n"));
        assert_eq!(counters.summary(true), Some(format!("race: 1 atomics without edges (out of cells), {told}\n")));
    }
}
