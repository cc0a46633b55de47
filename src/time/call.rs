//! [`Call`]: a function that is called later, in a thread of its own and in the name of who set it.
//!
//! To the engine the call is a task that its setter created when it set the timer. The timers' thread only starts the
//! operating system's thread in which the task has its one turn; nothing of the program's is called, kept or dropped
//! there.

use std::sync::{Arc, Mutex};
use std::thread;

#[cfg(race_engine)]
use race_rt::{
    sys::stack,
    thread::{current, task::Task},
};

#[cfg(race_engine)]
use crate::engine::{HERE, with};

/// What a timer calls.
pub(super) type Action = Arc<dyn Fn() + Send + Sync>;

const NAME: &str = "timer callback";

/// One call of an action.
pub(super) struct Call {
    action: Action,
    /// `None` when its setter is unknown to the engine.
    #[cfg(race_engine)]
    task: Option<Task>,
}

impl Call {
    /// The running thread sets a timer.
    pub(super) fn new(action: Action) -> Call {
        Call {
            action,
            #[cfg(race_engine)]
            task: with(|setter| {
                let site = setter.site(HERE);
                Task::new(setter, Some(NAME.into()), site)
            }),
        }
    }

    /// Starts the thread that does the call. Gives it back when the system refuses one.
    pub(super) fn start(self) -> Result<(), Call> {
        // Held by both, so that it is either given back or dropped by the new thread, never by this one.
        let call = Arc::new(Mutex::new(Some(self)));
        let take = |call: &Mutex<Option<Call>>| call.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        let started = thread::Builder::new().name(NAME.into()).spawn({
            let call = call.clone();
            move || {
                if let Some(call) = take(&call) {
                    call.run();
                }
            }
        });
        match started {
            Ok(_) => Ok(()),
            Err(_) => take(&call).map_or(Ok(()), Err),
        }
    }

    #[cfg(race_engine)]
    fn run(self) {
        // The thread is one that the engine has not seen begin.
        if let Some(stack) = stack::current() {
            current::forget(stack.start, stack.end);
        }
        let Call { action, task } = self;
        let turn = move || {
            action();
            // Its destructor is the program's too.
            drop(action);
        };
        match task {
            Some(mut task) => task.run(turn),
            None => turn(),
        }
    }

    #[cfg(not(race_engine))]
    fn run(self) {
        (self.action)();
    }
}
