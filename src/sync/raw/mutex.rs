//! [`Mutex`]: an unlock, by whichever thread, happens before every later lock. A `try_lock` that fails orders nothing.
//!
//! Guarantees: of several unlocks for one lock, exactly one passes, the others are fatal.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::lock_api::{RawMutex as _, RawMutexTimed as _};

use super::RawMutex;
use super::holders::{Holders, LockKind};
use crate::engine::{Edge, hidden};

/// A mutex without guard and without data, like Go's `sync.Mutex`.
///
/// ```
/// use race::cell::UnsafeCell;
/// use race::sync::raw;
///
/// struct Counter {
///     lock: raw::Mutex,
///     count: UnsafeCell<u64>,
/// }
///
/// // SAFETY: `count` is accessed under `lock` only.
/// unsafe impl Sync for Counter {}
///
/// impl Counter {
///     fn increment(&self) -> u64 {
///         self.lock.lock();
///         let count = self.count.with_mut(|count| {
///             // SAFETY: the lock is held.
///             unsafe {
///                 *count += 1;
///                 *count
///             }
///         });
///         self.lock.unlock();
///         count
///     }
/// }
///
/// static COUNTER: Counter = Counter { lock: raw::Mutex::new(), count: UnsafeCell::new(0) };
/// race::thread::scope(|scope| {
///     scope.spawn(|| COUNTER.increment());
///     scope.spawn(|| COUNTER.increment());
/// });
/// assert_eq!(COUNTER.increment(), 3);
/// ```
pub struct Mutex {
    inner: RawMutex,
    /// Set while there is a lock that nobody has begun to unlock.
    locked: AtomicBool,
    unlock: Edge,
    holders: Holders,
}

impl Mutex {
    /// An unlocked mutex.
    #[inline]
    pub const fn new() -> Mutex {
        Mutex { inner: RawMutex::INIT, locked: AtomicBool::new(false), unlock: Edge::new(), holders: Holders::new() }
    }

    /// Locks, waiting until that is possible.
    ///
    /// Who locks what he holds waits for another thread to unlock it. With the engine, the process ends with status 2
    /// when that does not come: see the [module](super).
    #[inline]
    pub fn lock(&self) {
        if !self.inner.try_lock() {
            self.wait();
        }
        self.after_lock();
    }

    #[cold]
    fn wait(&self) {
        if !self.holders.lock_again(LockKind::Mutex, |time| self.inner.try_lock_for(time)) {
            self.inner.lock();
        }
    }

    /// Locks if that is possible at once; whether it did.
    #[inline]
    #[must_use = "the mutex is locked only if this is true"]
    pub fn try_lock(&self) -> bool {
        let locked = self.inner.try_lock();
        if locked {
            self.after_lock();
        }
        locked
    }

    #[inline]
    fn after_lock(&self) {
        self.unlock.acquire();
        self.holders.add(&raw const *self as usize, LockKind::Mutex);
        hidden(|| self.locked.store(true, Ordering::Release));
    }

    /// Unlocks, whichever thread has locked.
    ///
    /// When the mutex is not locked, the process ends with status 2.
    #[inline]
    pub fn unlock(&self) {
        if !hidden(|| self.locked.swap(false, Ordering::Acquire)) {
            self.holders.nothing_to_unlock(LockKind::Mutex);
        }
        // Beside the former releases: who unlocks for another has not acquired them.
        self.unlock.merge();
        self.holders.remove();
        // SAFETY: the flag says that the mutex is locked, and clearing it made this call the one that unlocks. It may
        // be another thread's lock: `RawMutex` knows no threads, its guards are bound to theirs by a marker only, which
        // a feature of its crate lifts without touching the lock.
        unsafe { self.inner.unlock() };
    }
}

impl Default for Mutex {
    fn default() -> Mutex {
        Mutex::new()
    }
}

impl fmt::Debug for Mutex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mutex").field("locked", &self.inner.is_locked()).finish_non_exhaustive()
    }
}
