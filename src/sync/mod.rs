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

#[cfg(race_engine)]
mod barrier;
#[cfg(race_engine)]
mod condvar;
#[cfg(race_engine)]
mod lazy_lock;
#[cfg(race_engine)]
pub mod mpsc;
#[cfg(race_engine)]
mod mutex;
#[cfg(race_engine)]
mod once;
#[cfg(race_engine)]
mod once_lock;
#[cfg(race_engine)]
mod poison;
#[cfg(race_engine)]
mod rw_lock;

pub use map::Map;
pub use pool::{Pool, PoolGuard};
pub use semaphore::{Semaphore, SemaphoreGuard};
pub use wait_group::WaitGroup;

#[cfg(not(race_engine))]
#[allow(deprecated)]
pub use std::sync::ONCE_INIT;
#[cfg(not(race_engine))]
pub use std::sync::{
    Arc, Barrier, BarrierWaitResult, Condvar, LazyLock, LockResult, Mutex, MutexGuard, Once, OnceLock, OnceState,
    PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult, WaitTimeoutResult, Weak, mpsc,
};

#[cfg(race_engine)]
pub use std::sync::{Arc, LockResult, OnceState, PoisonError, TryLockError, TryLockResult, Weak};

#[cfg(race_engine)]
pub use barrier::{Barrier, BarrierWaitResult};
#[cfg(race_engine)]
pub use condvar::{Condvar, WaitTimeoutResult};
#[cfg(race_engine)]
pub use lazy_lock::LazyLock;
#[cfg(race_engine)]
pub use mutex::{Mutex, MutexGuard};
#[cfg(race_engine)]
#[allow(deprecated)]
pub use once::ONCE_INIT;
#[cfg(race_engine)]
pub use once::Once;
#[cfg(race_engine)]
pub use once_lock::OnceLock;
#[cfg(race_engine)]
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
