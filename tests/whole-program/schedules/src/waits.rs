//! A thread waits for a notification, and then drops a few references: in time to be paused, or when it has given up.

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
