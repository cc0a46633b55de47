//! [`RawMutex`] and [`RawRwLock`] for builds by `cargo race`, in place of parking_lot's.
//!
//! Theirs keep the threads that wait in tables for the whole process. Those the program may use too, where the engine
//! looks, while these locks are the crate's own and hidden: the order that makes the tables' use right would be seen in
//! part. These keep all that they have in themselves. Guarantees: what theirs do: a waiting writer goes before readers
//! that come later.

use parking_lot::lock_api;
use std::time::{Duration, Instant};

use crate::engine::lock::{Condvar, Mutex};

/// Who has a lock and who wants it.
struct State {
    readers: usize,
    written: bool,
    waiting_writers: usize,
}

impl State {
    fn try_read(&mut self) -> bool {
        let free = !self.written && self.waiting_writers == 0;
        self.readers += usize::from(free);
        free
    }

    fn try_write(&mut self) -> bool {
        let free = !self.written && self.readers == 0;
        self.written |= free;
        free
    }
}

/// A readers-writer lock without data.
pub(super) struct RawRwLock {
    state: Mutex<State>,
    changed: Condvar,
}

/// A mutex without data.
pub(super) type RawMutex = RawRwLock;

impl RawRwLock {
    /// Waits until `attempt` succeeds, or until `end`.
    fn wait(&self, end: Option<Instant>, attempt: fn(&mut State) -> bool) -> bool {
        let mut state = self.state.lock();
        while !attempt(&mut state) {
            let Some(end) = end else {
                state = self.changed.wait(state);
                continue;
            };
            let rest = end.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, rest);
        }
        true
    }

    fn wait_to_write(&self, end: Option<Instant>) -> bool {
        self.state.lock().waiting_writers += 1;
        let locked = self.wait(end, State::try_write);
        self.state.lock().waiting_writers -= 1;
        if !locked {
            // Readers may have waited for this writer alone.
            self.changed.notify_all();
        }
        locked
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.changed.notify_all();
    }
}

// SAFETY: the state under its own lock says who has the lock; nobody gets it for writing beside another.
unsafe impl lock_api::RawRwLock for RawRwLock {
    #[allow(clippy::declare_interior_mutable_const)]
    const INIT: RawRwLock = RawRwLock {
        state: Mutex::new(State { readers: 0, written: false, waiting_writers: 0 }),
        changed: Condvar::new(),
    };

    type GuardMarker = lock_api::GuardSend;

    fn lock_shared(&self) {
        self.wait(None, State::try_read);
    }

    fn try_lock_shared(&self) -> bool {
        self.state.lock().try_read()
    }

    unsafe fn unlock_shared(&self) {
        self.change(|state| state.readers -= 1);
    }

    fn lock_exclusive(&self) {
        self.wait_to_write(None);
    }

    fn try_lock_exclusive(&self) -> bool {
        self.state.lock().try_write()
    }

    unsafe fn unlock_exclusive(&self) {
        self.change(|state| state.written = false);
    }

    fn is_locked_exclusive(&self) -> bool {
        self.state.lock().written
    }
}

// SAFETY: an attempt within a time locks as one without does.
unsafe impl lock_api::RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    fn try_lock_shared_for(&self, time: Duration) -> bool {
        self.try_lock_shared_until(Instant::now() + time)
    }

    fn try_lock_shared_until(&self, end: Instant) -> bool {
        self.wait(Some(end), State::try_read)
    }

    fn try_lock_exclusive_for(&self, time: Duration) -> bool {
        self.try_lock_exclusive_until(Instant::now() + time)
    }

    fn try_lock_exclusive_until(&self, end: Instant) -> bool {
        self.wait_to_write(Some(end))
    }
}

// SAFETY: as for the lock with readers, without them.
unsafe impl lock_api::RawMutex for RawRwLock {
    #[allow(clippy::declare_interior_mutable_const)]
    const INIT: RawRwLock = <RawRwLock as lock_api::RawRwLock>::INIT;

    type GuardMarker = lock_api::GuardSend;

    fn lock(&self) {
        lock_api::RawRwLock::lock_exclusive(self);
    }

    fn try_lock(&self) -> bool {
        lock_api::RawRwLock::try_lock_exclusive(self)
    }

    unsafe fn unlock(&self) {
        // SAFETY: the caller's promise.
        unsafe { lock_api::RawRwLock::unlock_exclusive(self) }
    }

    fn is_locked(&self) -> bool {
        lock_api::RawRwLock::is_locked_exclusive(self)
    }
}

// SAFETY: as above.
unsafe impl lock_api::RawMutexTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    fn try_lock_for(&self, time: Duration) -> bool {
        lock_api::RawRwLockTimed::try_lock_exclusive_for(self, time)
    }

    fn try_lock_until(&self, end: Instant) -> bool {
        lock_api::RawRwLockTimed::try_lock_exclusive_until(self, end)
    }
}
