//! Workloads that mostly synchronise: what locks, atomics, channels, tasks and threads cost.

pub mod atomics;
pub mod channels;
pub mod collections;
pub mod locks;
pub mod service;
pub mod tasks;
pub mod threads;
