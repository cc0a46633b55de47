//! [`Mutex`]: an unlock happens before every later lock. A `try_lock` that fails orders nothing.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockError, TryLockResult};

use super::poison::{map_attempt, map_poison};
use crate::engine::{Edge, before_synchronisation};

/// [`std::sync::Mutex`], watched.
#[derive(Default)]
pub struct Mutex<T: ?Sized> {
    unlock: Edge,
    inner: std::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    /// An unlocked mutex around `value`.
    #[inline]
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { unlock: Edge::new(), inner: std::sync::Mutex::new(value) }
    }

    /// The value.
    ///
    /// # Errors
    /// The value too, when a thread panicked while it held the lock.
    pub fn into_inner(self) -> LockResult<T> {
        self.inner.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Locks, waiting until that is possible.
    ///
    /// # Errors
    /// The guard too, when a thread panicked while it held the lock.
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        before_synchronisation();
        map_poison(self.inner.lock(), |inner| self.locked(inner))
    }

    /// Locks if that is possible at once.
    ///
    /// # Errors
    /// When the mutex is locked, or the guard when a thread panicked while it held the lock.
    pub fn try_lock(&self) -> TryLockResult<MutexGuard<'_, T>> {
        before_synchronisation();
        map_attempt(self.inner.try_lock(), |inner| self.locked(inner))
    }

    fn locked<'a>(&'a self, inner: std::sync::MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.unlock.acquire();
        MutexGuard { lock: self, inner }
    }

    /// Whether a thread panicked while it held the lock.
    pub fn is_poisoned(&self) -> bool {
        self.inner.is_poisoned()
    }

    /// Takes the state of [`Mutex::is_poisoned`] back.
    pub fn clear_poison(&self) {
        self.inner.clear_poison();
    }

    /// The value, exclusively.
    ///
    /// # Errors
    /// The value too, when a thread panicked while it held the lock.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        self.inner.get_mut()
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Mutex<T> {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => shown.field("data", &&*guard),
            Err(TryLockError::Poisoned(error)) => shown.field("data", &&**error.get_ref()),
            Err(TryLockError::WouldBlock) => shown.field("data", &format_args!("<locked>")),
        };
        shown.field("poisoned", &self.is_poisoned()).finish_non_exhaustive()
    }
}

/// [`std::sync::MutexGuard`].
#[must_use = "if unused the Mutex will immediately unlock"]
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
    inner: std::sync::MutexGuard<'a, T>,
}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Runs `wait`, which unlocks the mutex and locks it again.
    pub(super) fn while_unlocked<R>(
        self,
        wait: impl FnOnce(std::sync::MutexGuard<'a, T>) -> LockResult<(std::sync::MutexGuard<'a, T>, R)>,
    ) -> LockResult<(MutexGuard<'a, T>, R)> {
        self.lock.unlock.release();
        let guard = ManuallyDrop::new(self);
        let lock = guard.lock;
        // SAFETY: the guard is not dropped and not used any more.
        let inner = unsafe { std::ptr::read(&guard.inner) };
        map_poison(wait(inner), |(inner, result)| (lock.locked(inner), result))
    }
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // The mutex itself is unlocked after this, when `inner` is dropped.
        self.lock.unlock.release();
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.inner
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
