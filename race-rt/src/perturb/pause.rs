//! The running thread does nothing for a while. Without the C library, which might be watched, and with `errno` as the
//! program left it. A signal may make a pause shorter.

use std::time::{Duration, Instant};

use crate::sys::errno;
use crate::sys::sleep::sleep;
use crate::sys::tasks::{self, OtherTasks};
use crate::thread::current;

/// Milliseconds by which a pause grows at most for threads that wait for a processor.
const LONGEST_WAIT: u32 = 20;
/// So often who lingers looks whether there is anybody to linger for.
const PART: Duration = Duration::from_micros(500);

/// Pauses so long.
pub(super) fn pause(length: Duration) {
    errno::keep(|| sleep(length));
}

/// Pauses so long, shorter if nobody could do anything meanwhile, and longer on a busy machine: the others may not have run at all by
/// the end of the pause, which was there for them. Returns how long it was.
pub(super) fn linger(length: Duration) -> Duration {
    errno::keep(|| {
        let others = unseen(OtherTasks::now);
        let start = Instant::now();
        // The parts end at times of their own, so that looking takes nothing from whom pauses equally long.
        let mut end = Duration::ZERO;
        while end < length {
            if unseen(tasks::all_others_wait) {
                return end;
            }
            end = length.min(end + PART);
            sleep(end.saturating_sub(start.elapsed()));
        }
        for _ in 0..LONGEST_WAIT {
            if !unseen(|| others.any_starved()) {
                break;
            }
            sleep(Duration::from_millis(1));
        }
        start.elapsed()
    })
}

/// Runs what reads files of the kernel's: the engine's own reading is none of the program's.
fn unseen<R>(look: impl FnOnce() -> R) -> R {
    let _inside = current::enter();
    look()
}
