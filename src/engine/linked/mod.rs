//! The engine's calls in a build by `cargo race`: those of the one runtime that is linked into the program.
//!
//! What std has is std's here, and its edges are those that the instrumented std makes. What the crate has beyond std tells
//! its edges by itself, as ever, and hides how it does what it does. Accesses are seen by themselves; those that a cell
//! announces count beside them, as accesses of the whole value.

mod abi;
mod access;
mod edge;
mod hidden;
mod hold;
mod report;
mod task;
mod test;

pub(crate) use access::{
    Ignoring, SEES_ACCESSES, acquire_at, allocated, given_back, handed_out, release_at, released, touch,
};
pub(crate) use edge::{Edge, Release, Token};
pub(super) use hidden::Revealed;
pub(crate) use hidden::{Hidden, serve};
pub(crate) use hold::{Hold, LockKind, at_work, fatal, is_alone, running};
pub(crate) use report::{listen, report_count};
pub(crate) use task::{End, Errand, Task};
pub(crate) use test::{Test, Trial, default_options, schedule, seed};

/// A wait of the running thread has ended because its time was up: the engine has seen that.
#[inline(always)]
pub(crate) fn time_was_up() {}
