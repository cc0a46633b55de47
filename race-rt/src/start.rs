//! The engine's own start: reservations and options, before the first event, whichever that is.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::options::Options;
use crate::report::gather;
use crate::shadow::{map, record};
use crate::sync::atomic_cell;
use crate::sys::spin::wait_while;
use crate::thread::{context, last_step};

const NOT_STARTED: u8 = 0;
const STARTING: u8 = 1;
const STARTED: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(NOT_STARTED);

/// Makes sure that the engine has started.
///
/// Ends the process with status 2 and a sentence on stderr when the system refuses the address space, or when
/// `RACE_OPTIONS` cannot be understood.
#[inline]
pub fn ensure() {
    if STATE.load(Ordering::Acquire) != STARTED {
        start();
    }
}

/// The settings of this process.
pub fn options() -> &'static Options {
    static OPTIONS: OnceLock<Options> = OnceLock::new();
    OPTIONS.get_or_init(Options::from_env)
}

#[cold]
fn start() {
    if STATE.compare_exchange(NOT_STARTED, STARTING, Ordering::Acquire, Ordering::Acquire).is_err() {
        wait_while(|| STATE.load(Ordering::Acquire) != STARTED);
        return;
    }
    let probe = 0u8;
    if !map::is_covered(&raw const probe as usize) {
        fail(
            "this process's stack lies outside the address ranges that have a shadow; run it without `ulimit -s unlimited`",
        );
    }
    let reserved = map::reserve().and_then(|()| record::reserve()).and_then(|()| atomic_cell::reserve());
    if let Err(error) = reserved.and_then(|()| context::reserve()) {
        fail(&format!(
            "cannot reserve the address space for the shadow memory ({error}); allow overcommit (vm.overcommit_memory=0) \
             and lift the limit on address space (`ulimit -v unlimited`)"
        ));
    }
    options();
    gather::sink();
    STATE.store(STARTED, Ordering::Release);
    last_step::key();
    crate::finale::install();
}

fn fail(what: &str) -> ! {
    let line = format!("race: {what}\n");
    // SAFETY: the buffer is valid for its length; after that the process ends.
    unsafe {
        libc::write(2, line.as_ptr().cast(), line.len());
        libc::_exit(2)
    }
}
