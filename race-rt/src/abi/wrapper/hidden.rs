//! The crate's own doing, which is instrumented and not the program's: nothing of it is recorded or learned.
//!
//! Never a false report: memory that is accessed in hiding is accessed by others in hiding only, or handed to them with an
//! order of which the crate tells. What is allocated in hiding starts without a past.

use crate::perturb;
use crate::report::model::Pc;
use crate::thread::{Thread, current};

/// Hides what the running thread does, until [`__race_show`] was called as often as this returned true.
#[unsafe(no_mangle)]
pub extern "C" fn __race_hide() -> bool {
    // What the crate does in hiding is how it synchronises.
    perturb::before_synchronisation(Pc(0));
    current::enter().as_deref_mut().map(Thread::hide).is_some()
}

/// Takes one [`__race_hide`] back.
#[unsafe(no_mangle)]
pub extern "C" fn __race_show() {
    if let Some(mut thread) = current::enter() {
        thread.show();
    }
}

/// The crate calls the program's code. What is returned goes to [`__race_conceal`] afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn __race_reveal() -> u32 {
    current::enter().as_deref_mut().map_or(0, Thread::reveal)
}

/// The program's code has returned.
#[unsafe(no_mangle)]
pub extern "C" fn __race_conceal(hidden: u32) {
    if let Some(mut thread) = current::enter() {
        thread.conceal(hidden);
    }
}

/// The running thread serves the crate for as long as the process lives.
#[unsafe(no_mangle)]
pub extern "C" fn __race_serve() {
    crate::finale::expect_no_end();
}
