//! One run: a process, and what it took.

use std::io::Read;
use std::num::NonZeroUsize;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use crate::arguments::Clock;
use crate::build::Program;
use crate::error::Error;

/// What a process took from its start to its end, and what it printed.
#[derive(Debug)]
pub struct Ran {
    pub output: String,
    wall: f64,
    cpu: f64,
    /// The largest resident memory, in units of 1024 * 1024 bytes.
    pub megabytes: f64,
}

impl Ran {
    pub fn seconds(&self, clock: Clock) -> f64 {
        match clock {
            Clock::Wall => self.wall,
            Clock::Cpu => self.cpu,
        }
    }
}

/// Runs a program to its end.
pub fn run(program: &Program, words: &[&str]) -> Result<Ran, Error> {
    let not_run = |reason: std::io::Error| Error::NotRun { program: program.path.clone(), reason: reason.to_string() };
    let mut command = Command::new(&program.path);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).envs(program.environment.clone());
    let start = Instant::now();
    let mut child = command.spawn().map_err(not_run)?;
    let mut output = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut output).map_err(not_run)?;
    }
    let (status, usage) = wait(&child).map_err(not_run)?;
    let wall = start.elapsed().as_secs_f64();
    if !status.success() {
        let (program, words) = (program.path.clone(), words.join(" "));
        return Err(Error::Failed { program, words, status: status.to_string() });
    }
    let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    Ok(Ran { output, wall, cpu, megabytes: usage.ru_maxrss as f64 / 1024.0 })
}

/// How many the machine has.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Std's own wait does not tell what the process used.
fn wait(child: &Child) -> std::io::Result<(ExitStatus, libc::rusage)> {
    let process = libc::pid_t::try_from(child.id()).expect("the kernel's numbers of processes are of this type");
    let mut status = 0;
    // SAFETY: a structure of plain numbers, for which zeros will do.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both places live; the child is ours and nobody else waits for it.
    if unsafe { libc::wait4(process, &raw mut status, 0, &raw mut usage) } == process {
        Ok((ExitStatus::from_raw(status), usage))
    } else {
        Err(std::io::Error::last_os_error())
    }
}

fn seconds(value: libc::timeval) -> f64 {
    value.tv_sec as f64 + value.tv_usec as f64 / 1e6
}
