//! A blocked operation's turn: which of the operations that wait together takes place. At most one ever does.
//!
//! Who finds a blocked operation that fits gives its turn to it and does the operation on its behalf; the blocked thread
//! wakes to a finished fact. Two blocked threads never look for each other. A thread that is on its way to be blocked
//! may already have been found elsewhere: it and its partner get their turns in one step ([`Post::meet`]), so that
//! neither is left alone. Turns are the innermost locks: no other is taken under them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::lock::{Condvar, Mutex, MutexGuard};

/// How long an operation is ready to wait.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// Not at all.
    None,
    /// Up to here.
    Until(Instant),
    /// For ever.
    Endless,
}

impl Patience {
    /// For so long; without end when that lies beyond what the clock can tell.
    pub fn lasting(time: Duration) -> Patience {
        Instant::now().checked_add(time).map_or(Patience::Endless, Patience::Until)
    }
}

/// The place of an operation among those that wait together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arm(pub usize);

#[derive(Clone, Copy, Debug)]
enum State {
    Open,
    Given(Arm),
    /// Nobody came in time, and nobody may come any more.
    Over,
}

/// What operations that wait together share.
#[derive(Debug)]
pub struct Turn {
    state: Mutex<State>,
    given: Condvar,
}

impl Turn {
    pub(super) fn new() -> Arc<Turn> {
        Arc::new(Turn { state: Mutex::new(State::Open), given: Condvar::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Waits until the turn is given to an operation; `None` when it is not in time.
    pub(super) fn wait(&self, patience: Patience) -> Option<Arm> {
        let mut state = self.state();
        loop {
            if let State::Given(arm) = *state {
                return Some(arm);
            }
            state = match patience {
                Patience::Endless => self.given.wait(state),
                Patience::Until(end) if end > Instant::now() => {
                    let rest = end.saturating_duration_since(Instant::now());
                    self.given.wait_timeout(state, rest)
                }
                Patience::Until(_) | Patience::None => {
                    *state = State::Over;
                    return None;
                }
            };
        }
    }
}

/// Where a blocked operation is found.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) turn: Arc<Turn>,
    pub(super) arm: Arm,
}

/// How an attempt to bring two operations together went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// Both have their turns.
    Held,
    /// The other takes place elsewhere, or not at all.
    OtherIsGone,
    /// The operation that looked was itself found elsewhere.
    SelfIsGone,
}

impl PartialEq for Post {
    fn eq(&self, other: &Post) -> bool {
        Arc::ptr_eq(&self.turn, &other.turn) && self.arm == other.arm
    }
}

impl Post {
    /// Gives the turn to this operation, if it is still open.
    pub(super) fn give(&self) -> bool {
        let mut state = self.turn.state();
        let open = matches!(*state, State::Open);
        if open {
            *state = State::Given(self.arm);
            self.turn.given.notify_one();
        }
        open
    }

    /// Gives their turns to `other` and to the operation that looks for a partner, which is at `own` when others may
    /// find it already.
    pub(super) fn meet(own: Option<&Post>, other: &Post) -> Meeting {
        let Some(own) = own else {
            return if other.give() { Meeting::Held } else { Meeting::OtherIsGone };
        };
        if Arc::ptr_eq(&own.turn, &other.turn) {
            return Meeting::OtherIsGone;
        }
        // In the order of addresses, as all who take two do.
        let (mut mine, mut theirs);
        if Arc::as_ptr(&own.turn) < Arc::as_ptr(&other.turn) {
            mine = own.turn.state();
            theirs = other.turn.state();
        } else {
            theirs = other.turn.state();
            mine = own.turn.state();
        }
        if !matches!(*mine, State::Open) {
            return Meeting::SelfIsGone;
        }
        if !matches!(*theirs, State::Open) {
            return Meeting::OtherIsGone;
        }
        *mine = State::Given(own.arm);
        *theirs = State::Given(other.arm);
        other.turn.given.notify_one();
        Meeting::Held
    }
}
