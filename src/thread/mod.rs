//! `std::thread`, with what creates, ends, joins and wakes threads seen by the engine.
//!
//! Without the engine every name here is std's own. With it, a thread's creation happens before its first step, its
//! last step before the return of its `join` (or of its scope), and an `unpark` before the return of the `park` that
//! consumes it. A handle that is dropped orders nothing.

#[cfg(not(race_wrapped))]
pub use std::thread::*;

#[cfg(race_wrapped)]
mod builder;
#[cfg(race_wrapped)]
mod handle;
#[cfg(race_wrapped)]
mod join_handle;
#[cfg(race_wrapped)]
mod life;
#[cfg(race_wrapped)]
mod scope;

#[cfg(race_wrapped)]
#[allow(deprecated)]
pub use std::thread::sleep_ms;
#[cfg(race_wrapped)]
pub use std::thread::{AccessError, LocalKey, Result, ThreadId, available_parallelism, panicking, sleep, yield_now};

#[cfg(race_wrapped)]
pub use builder::{Builder, spawn};
#[cfg(race_wrapped)]
#[allow(deprecated)]
pub use handle::park_timeout_ms;
#[cfg(race_wrapped)]
pub use handle::{Thread, current, park, park_timeout};
#[cfg(race_wrapped)]
pub use join_handle::JoinHandle;
#[cfg(race_wrapped)]
pub use scope::{Scope, ScopedJoinHandle, scope};
