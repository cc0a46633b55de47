//! The engine of the race detector: vector clocks, shadow memory and reports, behind one interface for both tiers.
//!
//! A [`thread::Thread`] is told what the program does: accesses ([`thread::Thread::access`]), atomic operations and
//! fences ([`sync::atomics`]), releases and acquires of other objects ([`sync::object::SyncObject`]), the life of heap
//! blocks ([`heap`]) and of threads ([`thread::registry`]). [`thread::current`] finds the running one. What races is
//! reported ([`report`]) as it happens.
//!
//! The memory model is that of C++20 and Rust as observed in one execution; docs/memory-model.md has the table.

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
compile_error!("the race detector runs on x86_64-unknown-linux-gnu only: build without the feature `race` elsewhere");

#[cfg(feature = "whole-program")]
pub mod abi;
pub mod access;
pub mod clock;
pub mod counters;
mod finale;
pub mod heap;
#[cfg(test)]
mod inlined;
pub mod options;
pub mod perturb;
#[cfg(feature = "replay")]
pub mod replay;
pub mod report;
pub mod shadow;
pub mod start;
pub mod sync;
pub mod sys;
pub mod thread;
pub mod trace;
