//! [`RwLock`]: a writer's unlock happens before every later lock, a reader's before later writers' only. Readers do not
//! order each other, whatever the implementation does. A failed try orders nothing.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::poison::{map_attempt, map_poison};
use crate::engine::{Edge, before_synchronisation};

/// [`std::sync::RwLock`], watched.
#[derive(Default)]
pub struct RwLock<T: ?Sized> {
    writers: Edge,
    readers: Edge,
    inner: std::sync::RwLock<T>,
}

impl<T> RwLock<T> {
    /// An unlocked lock around `value`.
    #[inline]
    pub const fn new(value: T) -> RwLock<T> {
        RwLock { writers: Edge::new(), readers: Edge::new(), inner: std::sync::RwLock::new(value) }
    }

    /// The value.
    ///
    /// # Errors
    /// The value too, when a writer panicked.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Locks for reading, waiting until that is possible.
    ///
    /// # Errors
    /// The guard too, when a writer panicked.
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        before_synchronisation();
        map_poison(self.inner.read(), |inner| self.locked_for_reading(inner))
    }

    /// Locks for reading if that is possible at once.
    ///
    /// # Errors
    /// When a writer has the lock, or the guard when a writer panicked.
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        before_synchronisation();
        map_attempt(self.inner.try_read(), |inner| self.locked_for_reading(inner))
    }

    /// Locks for writing, waiting until that is possible.
    ///
    /// # Errors
    /// The guard too, when a writer panicked.
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        before_synchronisation();
        map_poison(self.inner.write(), |inner| self.locked_for_writing(inner))
    }

    /// Locks for writing if that is possible at once.
    ///
    /// # Errors
    /// When somebody has the lock, or the guard when a writer panicked.
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        before_synchronisation();
        map_attempt(self.inner.try_write(), |inner| self.locked_for_writing(inner))
    }

    fn locked_for_reading<'a>(&'a self, inner: std::sync::RwLockReadGuard<'a, T>) -> RwLockReadGuard<'a, T> {
        self.writers.acquire();
        RwLockReadGuard { lock: self, inner }
    }

    fn locked_for_writing<'a>(&'a self, inner: std::sync::RwLockWriteGuard<'a, T>) -> RwLockWriteGuard<'a, T> {
        self.writers.acquire();
        self.readers.acquire();
        // What readers did is now part of what this writer's unlock will publish.
        self.readers.clear();
        RwLockWriteGuard { lock: self, inner }
    }

    /// Whether a writer panicked.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Takes the state of [`RwLock::is_poisoned`] back.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// The value, exclusively.
    ///
    /// # Errors
    /// The value too, when a writer panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> RwLock<T> {
        RwLock::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => shown.field("data", &&*guard),
            Err(TryLockError::Poisoned(error)) => shown.field("data", &&**error.get_ref()),
            Err(TryLockError::WouldBlock) => shown.field("data", &format_args!("<locked>")),
        };
        shown.field("poisoned", &self.is_poisoned()).finish_non_exhaustive()
    }
}

/// [`std::sync::RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    inner: std::sync::RwLockReadGuard<'a, T>,
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        // The lock itself is released after this, when `inner` is dropped.
        self.lock.readers.merge();
    }
}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// [`std::sync::RwLockWriteGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized> {
    lock: &'a RwLock<T>,
    inner: std::sync::RwLockWriteGuard<'a, T>,
}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// Goes on as a reader, with no writer in between. Other readers may come in, and see what was written.
    pub fn downgrade(guard: RwLockWriteGuard<'a, T>) -> RwLockReadGuard<'a, T> {
        let lock = guard.lock;
        lock.writers.release();
        let guard = ManuallyDrop::new(guard);
        // SAFETY: the guard is not dropped and not used any more.
        let inner = unsafe { std::ptr::read(&guard.inner) };
        RwLockReadGuard { lock, inner: std::sync::RwLockWriteGuard::downgrade(inner) }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        // The lock itself is released after this, when `inner` is dropped.
        self.lock.writers.release();
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
