//! [`RwLock`]: a writer's unlock happens before every later lock, a reader's before later writers' only, by whichever
//! thread they are. Readers do not order each other. A failed try orders nothing.
//!
//! Guarantees: of several unlocks for one lock, exactly one passes, the others are fatal; a waiting writer goes before
//! readers that come later.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::lock_api::{RawRwLock as _, RawRwLockTimed as _};

use super::RawRwLock;
use super::holders::{Holders, LockKind};
use crate::engine::{Edge, hidden};

/// A reader-writer lock without guards and without data, like Go's `sync.RWMutex`.
///
/// New readers wait while a writer does. So a thread that reads must not lock for reading once more: with a writer in
/// between, each would wait for the other.
///
/// ```
/// use race::cell::UnsafeCell;
/// use race::sync::raw;
///
/// struct Config {
///     lock: raw::RwLock,
///     limit: UnsafeCell<u32>,
/// }
///
/// // SAFETY: `limit` is read under a lock for reading and written under one for writing.
/// unsafe impl Sync for Config {}
///
/// impl Config {
///     fn limit(&self) -> u32 {
///         self.lock.read_lock();
///         // SAFETY: the lock is held for reading.
///         let limit = self.limit.with(|limit| unsafe { *limit });
///         self.lock.read_unlock();
///         limit
///     }
///
///     fn set_limit(&self, new: u32) {
///         self.lock.write_lock();
///         // SAFETY: the lock is held for writing.
///         self.limit.with_mut(|limit| unsafe { *limit = new });
///         self.lock.write_unlock();
///     }
/// }
///
/// static CONFIG: Config = Config { lock: raw::RwLock::new(), limit: UnsafeCell::new(1) };
/// race::thread::scope(|scope| {
///     scope.spawn(|| CONFIG.set_limit(2));
///     scope.spawn(|| assert!(CONFIG.limit() <= 2));
/// });
/// assert_eq!(CONFIG.limit(), 2);
/// ```
pub struct RwLock {
    inner: RawRwLock,
    /// Locks for reading that nobody has begun to unlock.
    readers: AtomicUsize,
    /// Whether there is a lock for writing that nobody has begun to unlock.
    written: AtomicBool,
    read_unlock: Edge,
    write_unlock: Edge,
    holders: Holders,
}

impl RwLock {
    /// An unlocked lock.
    #[inline]
    pub const fn new() -> RwLock {
        RwLock {
            inner: RawRwLock::INIT,
            readers: AtomicUsize::new(0),
            written: AtomicBool::new(false),
            read_unlock: Edge::new(),
            write_unlock: Edge::new(),
            holders: Holders::new(),
        }
    }

    /// Locks for reading, waiting until no writer has the lock or waits for it.
    ///
    /// Who locks for reading what he holds for writing waits for another thread to unlock it, and so may who holds it for
    /// reading. With the engine, the process ends with status 2 when that does not come: see the [module](super).
    #[inline]
    pub fn read_lock(&self) {
        if !self.inner.try_lock_shared() {
            self.wait_to_read();
        }
        self.after_read_lock();
    }

    #[cold]
    fn wait_to_read(&self) {
        if !self.holders.lock_again(LockKind::Read, |time| self.inner.try_lock_shared_for(time)) {
            self.inner.lock_shared();
        }
    }

    /// Locks for reading if no writer has the lock or waits for it; whether it did.
    #[inline]
    #[must_use = "the lock is held only if this is true"]
    pub fn try_read_lock(&self) -> bool {
        let locked = self.inner.try_lock_shared();
        if locked {
            self.after_read_lock();
        }
        locked
    }

    #[inline]
    fn after_read_lock(&self) {
        self.write_unlock.acquire();
        self.holders.add(&raw const *self as usize, LockKind::Read);
        hidden(|| self.readers.fetch_add(1, Ordering::Release));
    }

    /// Takes one lock for reading back, whichever thread's it is. With the engine it counts as the calling thread's own
    /// where that has one, otherwise as the oldest.
    ///
    /// When the lock is not held for reading, the process ends with status 2.
    #[inline]
    pub fn read_unlock(&self) {
        let one_less = |readers: usize| readers.checked_sub(1);
        let lowered = hidden(|| self.readers.fetch_update(Ordering::Acquire, Ordering::Relaxed, one_less));
        if lowered.is_err() {
            self.holders.nothing_to_unlock(LockKind::Read);
        }
        self.read_unlock.merge();
        self.holders.remove();
        // SAFETY: the count says that the lock is held for reading, and lowering it made this call one that unlocks. It
        // may be another thread's lock: as for `RawMutex`, see there, the raw lock knows no threads.
        unsafe { self.inner.unlock_shared() };
    }

    /// Locks for writing, waiting until nobody else has the lock.
    ///
    /// Who locks what he holds waits for another thread to unlock it. With the engine, the process ends with status 2
    /// when that does not come: see the [module](super).
    #[inline]
    pub fn write_lock(&self) {
        if !self.inner.try_lock_exclusive() {
            self.wait_to_write();
        }
        self.after_write_lock();
    }

    #[cold]
    fn wait_to_write(&self) {
        if !self.holders.lock_again(LockKind::Write, |time| self.inner.try_lock_exclusive_for(time)) {
            self.inner.lock_exclusive();
        }
    }

    /// Locks for writing if nobody has the lock; whether it did.
    #[inline]
    #[must_use = "the lock is held only if this is true"]
    pub fn try_write_lock(&self) -> bool {
        let locked = self.inner.try_lock_exclusive();
        if locked {
            self.after_write_lock();
        }
        locked
    }

    #[inline]
    fn after_write_lock(&self) {
        self.write_unlock.acquire();
        self.read_unlock.acquire();
        self.holders.add(&raw const *self as usize, LockKind::Write);
        hidden(|| self.written.store(true, Ordering::Release));
    }

    /// Takes the lock for writing back, whichever thread's it is.
    ///
    /// When the lock is not held for writing, the process ends with status 2.
    #[inline]
    pub fn write_unlock(&self) {
        if !hidden(|| self.written.swap(false, Ordering::Acquire)) {
            self.holders.nothing_to_unlock(LockKind::Write);
        }
        self.write_unlock.merge();
        // For later writers the above would do. But this release takes the place of the readers' that the writer has
        // acquired, which would pile up; who unlocks for another has not, and they stay.
        self.read_unlock.merge();
        self.holders.remove();
        // SAFETY: the flag says that the lock is held for writing, and clearing it made this call the one that unlocks.
        // For another thread's lock see `read_unlock`.
        unsafe { self.inner.unlock_exclusive() };
    }
}

impl Default for RwLock {
    fn default() -> RwLock {
        RwLock::new()
    }
}

impl fmt::Debug for RwLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RwLock")
            .field("readers", &self.readers.load(Ordering::Relaxed))
            .field("written", &self.inner.is_locked_exclusive())
            .finish_non_exhaustive()
    }
}
