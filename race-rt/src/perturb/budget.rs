//! What pauses may cost: a process has a sum to begin with, and a share of the time that it has run.
//!
//! Naively, with `spent` for all pauses so far: `spent + pause <= grace + running / share`. Guarantee: the sum of all
//! pauses of a process stays below that, however many threads ask at once. What a pause is prolonged by while others
//! wait for a processor is not asked for before; with `perturb=full` it is charged afterwards, so that each pause exceeds
//! the sum once at most.

use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;

use crate::options::Perturb;
use crate::sys::atomic::AtomicU64;
use crate::sys::atomic::Ordering::Relaxed;

static SPENT: AtomicU64 = AtomicU64::new(0);
static PAUSES: AtomicU64 = AtomicU64::new(0);
static START: OnceCell<Instant> = OnceCell::new();

/// What a process may spend on pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Budget {
    /// However short it runs.
    grace: Duration,
    /// One part in so many of its run time.
    share: u32,
}

impl Budget {
    const ON: Budget = Budget { grace: Duration::from_millis(80), share: 20 };
    const FULL: Budget = Budget { grace: Duration::from_millis(400), share: 4 };

    fn allows(self, spent: Duration, running: Duration) -> bool {
        spent < self.grace + running / self.share
    }
}

/// Takes `pause` from what the process may spend with this setting. False when that is not enough.
pub(super) fn spend(pause: Duration, perturb: Perturb) -> bool {
    let budget = match perturb {
        Perturb::Off => return false,
        Perturb::On => Budget::ON,
        Perturb::Full => Budget::FULL,
    };
    let running = START.get_or_init(Instant::now).elapsed();
    let nanoseconds = pause.as_nanos() as u64;
    let spent = Duration::from_nanos(SPENT.fetch_add(nanoseconds, Relaxed) + nanoseconds);
    let allowed = budget.allows(spent, running);
    if allowed {
        PAUSES.fetch_add(1, Relaxed);
    } else {
        SPENT.fetch_sub(nanoseconds, Relaxed);
    }
    allowed
}

/// How many pauses there were so far, and how long all of them.
pub fn spent() -> (u64, Duration) {
    (PAUSES.load(Relaxed), Duration::from_nanos(SPENT.load(Relaxed)))
}

/// A pause that was to be so long took so long: the difference is given back, or taken, whether it is there or not.
pub(super) fn settle(asked: Duration, taken: Duration) {
    SPENT.fetch_add((taken.as_nanos() as u64).wrapping_sub(asked.as_nanos() as u64), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_run_time_comes_on_top_of_the_grace() {
        let (second, little) = (Duration::from_secs(1), Duration::from_millis(1));
        for (budget, of_ten_seconds) in [(Budget::ON, 500), (Budget::FULL, 2500)] {
            let of_ten_seconds = budget.grace + Duration::from_millis(of_ten_seconds);
            assert!(
                budget.allows(budget.grace - little, Duration::ZERO) && !budget.allows(budget.grace, Duration::ZERO)
            );
            assert!(budget.allows(of_ten_seconds - little, 10 * second) && !budget.allows(of_ten_seconds, 10 * second));
        }
    }

    #[test]
    fn what_is_refused_is_not_spent() {
        let too_long = Duration::from_secs(3600);
        assert!(!spend(too_long, Perturb::On));
        assert!(!spend(too_long, Perturb::Full));
        assert!(spend(Duration::from_nanos(1), Perturb::On));
        assert!(!spend(Duration::from_nanos(1), Perturb::Off));
    }
}
