//! Around the creation of a thread: how late it begins, and how long its creator pauses then.
//!
//! Two ask for it. A test that is run again gets another schedule: from its second run on, each of the first [`SHIFTED`]
//! threads that it creates begins late or not, and its creator pauses or not, as drawn from the seed, the run and the
//! thread's number. With `perturb=full` that is so of every thread, less often, farther, and within the budget.

use std::time::Duration;

use super::temper::stretched;
use super::{budget, is_even, mix, pause, seed};
use crate::options::Perturb;
use crate::report::attribution::{self, Trial};
use crate::start::options;
use crate::sys::atomic::AtomicU64;
use crate::sys::atomic::Ordering::Relaxed;
use crate::thread::{ThreadId, registry};

/// Threads created in one run of a test that begin at another time than in the others.
const SHIFTED: u64 = 32;
/// By how much at most.
const FARTHEST: Duration = Duration::from_micros(1500);

/// What is different around the creation of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    /// How late the new thread begins.
    child: Option<Duration>,
    /// How long its creator pauses then.
    creator: Option<Duration>,
}

impl Shift {
    /// That of the thread that `creator` is about to create, if it is to have one.
    pub fn of_next(creator: ThreadId) -> Option<Shift> {
        match options().perturb {
            Perturb::Off => None,
            Perturb::On => {
                let trial = trial_of(creator).filter(|trial| trial.run > 1)?;
                Some(Shift::draw(seed(), trial, trial.next_thread()))
            }
            Perturb::Full if is_even(seed()) => None,
            Perturb::Full => {
                static CREATED: AtomicU64 = AtomicU64::new(0);
                let (run, number) = match trial_of(creator) {
                    Some(trial) => (trial.run, trial.next_thread()),
                    None => (0, CREATED.fetch_add(1, Relaxed)),
                };
                Some(Shift::draw_far(seed(), run, number).within_budget())
            }
        }
    }

    fn draw(seed: u64, trial: Trial, number: u64) -> Shift {
        if number >= SHIFTED {
            return Shift { child: None, creator: None };
        }
        let drawn = mix(mix(seed ^ u64::from(trial.run)) ^ number);
        let pause = |drawn: u64| {
            let length = Duration::from_nanos((drawn >> 1) % FARTHEST.as_nanos() as u64);
            (drawn & 1 == 0).then_some(length)
        };
        Shift { child: pause(drawn), creator: pause(mix(drawn)) }
    }

    /// Three of eight begin late, and one of four creators pauses.
    fn draw_far(seed: u64, run: u32, number: u64) -> Shift {
        let drawn = mix(mix(seed ^ (u64::from(run) << 32)).wrapping_add(number));
        let pause = |drawn: u64, eighths, steps| (drawn % 8 < eighths).then(|| stretched(drawn >> 3, steps));
        Shift { child: pause(drawn, 3, 6), creator: pause(mix(drawn), 2, 4) }
    }

    fn within_budget(self) -> Shift {
        let allowed = |pause: Option<Duration>| pause.filter(|pause| budget::spend(*pause, Perturb::Full));
        Shift { child: allowed(self.child), creator: allowed(self.creator) }
    }

    /// The new thread is about to begin.
    pub fn before_begin(self) {
        self.child.into_iter().for_each(pause::pause);
    }

    /// The new thread exists; in place of [`after_spawn`](super::after_spawn).
    pub(super) fn after_spawn(self) {
        self.creator.into_iter().for_each(pause::pause);
    }
}

fn trial_of(creator: ThreadId) -> Option<Trial> {
    if attribution::is_in_use() { registry::trial_of(creator) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::attribution::TestId;

    fn shifts(seed: u64, run: u32) -> Vec<Shift> {
        let trial = Trial { run, ..TestId::begin("shifted").begin_run(1) };
        (0..SHIFTED + 1).map(|number| Shift::draw(seed, trial, number)).collect()
    }

    #[test]
    fn runs_differ_and_seeds_repeat() {
        assert_eq!(shifts(7, 2), shifts(7, 2));
        assert_ne!(shifts(7, 2), shifts(7, 3));
        assert_ne!(shifts(7, 2), shifts(8, 2));
    }

    #[test]
    fn some_begin_late_and_some_do_not_and_none_later_than_allowed() {
        let shifts = shifts(7, 2);
        let late = shifts.iter().filter_map(|shift| shift.child).collect::<Vec<_>>();
        assert!((8..24).contains(&late.len()), "{late:?}");
        assert!(late.iter().all(|pause| *pause < FARTHEST));
        assert_eq!(shifts.last(), Some(&Shift { child: None, creator: None }));
    }

    #[test]
    fn three_of_eight_begin_far_later() {
        let shifts = |seed| (0..400).map(|number| Shift::draw_far(seed, 0, number)).collect::<Vec<Shift>>();
        assert_ne!(shifts(7), shifts(8));
        let shifts = shifts(7);
        let late = shifts.iter().filter_map(|shift| shift.child).collect::<Vec<_>>();
        assert!((110..190).contains(&late.len()), "{}", late.len());
        assert!(late.iter().all(|pause| *pause < super::super::temper::LONGEST));
    }
}
