//! What the kernel says of the process's other threads: whether they had a chance to run.
//!
//! From `/proc/self/task`: a thread's state, and the time it has spent on a processor. Can miss: threads beyond the first
//! [`LIMIT`], and everything where the kernel keeps no scheduling statistics.

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
        // SAFETY: the call has no preconditions.
        let own = unsafe { libc::syscall(libc::SYS_gettid) }.to_string();
        let entries = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| *name != own);
        let tasks = names.take(LIMIT).filter_map(|name| Some((run_time(&name)?, name)));
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
