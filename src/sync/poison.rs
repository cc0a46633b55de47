//! Carries std's poison over from the guards that are wrapped to the guards that wrap them.

use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

/// Wraps the content of a lock's result, poisoned or not.
pub(super) fn map_poison<T, U>(result: LockResult<T>, wrap: impl FnOnce(T) -> U) -> LockResult<U> {
    match result {
        Ok(content) => Ok(wrap(content)),
        Err(error) => Err(PoisonError::new(wrap(error.into_inner()))),
    }
}

/// Wraps the content of an attempt's result, poisoned or not, if there is any.
pub(super) fn map_attempt<T, U>(result: TryLockResult<T>, wrap: impl FnOnce(T) -> U) -> TryLockResult<U> {
    match result {
        Ok(content) => Ok(wrap(content)),
        Err(TryLockError::Poisoned(error)) => Err(PoisonError::new(wrap(error.into_inner())).into()),
        Err(TryLockError::WouldBlock) => Err(TryLockError::WouldBlock),
    }
}
