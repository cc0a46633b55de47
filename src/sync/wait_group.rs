//! [`WaitGroup`]: every `done` happens before the `wait` that it releases. In every build, with or without the engine.
//!
//! Misuse is found out: a counter below zero panics; an `add` that opens a group (from zero) and is not ordered with a
//! `wait` is reported, as a race between the two calls, whichever came first in this run. That covers the group that is
//! used again before every `wait` of the former use has returned. Can miss: an `add` that is late but finds the counter
//! above zero.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::engine::{Edge, Touch, touch};

/// Waits for a number of things to be done, like Go's `sync.WaitGroup`.
///
/// ```
/// use race::sync::WaitGroup;
/// use race::thread;
///
/// static GROUP: WaitGroup = WaitGroup::new();
/// GROUP.add(2);
/// for _ in 0..2 {
///     thread::spawn(|| GROUP.done());
/// }
/// GROUP.wait();
/// ```
#[derive(Debug, Default)]
pub struct WaitGroup {
    state: Mutex<State>,
    zero: Condvar,
}

#[derive(Debug, Default)]
struct State {
    count: usize,
    /// How often the group was opened.
    generation: u64,
    /// The `done`s since the group was opened last. A `wait` holds on to those that it waited for.
    done: Option<Arc<Edge>>,
}

impl WaitGroup {
    /// A group with nothing to be done.
    pub const fn new() -> WaitGroup {
        let state = State { count: 0, generation: 0, done: None };
        WaitGroup { state: Mutex::new(state), zero: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The address that stands for the group's being open or not.
    fn gate(&self) -> usize {
        &raw const self.state as usize
    }

    /// So many more things to be done; a negative number counts them as done. From zero, it must be ordered with every
    /// `wait`.
    ///
    /// # Panics
    /// When the counter would drop below zero or exceed its range.
    #[track_caller]
    pub fn add(&self, delta: isize) {
        let mut state = self.state();
        let Some(count) = state.count.checked_add_signed(delta) else {
            drop(state);
            panic!("WaitGroup counter out of range: more was done than added, or too much added");
        };
        let opens = state.count == 0 && count > 0;
        if opens {
            state.generation += 1;
            state.done = Some(Arc::default());
        }
        if delta < 0
            && let Some(done) = &state.done
        {
            done.merge();
        }
        state.count = count;
        if count == 0 {
            self.zero.notify_all();
        }
        drop(state);
        if opens {
            touch(self.gate(), 1, Touch::Admit);
        }
    }

    /// One thing is done.
    ///
    /// # Panics
    /// When there was nothing to be done.
    #[track_caller]
    pub fn done(&self) {
        self.add(-1);
    }

    /// Waits until nothing is to be done. Any number of threads may wait.
    pub fn wait(&self) {
        touch(self.gate(), 1, Touch::Await);
        let mut state = self.state();
        let done = state.done.clone();
        let generation = state.generation;
        while state.count > 0 && state.generation == generation {
            state = self.zero.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        drop(state);
        if let Some(done) = done {
            done.acquire();
        }
    }
}
