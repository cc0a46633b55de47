//! The running thread does nothing for a while. Without the C library, which might be watched, and with `errno` as the
//! program left it. A signal may make a pause shorter.

use std::time::{Duration, Instant};

use crate::sys::errno;
use crate::sys::sleep::sleep;
use crate::sys::tasks::OtherTasks;
use crate::thread::current;

/// Milliseconds by which a pause grows at most for threads that wait for a processor.
const LONGEST_WAIT: u32 = 20;

/// Pauses so long.
pub(super) fn pause(length: Duration) {
    errno::keep(|| sleep(length));
}

/// Pauses so long, and longer on a busy machine: the others may not have run at all by the end of the pause, which was
/// there for them. Returns by how much.
pub(super) fn linger(length: Duration) -> Duration {
    errno::keep(|| {
        let others = unseen(OtherTasks::now);
        sleep(length);
        let end = Instant::now();
        for _ in 0..LONGEST_WAIT {
            if !unseen(|| others.any_starved()) {
                break;
            }
            sleep(Duration::from_millis(1));
        }
        end.elapsed()
    })
}

/// Runs what reads files of the kernel's: the engine's own reading is none of the program's.
fn unseen<R>(look: impl FnOnce() -> R) -> R {
    let _inside = current::enter();
    look()
}
