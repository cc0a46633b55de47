//! Every call into the operating system that the engine makes for itself.

pub mod errno;
pub mod memory;
pub mod spin;
pub mod stack;
pub mod tasks;
