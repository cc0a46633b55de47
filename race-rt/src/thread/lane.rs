//! Lanes: the states that tasks share when there are too many for a slot each.
//!
//! Whoever runs on a lane goes on where the one before stopped, so tasks of one lane pass for one thread: ordered where
//! they are not, which hides races between them and never makes up any. A task keeps to its lane; when that is taken by
//! another at the moment, it changes to the lane that has been free for longest, after acquiring what the old one
//! released last, which carries all that the task did.

use std::collections::VecDeque;
use std::sync::MutexGuard;

use super::{Thread, ThreadId, registry};
use crate::clock::Head;
use crate::counters::COUNTERS;
use crate::sys::atomic::Mutex;

/// Lanes that are made before any is shared: neighbours in time get different ones.
const SPREAD: usize = 64;

/// Which lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneNumber(usize);

#[derive(Debug, Default)]
struct Lane {
    /// `None` while a task runs on it.
    state: Option<Box<Thread>>,
    /// What the last turn on it released at its end.
    left: Option<Head>,
}

#[derive(Debug)]
struct Lanes {
    all: Vec<Lane>,
    /// Those on which nobody runs, the one that was left first in front.
    free: VecDeque<LaneNumber>,
}

// SAFETY: the states of free lanes are nobody else's, and their pointers are their own.
unsafe impl Send for Lanes {}

static LANES: Mutex<Lanes> = Mutex::new(Lanes { all: Vec::new(), free: VecDeque::new() });

fn lanes() -> MutexGuard<'static, Lanes> {
    LANES.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Lanes {
    fn take(&mut self, home: Option<LaneNumber>) -> Option<LaneNumber> {
        match home {
            Some(home) if self.all[home.0].state.is_some() => {
                self.free.retain(|free| *free != home);
                Some(home)
            }
            None if self.all.len() < SPREAD => None,
            _ => self.free.pop_front(),
        }
    }
}

/// A state for a turn of the task `id`, which ran on lane `home` before, if at all.
pub(super) fn enter(home: Option<LaneNumber>, id: ThreadId) -> (LaneNumber, Box<Thread>) {
    if home.is_none() {
        COUNTERS.slots_merged.increment();
    }
    let mut lanes = lanes();
    let taken = lanes.take(home).and_then(|number| Some((number, lanes.all[number.0].state.take()?)));
    let (number, mut state) = taken.unwrap_or_else(|| {
        lanes.all.push(Lane::default());
        (LaneNumber(lanes.all.len() - 1), registry::begin_lane(id))
    });
    if let Some(home) = home
        && home != number
        && let Some(left) = &lanes.all[home.0].left
    {
        state.acquire_head(left);
    }
    drop(lanes);
    registry::hand_over(&mut state, id);
    (number, state)
}

/// The turn on the lane is over.
pub(super) fn leave(number: LaneNumber, mut state: Box<Thread>) {
    let left = state.release();
    let mut lanes = lanes();
    let lane = &mut lanes.all[number.0];
    lane.left = Some(left);
    lane.state = Some(state);
    lanes.free.push_back(number);
}

/// What the last turn on the lane published.
pub(super) fn last_release(number: LaneNumber) -> Option<Head> {
    lanes().all[number.0].left.clone()
}
