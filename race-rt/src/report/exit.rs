//! What is said at the very end: the count of races, or why the program was not started.
//!
//! Guarantees: the count's line is there when and only when a race was reported. A refusal ends the process before the
//! program has done anything, with status 2 and one sentence.

use std::fmt::Display;

use crate::report::sink;

/// The exit status of a process that was not started because of a wrong setting.
pub const REFUSED: i32 = 2;

/// The exit status of a process that made a mistake after which it cannot go on.
pub const FATAL: i32 = 2;

/// The last line of the report stream, newline included, or nothing if no race was reported.
pub fn final_line(races: u64) -> Option<String> {
    (races > 0).then(|| format!("Found {races} data race(s)\n"))
}

/// The exit status of a process that would have ended with `status`: a failure of its own counts for more than races.
pub fn status(status: i32, races: u64, with_races: u8) -> i32 {
    if status == 0 && races > 0 { i32::from(with_races) } else { status }
}

/// Says on stderr why the program cannot be watched as asked, and ends the process.
pub fn refuse(reason: &dyn Display) -> ! {
    // Nothing is left to be done if stderr is closed.
    let _ = sink::write_all(libc::STDERR_FILENO, format!("race: {reason}\n").as_bytes());
    leave(REFUSED)
}

/// Ends the process without running the program's exit handlers, which may wait for what never happens.
///
/// The kernel is called directly because libc's `_exit` may be one that watches the program.
pub fn leave(status: i32) -> ! {
    // SAFETY: ending the process needs nothing of it.
    unsafe { libc::syscall(libc::SYS_exit_group, status) };
    unreachable!("the kernel ends the process")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_told_when_there_is_one() {
        assert_eq!(final_line(0), None);
        assert_eq!((status(0, 0, 66), status(0, 1, 66), status(3, 1, 66), status(0, 1, 0)), (0, 66, 3, 0));
        assert_eq!(final_line(1).as_deref(), Some("Found 1 data race(s)\n"));
        assert_eq!(final_line(12).as_deref(), Some("Found 12 data race(s)\n"));
    }
}
