//! The end of the process: late races are waited for, the count is told, and the exit status says that there was one.

use std::time::{Duration, Instant};

use crate::counters::COUNTERS;
use crate::perturb;
use crate::report::{exit, gather};
use crate::start::options;
use crate::thread::{current, registry};

/// Asks the C library to run the end of the engine. Handlers run in reverse, so the first to register is the last to
/// run, after everything the program does at its exit.
pub fn install() {
    // SAFETY: the handler has the type that `on_exit` wants and lives as long as the process.
    unsafe { on_exit(at_exit, std::ptr::null_mut()) };
}

unsafe extern "C" {
    fn on_exit(handler: extern "C" fn(libc::c_int, *mut libc::c_void), argument: *mut libc::c_void) -> libc::c_int;
}

extern "C" fn at_exit(status: libc::c_int, _: *mut libc::c_void) {
    let options = options();
    if options.atexit_sleep_ms > 0 && registry::live() > 1 {
        wait(Duration::from_millis(u64::from(options.atexit_sleep_ms)));
    }
    let _inside = current::enter();
    let races = gather::count();
    if options.verbose {
        gather::sink().write(&format!("race: seed {}\n", perturb::seed()));
    }
    if let Some(given_up) = COUNTERS.summary() {
        gather::sink().write(&given_up);
    }
    let Some(line) = exit::final_line(races) else {
        return;
    };
    gather::sink().write(&line);
    if status == 0 && options.exitcode != 0 {
        // SAFETY: flushes all of stdio's streams, as the exit that is cut short here would.
        unsafe { libc::fflush(std::ptr::null_mut()) };
        exit::leave(i32::from(options.exitcode));
    }
}

/// Sleeps that long even when signals interrupt.
fn wait(time: Duration) {
    let end = Instant::now() + time;
    while let Some(rest) = end.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
        std::thread::sleep(rest);
    }
}
