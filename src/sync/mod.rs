//! `std::sync`, with the edges that each type's contract promises, and what Go has beside it: [`WaitGroup`], [`Semaphore`],
//! [`Map`] and [`Pool`].
//!
//! Without the engine every name that std has is std's own. With it, each type wraps std's and tells the engine what its
//! documentation promises, no more: a reader of an [`RwLock`] does not order another. [`Arc`] is std's own in every
//! build, since no other type can be coerced to `Arc<dyn Trait>` on stable Rust; its count is not seen.

pub mod atomic;
mod map;
mod pool;
pub mod raw;
mod semaphore;
mod wait_group;

#[cfg(race_wrapped)]
mod barrier;
#[cfg(race_wrapped)]
mod condvar;
#[cfg(race_wrapped)]
mod lazy_lock;
#[cfg(race_wrapped)]
pub mod mpsc;
#[cfg(race_wrapped)]
mod mutex;
#[cfg(race_wrapped)]
mod once;
#[cfg(race_wrapped)]
mod once_lock;
#[cfg(race_wrapped)]
mod poison;
#[cfg(race_wrapped)]
mod rw_lock;

pub use map::Map;
pub use pool::{Pool, PoolGuard};
pub use semaphore::{Semaphore, SemaphoreGuard};
pub use wait_group::WaitGroup;

#[cfg(not(race_wrapped))]
#[allow(deprecated)]
pub use std::sync::ONCE_INIT;
#[cfg(not(race_wrapped))]
pub use std::sync::{
    Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Mutex, MutexGuard, Once, OnceLock, OnceState,
    PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, WaitTimeoutResult, Weak, mpsc,
};

#[cfg(race_wrapped)]
pub use std::sync::{Arc, LockResult, OnceState, PoisonError, TryLockError, TryLockResult, Weak};

#[cfg(race_wrapped)]
pub use barrier::{Barrier, BarrierWaitResult};
#[cfg(race_wrapped)]
pub use condvar::{Condvar, WaitTimeoutResult};
#[cfg(race_wrapped)]
pub use lazy_lock::LazyLock;
#[cfg(race_wrapped)]
pub use mutex::{Mutex, MutexGuard};
#[cfg(race_wrapped)]
#[allow(deprecated)]
pub use once::ONCE_INIT;
#[cfg(race_wrapped)]
pub use once::Once;
#[cfg(race_wrapped)]
pub use once_lock::OnceLock;
#[cfg(race_wrapped)]
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
