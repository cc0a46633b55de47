//! Every call into the operating system that the engine makes for itself.

pub mod atomic;
pub mod barrier;
pub mod cancellation;
pub mod errno;
pub mod file;
pub mod memory;
pub mod prefetch;
#[cfg(feature = "replay")]
pub mod room;
pub mod sleep;
pub mod spin;
pub mod stack;
pub mod tasks;
