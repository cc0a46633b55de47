//! What the kernel says of the process's other threads: whether they had a chance to run, and whether any could use one.
//!
//! From `/proc/self/task`: a thread's state, the time it has spent on a processor, and what it waits for. Can miss: starved threads
//! beyond the first [`LIMIT`], and everything where the kernel keeps no scheduling statistics.

use std::fs;
use std::time::Duration;

use super::cancellation;

/// Threads that are looked at.
const LIMIT: usize = 16;
/// So much time on a processor is a chance to run.
const CHANCE: Duration = Duration::from_micros(300);

/// The other threads' times on a processor at one moment.
#[derive(Debug)]
pub struct OtherTasks {
    tasks: Vec<(String, Duration)>,
}

impl OtherTasks {
    /// The other threads as they are now.
    pub fn now() -> OtherTasks {
        cancellation::put_off(OtherTasks::look)
    }

    fn look() -> OtherTasks {
        let tasks = others().into_iter().flatten().take(LIMIT).filter_map(|name| Some((run_time(&name)?, name)));
        OtherTasks { tasks: tasks.map(|(time, name)| (name, time)).collect() }
    }

    /// Whether a thread, one of these or one that has come since, wants to run and has hardly got a processor.
    pub fn any_starved(&self) -> bool {
        let is_starved = |(name, now): &(String, Duration)| {
            let before = self.tasks.iter().find(|(known, _)| known == name).map_or(Duration::ZERO, |(_, time)| *time);
            now.saturating_sub(before) < CHANCE && is_runnable(name)
        };
        cancellation::put_off(|| OtherTasks::look().tasks.iter().any(is_starved))
    }
}

/// Whether every other thread waits, without a limit to its time, for a futex: for another thread of the process, as a rule. Then
/// none of them does anything until the running one does. False if there are more than [`LIMIT`], or the kernel does not
/// tell.
pub fn all_others_wait() -> bool {
    let waits = |(number, name): (usize, String)| number < LIMIT && waits_for_futex(&name);
    cancellation::put_off(|| others().is_some_and(|names| names.enumerate().all(waits)))
}

/// The names of the other threads' directories; `None` where there is no `/proc`.
fn others() -> Option<impl Iterator<Item = String>> {
    let own = own();
    let names =
        fs::read_dir("/proc/self/task").ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Some(names.filter(move |name| *name != own))
}

/// The name of the running thread's.
fn own() -> String {
    // SAFETY: the call has no preconditions.
    unsafe { libc::syscall(libc::SYS_gettid) }.to_string()
}

/// Whether the thread is blocked by a futex without a time limit. One that was woken is not, though it may not run yet.
fn waits_for_futex(task: &str) -> bool {
    fs::read_to_string(format!("/proc/self/task/{task}/syscall")).is_ok_and(|line| is_wait_for_futex(&line))
}

/// The same, of the line in which the kernel says where a thread is: the number of the call and its six arguments.
fn is_wait_for_futex(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let [number, _address, operation, _value, limit, ..] = words[..] else { return false };
    let waits = |operation| matches!(operation & libc::FUTEX_CMD_MASK, libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET);
    number.parse() == Ok(libc::SYS_futex)
        && i32::from_str_radix(operation.trim_start_matches("0x"), 16).is_ok_and(waits)
        && limit == "0x0"
}

/// Whether the process has no thread but the running one.
pub fn is_alone() -> bool {
    cancellation::put_off(|| fs::read_dir("/proc/self/task").is_ok_and(|entries| entries.count() == 1))
}

fn run_time(task: &str) -> Option<Duration> {
    let line = fs::read_to_string(format!("/proc/self/task/{task}/schedstat")).ok()?;
    line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn is_runnable(task: &str) -> bool {
    // The state follows the name, which is in brackets and may hold anything.
    fs::read_to_string(format!("/proc/self/task/{task}/stat"))
        .is_ok_and(|line| line.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('R')))
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};
    use std::time::Instant;

    use super::*;

    /// Asks until it is so, since nobody knows when a thread comes to rest.
    fn comes_true(look: impl Fn() -> bool) -> bool {
        let begin = Instant::now();
        while !look() {
            if begin.elapsed() > Duration::from_secs(10) {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    #[test]
    fn a_wait_for_another_thread_is_told_from_one_that_ends_by_itself() {
        // As the kernel writes it: a wait of a mutex, of a join, with a limit, a wake, a sleep, on a processor, in no call.
        for (line, waits) in [
            ("202 0x7f01 0x80 0x2 0x0 0x0 0x0 0x7ffd 0x7f02\n", true),
            ("202 0x7f01 0x109 0x1f 0x0 0x0 0xffffffff 0x7ffd 0x7f02\n", true),
            ("202 0x7f01 0x189 0x0 0x7f03 0x0 0xffffffff 0x7ffd 0x7f02\n", false),
            ("202 0x7f01 0x81 0x1 0x0 0x0 0x0 0x7ffd 0x7f02\n", false),
            ("230 0x0 0x0 0x7f01 0x0 0x0 0x0 0x7ffd 0x7f02\n", false),
            ("running\n", false),
            ("-1 0x7ffd 0x7f02\n", false),
            ("", false),
        ] {
            assert_eq!(is_wait_for_futex(line), waits, "{line}");
        }
    }

    #[test]
    fn a_thread_is_seen_to_wait_for_another() {
        let (tell, told) = mpsc::channel();
        let (end, is_ended) = mpsc::channel::<()>();
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            let barrier = &barrier;
            scope.spawn(move || {
                tell.send(own()).expect("the test listens");
                barrier.wait();
                // With a limit, so that it may go on by itself.
                let _ = is_ended.recv_timeout(Duration::from_secs(3600));
            });
            let task = told.recv().expect("the thread tells");
            assert!(comes_true(|| waits_for_futex(&task)));
            barrier.wait();
            assert!(comes_true(|| !is_runnable(&task)) && comes_true(|| !waits_for_futex(&task)));
            end.send(()).expect("the thread listens");
        });
    }
}
