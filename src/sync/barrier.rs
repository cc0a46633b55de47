//! [`Barrier`]: every arrival happens before every departure of the same generation, and before no other's.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex};

use crate::engine::{Edge, before_synchronisation};

/// [`std::sync::Barrier`], watched.
pub struct Barrier {
    state: Mutex<State>,
    turn: Condvar,
    size: usize,
}

struct State {
    arrived: usize,
    generation: usize,
    /// The arrivals of this generation. Each thread holds on to its own generation's, so that the next one's arrivals
    /// cannot leak into a departure that is late.
    arrivals: Option<Arc<Edge>>,
}

/// [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// Whether this is the one thread of its generation that leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BarrierWaitResult").field("is_leader", &self.is_leader()).finish()
    }
}

impl Barrier {
    /// A barrier for `size` threads.
    #[inline]
    pub const fn new(size: usize) -> Barrier {
        let state = State { arrived: 0, generation: 0, arrivals: None };
        Barrier { state: Mutex::new(state), turn: Condvar::new(), size }
    }

    /// Waits until as many threads as the barrier is for have called this.
    pub fn wait(&self) -> BarrierWaitResult {
        before_synchronisation();
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let arrivals = state.arrivals.get_or_insert_default().clone();
        arrivals.merge();
        state.arrived += 1;
        let leads = state.arrived >= self.size;
        if leads {
            state.arrived = 0;
            state.generation = state.generation.wrapping_add(1);
            state.arrivals = None;
            self.turn.notify_all();
        } else {
            let generation = state.generation;
            while state.generation == generation {
                state = self.turn.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
            }
        }
        drop(state);
        arrivals.acquire();
        BarrierWaitResult(leads)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Barrier").finish_non_exhaustive()
    }
}
