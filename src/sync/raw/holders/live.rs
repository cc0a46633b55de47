//! In a build with the engine: each hold is known to the lock and to the holder, whose accesses remember it.
//!
//! The list changes while the engine is at work for the thread: its memory passes between threads that are not ordered,
//! and is the engine's own.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::engine::lock::{Mutex, MutexGuard};
use crate::engine::{Hold, at_work, fatal, hidden, is_alone, running};

pub(in crate::sync::raw) use crate::engine::LockKind;

/// So long a thread may wait for others to unlock what it holds itself. Generous: where others are at work, it cannot be
/// known that none of them will.
const GRACE: Duration = Duration::from_secs(10);
/// So often it is looked whether they have.
const STEP: Duration = Duration::from_millis(50);

/// Those who hold a lock, oldest first.
#[derive(Debug)]
pub(in crate::sync::raw) struct Holders {
    /// `None` stands for a thread that the engine does not work for.
    list: Mutex<Vec<Option<Hold>>>,
    /// Whether another thread than the holder has ever unlocked.
    handed_over: AtomicBool,
}

impl Holders {
    pub(in crate::sync::raw) const fn new() -> Holders {
        Holders { list: Mutex::new(Vec::new()), handed_over: AtomicBool::new(false) }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Option<Hold>>> {
        self.list.lock()
    }

    /// The running thread holds what lies at `lock` from now on.
    pub(in crate::sync::raw) fn add(&self, lock: usize, kind: LockKind) {
        let hold = Hold::begin(lock, kind);
        at_work(|| self.list().push(hold));
    }

    /// The running thread unlocks: for itself if it is among the holders, else for the oldest of them.
    pub(in crate::sync::raw) fn remove(&self) {
        let own = running();
        at_work(|| {
            let mut list = self.list();
            let index = list.iter().rposition(|hold| hold.as_ref().map(Hold::thread) == own);
            if index.is_none() {
                self.handed_over.store(true, Relaxed);
            }
            if !list.is_empty()
                && let Some(hold) = list.remove(index.unwrap_or(0))
            {
                hold.end();
            }
        });
    }

    /// The running thread's newest hold.
    fn own(&self) -> Option<Hold> {
        let own = running()?;
        self.list().iter().rev().flatten().find(|hold| hold.thread() == own).cloned()
    }

    /// For who could not lock at once: as long as the reason may be that he holds the lock himself, `attempt`s to lock for
    /// some time. Whether that succeeded; ends the process when it is hopeless.
    pub(in crate::sync::raw) fn lock_again(&self, wanted: LockKind, attempt: impl Fn(Duration) -> bool) -> bool {
        let start = Instant::now();
        while let Some(own) = self.own() {
            // Asked first: a thread that ends may unlock in its last moment.
            let alone = is_alone();
            if attempt(STEP) {
                return true;
            }
            let too_long = start.elapsed() >= GRACE && !hidden(|| self.handed_over.load(Relaxed));
            if (alone || too_long) && !own.is_over() {
                fatal(self_deadlock(wanted, own.kind()), Some(&own));
            }
        }
        false
    }

    /// Ends the process.
    #[cold]
    pub(in crate::sync::raw) fn nothing_to_unlock(&self, kind: LockKind) -> ! {
        fatal(super::unlock_of_unlocked(kind), None)
    }
}

fn self_deadlock(wanted: LockKind, held: LockKind) -> &'static str {
    match (wanted, held) {
        (LockKind::Mutex, _) => "self-deadlock: this thread locks a mutex that it holds already",
        (LockKind::Write, LockKind::Write) => {
            "self-deadlock: this thread locks for writing an rwlock that it holds for writing already"
        }
        (LockKind::Write, _) => {
            "self-deadlock: this thread locks for writing an rwlock that it holds for reading already"
        }
        (LockKind::Read, LockKind::Write) => {
            "self-deadlock: this thread locks for reading an rwlock that it holds for writing already"
        }
        (LockKind::Read, _) => {
            "self-deadlock: this thread locks for reading an rwlock that it holds for reading already, while a writer waits"
        }
    }
}
