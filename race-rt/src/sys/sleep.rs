//! Waiting for a while, by the kernel's own call: the C library's would end a thread there that was asked to end, in the
//! middle of the engine's work.

use std::time::Duration;

/// Sleeps for so long, or until a signal comes.
pub fn sleep(pause: Duration) {
    let request = libc::timespec { tv_sec: pause.as_secs() as i64, tv_nsec: i64::from(pause.subsec_nanos()) };
    // SAFETY: the request outlives the call; an interruption only makes the pause shorter.
    unsafe { libc::syscall(libc::SYS_nanosleep, &raw const request, std::ptr::null_mut::<libc::timespec>()) };
}
