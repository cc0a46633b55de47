//! Threads: who they are ([`registry`]), what each knows and does ([`Thread`]), which one is running ([`current`]),
//! when it ends ([`last_step`]), what a fork does to all of them ([`fork`]), which locks it holds ([`holds`]), what it
//! asked not to look at ([`ignoring`]), which of them are logical tasks ([`task`], [`lane`]) or fibers ([`fiber`]) and how
//! it got where it is ([`call_stack`], [`context`]; `unwind`
//! in programs that do not announce their functions).

pub mod call_stack;
pub mod context;
pub mod current;
pub mod fiber;
pub(crate) mod fork;
pub mod holds;
pub mod ignoring;
pub mod lane;
pub mod last_step;
mod pointer;
mod presence;
pub mod registry;
mod state;
pub mod task;
#[cfg(not(feature = "whole-program"))]
pub mod unwind;

pub use state::{Hot, Thread};

/// A thread's number as reports show it: 0 is the main thread, the others count up in the order of their creation
/// and are never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(pub u32);

impl ThreadId {
    /// The thread that runs `main`.
    pub const MAIN: ThreadId = ThreadId(0);
}
