//! Locks of the crate's own: std's, without poison. What they order is no order of the program's, and what is done
//! under them is [`Hidden`].
//!
//! Guarantees: none of the crate's state that lies under such a lock is accessed where the engine looks.

use std::ops::{Deref, DerefMut};
use std::sync::{self, LockResult, PoisonError};
use std::time::Duration;

use super::{Hidden, hidden, time_was_up};

fn whole<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

/// A mutex.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(sync::Mutex<T>);

/// Something that is locked.
#[derive(Debug)]
pub(crate) struct Guard<G> {
    // Dropped before what follows.
    inner: G,
    hidden: Hidden,
}

/// A locked [`Mutex`].
pub(crate) type MutexGuard<'a, T> = Guard<sync::MutexGuard<'a, T>>;

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Mutex<T> {
        Mutex(sync::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        let hidden = Hidden::begin();
        Guard { inner: whole(self.0.lock()), hidden }
    }
}

/// A readers-writer lock.
pub(crate) struct RwLock<T>(sync::RwLock<T>);

impl<T> RwLock<T> {
    pub(crate) const fn new(value: T) -> RwLock<T> {
        RwLock(sync::RwLock::new(value))
    }

    #[inline]
    pub(crate) fn read(&self) -> Guard<sync::RwLockReadGuard<'_, T>> {
        let hidden = Hidden::begin();
        Guard { inner: whole(self.0.read()), hidden }
    }

    #[inline]
    pub(crate) fn write(&self) -> Guard<sync::RwLockWriteGuard<'_, T>> {
        let hidden = Hidden::begin();
        Guard { inner: whole(self.0.write()), hidden }
    }
}

impl<G: Deref> Deref for Guard<G> {
    type Target = G::Target;

    #[inline]
    fn deref(&self) -> &G::Target {
        &self.inner
    }
}

impl<G: DerefMut> DerefMut for Guard<G> {
    #[inline]
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.inner
    }
}

/// A condition that goes with a [`Mutex`].
#[derive(Debug, Default)]
pub(crate) struct Condvar(sync::Condvar);

impl Condvar {
    pub(crate) const fn new() -> Condvar {
        Condvar(sync::Condvar::new())
    }

    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        let Guard { inner, hidden } = guard;
        Guard { inner: whole(self.0.wait(inner)), hidden }
    }

    /// Waits for `time` at most.
    pub(crate) fn wait_timeout<'a, T>(&self, guard: MutexGuard<'a, T>, time: Duration) -> MutexGuard<'a, T> {
        let Guard { inner, hidden } = guard;
        let (inner, result) = whole(self.0.wait_timeout(inner, time));
        if result.timed_out() {
            time_was_up();
        }
        Guard { inner, hidden }
    }

    pub(crate) fn notify_one(&self) {
        hidden(|| self.0.notify_one());
    }

    pub(crate) fn notify_all(&self) {
        hidden(|| self.0.notify_all());
    }
}
