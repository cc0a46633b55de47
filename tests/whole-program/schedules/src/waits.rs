//! A thread drops a few references: when it was notified, in time to be paused, or has given up waiting for that; or while no other
//! thread could do anything.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How the wait ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With the notification.
    Notified,
    /// Because the time is up.
    TimedOut,
}

/// Runs the program.
pub fn drop_after_wait(end: End) {
    static CAME: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
    let mine: Vec<Arc<()>> = (0..4).map(|_| Arc::new(())).collect();
    let theirs = mine.clone();
    let thread = thread::spawn(move || {
        let time = Duration::from_millis(if end == End::TimedOut { 1 } else { 100_000 });
        let came = CAME.1.wait_timeout_while(CAME.0.lock().unwrap(), time, |came| !*came).unwrap();
        assert_eq!(came.1.timed_out(), end == End::TimedOut);
        drop(came);
        drop(theirs);
    });
    if end == End::Notified {
        *CAME.0.lock().unwrap() = true;
        CAME.1.notify_all();
    }
    thread.join().unwrap();
}

/// What the others do meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// The main thread waits for this one's end. There is no other.
    Waiting,
    /// Another thread sleeps.
    Sleeping,
}

/// Runs the program.
pub fn drop_beside(company: Company) {
    let mine: Vec<Arc<()>> = (0..4).map(|_| Arc::new(())).collect();
    let theirs = mine.clone();
    let sleeper =
        (company == Company::Sleeping).then(|| thread::spawn(|| thread::park_timeout(Duration::from_secs(100))));
    let wake = sleeper.as_ref().map(|sleeper| sleeper.thread().clone());
    let thread = thread::spawn(move || {
        while !main_waits() {
            thread::yield_now();
        }
        drop(theirs);
        wake.inspect(thread::Thread::unpark);
    });
    thread.join().unwrap();
    sleeper.into_iter().for_each(|sleeper| sleeper.join().unwrap());
}

/// Whether the main thread waits by the call `futex`, as who joins another one does.
fn main_waits() -> bool {
    let line = std::fs::read_to_string(format!("/proc/self/task/{}/syscall", std::process::id())).unwrap();
    line.starts_with("202 ")
}
