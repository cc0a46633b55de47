//! The end of the process: late races are waited for, the count is told, and the exit status says that there was one.

use std::time::{Duration, Instant};

use crate::counters::COUNTERS;
use crate::options::Perturb;
use crate::perturb;
use crate::report::{attribution, exit, gather, library};
use crate::start::{options, sink, suppressions};
use crate::sys::atomic::AtomicUsize;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::sleep::sleep;
use crate::thread::{current, registry};
use crate::trace;

/// How long the end of the process waits for reports that are being written.
const REPORTS_AWAITED: Duration = Duration::from_secs(1);

/// Asks the C library to run the end of the engine. Handlers run in reverse, so the first to register is the last to
/// run, after everything the program does at its exit.
pub fn install() {
    // SAFETY: the handler has the type that `on_exit` wants and lives as long as the process.
    unsafe { on_exit(at_exit, std::ptr::null_mut()) };
    #[cfg(feature = "whole-program")]
    crate::abi::process::install();
}

unsafe extern "C" {
    fn on_exit(handler: extern "C" fn(libc::c_int, *mut libc::c_void), argument: *mut libc::c_void) -> libc::c_int;
}

extern "C" fn at_exit(status: libc::c_int, _: *mut libc::c_void) {
    if current::is_unwatched() {
        return;
    }
    wait_for_others();
    let _inside = current::enter();
    let with_races = tell(status);
    if with_races != status {
        // SAFETY: flushes all of stdio's streams, as the exit that is cut short here would.
        unsafe { libc::fflush(std::ptr::null_mut()) };
        exit::leave(with_races);
    }
}

/// The process ends without its exit handlers, and so waits for nobody. What is told at exit is told, and the status to
/// end with is returned.
#[cfg(feature = "whole-program")]
pub(crate) fn at_once(status: libc::c_int) -> libc::c_int {
    if current::is_unwatched() {
        return status;
    }
    if current::is_at_work() {
        // A signal's handler: what it has interrupted may hold any lock.
        return exit::status(status, gather::count(), options().exitcode);
    }
    let _inside = current::enter();
    tell(status)
}

/// The first thread ends, and the process with it if no other is left. Nothing is told if some go on: they may go on for long.
#[cfg(feature = "whole-program")]
pub(crate) fn of_first_thread(status: libc::c_int) -> libc::c_int {
    if current::is_unwatched() {
        return status;
    }
    wait_for_others();
    if has_others() { status } else { exit::leave(at_once(status)) }
}

/// Tells what there is to tell at the end, and returns the status to end with.
fn tell(status: libc::c_int) -> libc::c_int {
    let options = options();
    gather::close(REPORTS_AWAITED);
    let races = gather::count();
    if options.verbose || (races > 0 && options.perturb != Perturb::Off) {
        sink().write(&format!("race: {} (in RACE_OPTIONS it repeats these pauses)\n", perturb::schedule()));
    }
    let (pauses, time) = perturb::spent();
    if options.verbose && pauses > 0 {
        sink().write(&format!("race: {pauses} pauses, {} ms in all\n", time.as_millis()));
    }
    if options.verbose
        && let Some(hidden) = suppressions().summary()
    {
        sink().write(&hidden);
    }
    if let Some(given_up) = COUNTERS.summary(options.verbose || races > 0) {
        sink().write(&given_up);
    }
    let unwritten = sink().unwritten();
    if unwritten > 0 {
        sink().write(&format!("race: {unwritten} reports or lines could not be written wholly\n"));
    }
    if options.verbose && cfg!(feature = "whole-program") {
        sink().write(&library::unwatched_line());
    }
    if let Some(late) = attribution::late_summary() {
        sink().write(&late);
    }
    if let Some(line) = exit::final_line(races) {
        sink().write(&line);
    }
    trace::end();
    exit::status(status, races, options.exitcode)
}

/// Threads that serve the library in front of the engine for as long as the process lives.
static SERVANTS: AtomicUsize = AtomicUsize::new(0);

/// The end of the process does not wait for the running thread.
#[cfg(feature = "whole-program")]
pub(crate) fn expect_no_end() {
    SERVANTS.fetch_add(1, Relaxed);
}

/// Whether another thread is alive that the end of the process waits for.
fn has_others() -> bool {
    registry::live_hint() > 1 + SERVANTS.load(Relaxed)
}

/// Waits until there is none, as long as the option says, whatever signals interrupt.
fn wait_for_others() {
    let end = Instant::now() + Duration::from_millis(u64::from(options().atexit_sleep_ms));
    while has_others() && Instant::now() < end {
        sleep(Duration::from_millis(1));
    }
}
