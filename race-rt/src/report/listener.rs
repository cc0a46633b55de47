//! Callbacks of the program that are told of each report.
//!
//! A report is written at once; the callbacks wait until the engine has finished with the access that raced, since the
//! engine holds locks on the way to it that another thread may want while a callback waits for that thread. They run on
//! the racing thread, whose accesses are not recorded meanwhile, so a race in a callback is neither reported nor told
//! again; synchronisation is recorded as ever. A callback that panics is noted, and the program goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard};

use super::model::Report;
use crate::start;
use crate::sys::atomic::Mutex;
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::thread::current;

/// What is called with each report and its text.
pub type Listener = Arc<dyn Fn(&Report, &str) + Send + Sync>;

static LISTENERS: Mutex<Vec<Listener>> = Mutex::new(Vec::new());
static ANY: AtomicBool = AtomicBool::new(false);

fn listeners() -> MutexGuard<'static, Vec<Listener>> {
    LISTENERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// From now on `listener` is told too.
pub fn listen(listener: Listener) {
    // What is allocated here is not the program's doing.
    let _inside = current::enter();
    listeners().push(listener);
    ANY.store(true, Ordering::Release);
}

/// Whether anybody wants to be told.
pub(super) fn any() -> bool {
    ANY.load(Ordering::Acquire)
}

/// Says that a callback panicked.
pub(crate) fn note_panic() {
    start::sink().write("race: a callback of race::on_report panicked; the program goes on without it\n");
}

/// A report that was written and not told yet.
#[derive(Debug)]
pub(crate) struct Untold {
    pub(super) report: Report,
    pub(super) text: String,
}

impl Untold {
    /// Calls all callbacks.
    pub(crate) fn tell(&self) {
        let listeners = listeners().clone();
        for listener in listeners {
            if catch_unwind(AssertUnwindSafe(|| listener(&self.report, &self.text))).is_err() {
                note_panic();
            }
        }
    }
}
