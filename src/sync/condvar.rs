//! [`Condvar`]: orders through its mutex only. A notification by itself orders nothing: it says that it is worth looking,
//! and looking takes the lock.

use std::fmt;
use std::sync::{LockResult, PoisonError};
use std::time::{Duration, Instant};

use super::mutex::MutexGuard;
use crate::engine;

/// [`std::sync::Condvar`], watched.
#[derive(Default)]
pub struct Condvar(std::sync::Condvar);

/// [`std::sync::WaitTimeoutResult`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    /// Whether the wait ended by time.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    /// A condition that nobody waits for.
    #[inline]
    pub const fn new() -> Condvar {
        Condvar(std::sync::Condvar::new())
    }

    /// Unlocks, waits for a notification and locks again.
    ///
    /// # Errors
    /// The guard too, when a thread panicked while it held the lock.
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        let wait = |guard| match self.0.wait(guard) {
            Ok(guard) => Ok((guard, ())),
            Err(error) => Err(PoisonError::new((error.into_inner(), ()))),
        };
        match guard.while_unlocked(wait) {
            Ok((guard, ())) => Ok(guard),
            Err(error) => Err(PoisonError::new(error.into_inner().0)),
        }
    }

    /// Waits for as long as the condition holds.
    ///
    /// # Errors
    /// The guard too, when a thread panicked while it held the lock.
    pub fn wait_while<'a, T, F>(&self, mut guard: MutexGuard<'a, T>, mut condition: F) -> LockResult<MutexGuard<'a, T>>
    where
        F: FnMut(&mut T) -> bool,
    {
        while condition(&mut *guard) {
            guard = self.wait(guard)?;
        }
        Ok(guard)
    }

    /// [`Condvar::wait_timeout`] in milliseconds; true when notified.
    ///
    /// # Errors
    /// The guard too, when a thread panicked while it held the lock.
    #[deprecated(note = "replaced by `race::sync::Condvar::wait_timeout`")]
    pub fn wait_timeout_ms<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        milliseconds: u32,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match self.wait_timeout(guard, Duration::from_millis(u64::from(milliseconds))) {
            Ok((guard, result)) => Ok((guard, !result.timed_out())),
            Err(error) => {
                let (guard, result) = error.into_inner();
                Err(PoisonError::new((guard, !result.timed_out())))
            }
        }
    }

    /// [`Condvar::wait`], for `time` at most.
    ///
    /// # Errors
    /// The guard too, when a thread panicked while it held the lock.
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        time: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)> {
        let told = |result: std::sync::WaitTimeoutResult| {
            if result.timed_out() {
                engine::time_was_up();
            }
            WaitTimeoutResult(result.timed_out())
        };
        guard.while_unlocked(|guard| match self.0.wait_timeout(guard, time) {
            Ok((guard, result)) => Ok((guard, told(result))),
            Err(error) => {
                let (guard, result) = error.into_inner();
                Err(PoisonError::new((guard, told(result))))
            }
        })
    }

    /// [`Condvar::wait_while`], for `time` at most.
    ///
    /// # Errors
    /// The guard too, when a thread panicked while it held the lock.
    pub fn wait_timeout_while<'a, T, F>(
        &self,
        mut guard: MutexGuard<'a, T>,
        time: Duration,
        mut condition: F,
    ) -> LockResult<(MutexGuard<'a, T>, WaitTimeoutResult)>
    where
        F: FnMut(&mut T) -> bool,
    {
        let start = Instant::now();
        loop {
            if !condition(&mut *guard) {
                return Ok((guard, WaitTimeoutResult(false)));
            }
            let Some(rest) = time.checked_sub(start.elapsed()) else {
                return Ok((guard, WaitTimeoutResult(true)));
            };
            guard = self.wait_timeout(guard, rest)?.0;
        }
    }

    /// Wakes one of those who wait.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all who wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
