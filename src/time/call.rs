//! [`Call`]: a function that is called later, in a thread of its own and in the name of who set it.
//!
//! To the engine the call is a task that its setter created when it set the timer. The timers' thread only starts the
//! operating system's thread in which the task has its one turn; nothing of the program's is called, kept or dropped
//! there.

use std::sync::{Arc, Mutex};
use std::thread;

use super::action::Action;
use crate::engine::Errand;

const NAME: &str = "timer callback";

/// One call of an action.
pub(super) struct Call {
    action: Action,
    errand: Errand,
}

impl Call {
    /// The running thread sets a timer.
    pub(super) fn new(action: Action) -> Call {
        Call { action, errand: Errand::new(NAME) }
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

    fn run(self) {
        let Call { action, errand } = self;
        errand.run(move || {
            action.call();
            // Its destructor is the program's too.
            drop(action);
        });
    }
}
