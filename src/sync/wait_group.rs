//! [`WaitGroup`]: every `done` happens before the `wait`s that return after it. In every build, with or without the engine.
//!
//! Misuse is found out: a counter below zero panics; an `add` that opens a group (from zero) and is not ordered with a
//! `wait` is reported, as a race between the two calls, whichever came first in this run. That covers the group that is
//! used again before every `wait` of the former use has returned. Can miss: an `add` that is late but finds the counter
//! above zero.

use std::sync::{Arc, OnceLock};

use crate::engine::lock::{Condvar, Mutex, MutexGuard};
use crate::engine::{Edge, Touch, handed_out, hidden, touch};
use crate::thread;

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
/// GROUP.go(|| println!("counted by the group"));
/// GROUP.wait();
/// ```
#[derive(Debug, Default)]
pub struct WaitGroup {
    /// Apart, for the threads of [`WaitGroup::go`], which may outlive the group.
    counter: OnceLock<Arc<Counter>>,
}

#[derive(Debug, Default)]
struct Counter {
    state: Mutex<State>,
    zero: Condvar,
    /// All that was ever done: a `wait` may rely on things that were done, and the group at zero, before others were
    /// added. What is done while it returns belongs to a later use, which came too early and is reported.
    done: Edge,
}

#[derive(Debug, Default)]
struct State {
    count: usize,
    /// How often the group was opened.
    generation: u64,
    /// Whether a closure of the group has panicked.
    panicked: bool,
}

impl Drop for Counter {
    /// Whoever has it last frees it after all the others, ordered by a count that the engine does not see.
    fn drop(&mut self) {
        handed_out(self.gate(), 1);
    }
}

impl Counter {
    /// The address that stands for the group's being open or not.
    fn gate(&self) -> usize {
        &raw const self.done as usize
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Tells whether this opened the group.
    #[track_caller]
    fn add(&self, delta: isize) -> bool {
        let mut state = self.lock();
        let Some(count) = state.count.checked_add_signed(delta) else {
            drop(state);
            panic!("WaitGroup counter out of range: more was done than added, or too much added");
        };
        let opens = state.count == 0 && count > 0;
        if opens {
            state.generation += 1;
        }
        if delta < 0 {
            self.done.merge();
        }
        state.count = count;
        if count == 0 {
            self.zero.notify_all();
        }
        opens
    }

    /// Tells whether a closure of the group has panicked.
    fn wait(&self) -> bool {
        let mut state = self.lock();
        let generation = state.generation;
        while state.count > 0 && state.generation == generation {
            state = self.zero.wait(state);
        }
        let panicked = state.panicked;
        drop(state);
        self.done.acquire();
        panicked
    }
}

/// A thread of a group that has not ended yet.
struct Running(Arc<Counter>);

impl Drop for Running {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().panicked = true;
        }
        self.0.add(-1);
    }
}

impl WaitGroup {
    /// A group with nothing to be done.
    pub const fn new() -> WaitGroup {
        WaitGroup { counter: OnceLock::new() }
    }

    fn counter(&self) -> &Arc<Counter> {
        hidden(|| self.counter.get_or_init(Arc::default))
    }

    fn gate(&self) -> usize {
        self.counter().gate()
    }

    /// So many more things to be done; a negative number counts them as done. From zero, it must be ordered with every
    /// `wait`.
    ///
    /// # Panics
    /// When the counter would drop below zero or exceed its range.
    #[track_caller]
    pub fn add(&self, delta: isize) {
        if self.counter().add(delta) {
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

    /// Runs `closure` in a thread of its own, as one thing to be done: it is when the closure has ended, also by a panic,
    /// which [`WaitGroup::wait`] then goes on with. What the thread's thread-locals do when they are dropped comes later.
    ///
    /// # Panics
    /// When the counter would exceed its range or the system refuses another thread.
    #[track_caller]
    pub fn go(&self, closure: impl FnOnce() + Send + 'static) {
        self.add(1);
        let running = Running(self.counter().clone());
        let thread = thread::spawn(move || {
            let _running = running;
            closure();
        });
        // Nobody joins: who waits for the group does not wait for the thread.
        hidden(|| drop(thread));
    }

    /// Waits until nothing is to be done. Any number of threads may wait. Comes after all that was done.
    ///
    /// # Panics
    /// When a closure of [`WaitGroup::go`] has panicked, in this use of the group or a former one.
    #[track_caller]
    pub fn wait(&self) {
        touch(self.gate(), 1, Touch::Await);
        assert!(!self.counter().wait(), "a thread of the WaitGroup panicked");
    }
}
