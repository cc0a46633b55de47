//! Whether a race has been reported before.
//!
//! Two races are the same when the same two places of the code take part on behalf of the same tests, whichever comes
//! first, whatever they do there and at whatever address: a loop over an array is one race. Guarantees: the first of each
//! pair is always new; with `suppress_equal_stacks=0` every one is. Can miss: two different races between the same two
//! instructions (of a shared helper function called from elsewhere) are told apart only with `suppress_equal_stacks=0`.

use std::num::NonZero;
use std::sync::PoisonError;

use hashbrown::HashSet;

use crate::report::attribution::Charged;
use crate::report::model::{Pc, Report, Stack};
use crate::sys::atomic::Mutex;
use crate::sys::atomic::{AtomicU64, Ordering};

/// The two places of a race, in no order, and the tests that it is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RaceKey {
    lower: Pc,
    higher: Pc,
    tests: Charged,
}

impl RaceKey {
    /// The key of a race between accesses made at these two places.
    pub fn new(one: Pc, other: Pc) -> Self {
        Self { lower: one.min(other), higher: one.max(other), tests: Charged::default() }
    }

    /// The same, in threads of these tests.
    pub fn in_tests(self, tests: Charged) -> Self {
        Self { tests, ..self }
    }

    /// The key of a report: the innermost place of each stack that is not this library's own.
    pub fn of(report: &Report, is_own: impl Fn(Pc) -> bool) -> Self {
        let place = |stack: &Stack| {
            let first_foreign = stack.iter().find(|&&pc| !is_own(pc));
            first_foreign.or(stack.first()).copied().unwrap_or_default()
        };
        Self::new(place(&report.current.stack), place(&report.previous.stack))
    }
}

/// What becomes of a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is reported.
    Reported,
    /// It has been reported before.
    Repeated,
    /// There are as many reports as there may be.
    Withheld,
}

/// Remembers what has been reported and counts.
#[derive(Default)]
pub struct Dedupe {
    seen: Mutex<Option<HashSet<RaceKey>>>,
    reported: AtomicU64,
    suppressed: AtomicU64,
}

impl Dedupe {
    /// Nothing reported yet.
    pub const fn new() -> Self {
        Self { seen: Mutex::new(None), reported: AtomicU64::new(0), suppressed: AtomicU64::new(0) }
    }

    /// What to do about the race, which is counted so.
    ///
    /// `suppress_equal` is the option `suppress_equal_stacks`, `most` the option `max_reports`.
    pub fn admit(&self, key: RaceKey, suppress_equal: bool, most: Option<NonZero<u32>>) -> Admission {
        // Kept until the race is counted, so that no thread reports one too many.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.get_or_insert_default().insert(key) && suppress_equal {
            self.suppressed.fetch_add(1, Ordering::Relaxed);
            return Admission::Repeated;
        }
        if most.is_some_and(|most| self.reported() >= u64::from(most.get())) {
            return Admission::Withheld;
        }
        self.reported.fetch_add(1, Ordering::Relaxed);
        Admission::Reported
    }

    /// Nothing has been reported any more, as in a forked child, whose parent's reports are not its own.
    pub fn forget(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.reported.store(0, Ordering::Relaxed);
        self.suppressed.store(0, Ordering::Relaxed);
    }

    /// How many races were to be reported so far.
    pub fn reported(&self) -> u64 {
        self.reported.load(Ordering::Relaxed)
    }

    /// How many were repeats.
    pub fn suppressed(&self) -> u64 {
        self.suppressed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::Admission::{Repeated, Reported, Withheld};
    use super::*;

    #[test]
    fn a_pair_is_new_once_in_either_order() {
        let dedupe = Dedupe::new();
        assert_eq!(dedupe.admit(RaceKey::new(Pc(1), Pc(2)), true, None), Reported);
        assert_eq!(dedupe.admit(RaceKey::new(Pc(1), Pc(2)), true, None), Repeated);
        assert_eq!(dedupe.admit(RaceKey::new(Pc(2), Pc(1)), true, None), Repeated);
        assert_eq!(dedupe.admit(RaceKey::new(Pc(1), Pc(1)), true, None), Reported);
        assert_eq!((dedupe.reported(), dedupe.suppressed()), (2, 2));
    }

    #[test]
    fn nothing_is_suppressed_on_request() {
        let dedupe = Dedupe::new();
        assert_eq!(dedupe.admit(RaceKey::new(Pc(1), Pc(2)), false, None), Reported);
        assert_eq!(dedupe.admit(RaceKey::new(Pc(1), Pc(2)), false, None), Reported);
        assert_eq!((dedupe.reported(), dedupe.suppressed()), (2, 0));
    }

    #[test]
    fn of_two_threads_with_one_race_one_reports_it() {
        let dedupe = Dedupe::new();
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| dedupe.admit(RaceKey::new(Pc(3), Pc(4)), true, None))).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().expect("no panic") == Reported)).sum()
        });
        assert_eq!(admitted, 1);
        assert_eq!((dedupe.reported(), dedupe.suppressed()), (1, 7));
    }

    #[test]
    fn no_more_are_reported_than_may_be() {
        let dedupe = Dedupe::new();
        let most = NonZero::new(2);
        let admit = |pc| dedupe.admit(RaceKey::new(Pc(1), Pc(pc)), true, most);
        assert_eq!([2, 3, 4, 4, 2].map(admit), [Reported, Reported, Withheld, Repeated, Repeated]);
        assert_eq!((dedupe.reported(), dedupe.suppressed()), (2, 2));
    }
}
