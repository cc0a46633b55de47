//! Carries std's poison over from the guards that are wrapped to the guards that wrap them.

use std::sync::{LockResult, PoisonError};

/// Wraps the content of a lock's result, poisoned or not.
pub(super) fn map_poison<T, U>(result: LockResult<T>, wrap: impl FnOnce(T) -> U) -> LockResult<U> {
    match result {
        Ok(content) => Ok(wrap(content)),
        Err(error) => Err(PoisonError::new(wrap(error.into_inner()))),
    }
}
