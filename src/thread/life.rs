//! A thread's beginning and end, as the engine is told of them.
//!
//! The creator registers the child before the operating system's thread exists; the child takes its state over in its
//! first step. Its last step is the end of its thread-local storage, or of its closure when it belongs to a scope, which
//! waits for no more than that; what destructors of a scoped thread's thread-locals do goes unrecorded. A child that never
//! came to be, because the system refused it, is taken off the books.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use race_rt::perturb::{self, Shift};
use race_rt::thread::{ThreadId, current, last_step, registry};

use super::handle::Thread;
use crate::engine::{HERE, Token, with};

/// A thread that is registered and has not begun.
pub(super) struct Newborn {
    /// `None` when the creator itself is unknown to the engine, or once the thread has begun.
    state: AssertUnwindSafe<Option<Box<race_rt::thread::Thread>>>,
    unparks: Arc<Token>,
    shift: Option<Shift>,
}

/// What the creator keeps of it.
pub(super) struct Parent {
    /// The child's number; `None` when the creator is unknown to the engine.
    pub(super) child: Option<ThreadId>,
    /// What wakes the child.
    pub(super) unparks: Arc<Token>,
    shift: Option<Shift>,
}

/// When a thread's last step is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LastStep {
    /// The last destructor of a thread-local.
    ThreadLocals,
    /// The end of the closure.
    Closure,
}

// SAFETY: the state belongs to nobody until its thread begins, and moves to that thread once.
unsafe impl Send for Newborn {}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        current::end();
    }
}

impl Newborn {
    /// Registers a child of the running thread.
    pub(super) fn register(name: Option<&str>) -> (Newborn, Parent) {
        let name = name.map(Box::from);
        let (state, shift) = with(|parent| {
            let site = parent.site(HERE);
            (registry::spawn(parent, name, site), Shift::of_next(parent.id()))
        })
        .unzip();
        let shift = shift.flatten();
        let unparks = Arc::new(Token::default());
        let parent = Parent { child: state.as_ref().map(|child| child.id()), unparks: unparks.clone(), shift };
        (Newborn { state: AssertUnwindSafe(state), unparks, shift }, parent)
    }

    /// The child's whole life.
    pub(super) fn live<T>(mut self, closure: impl FnOnce() -> T, last_step: LastStep) -> T {
        let Some(state) = self.state.take() else { return closure() };
        if let Some(shift) = self.shift {
            shift.before_begin();
        }
        current::begin(state);
        last_step::watch();
        Thread::become_current(self.unparks.clone());
        let _end = (last_step == LastStep::Closure).then(|| End);
        closure()
    }
}

impl Drop for Newborn {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            registry::finish(state);
        }
    }
}

impl Parent {
    /// The creator lets the child get to work; see [`perturb`].
    pub(super) fn after_spawn(&self) {
        perturb::after_spawn(self.shift, HERE);
    }
}

/// The running thread has waited for the end of `child`.
pub(super) fn joined(child: Option<ThreadId>) {
    if let Some(child) = child {
        with(|thread| registry::join(thread, child));
    }
}

/// Nobody will wait for `child`.
pub(super) fn detached(child: Option<ThreadId>) {
    if let Some(child) = child {
        registry::detach(child);
    }
}
