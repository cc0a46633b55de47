//! Whether the engine is at work for a thread, as the thread itself and a fork see it.
//!
//! The thread's own steps cost a store and a load, without a fence: [`super::fork`] makes them visible to one who asks
//! from outside.

use crate::sys::atomic::AtomicU8;
use crate::sys::atomic::Ordering::{Acquire, Relaxed, Release};

const OUTSIDE: u8 = 0;
const INSIDE: u8 = 1;
#[cfg(feature = "whole-program")]
const RESTING: u8 = 2;

/// Where one thread is.
#[derive(Debug)]
pub(crate) struct Presence(AtomicU8);

impl Presence {
    /// The program's own code runs.
    pub(crate) const fn outside() -> Presence {
        Presence(AtomicU8::new(OUTSIDE))
    }

    /// Whether the program's own code runs.
    #[inline(always)]
    pub(crate) fn is_outside(&self) -> bool {
        self.0.load(Relaxed) == OUTSIDE
    }

    /// The engine begins to work. What it did for the thread before is its own to see.
    #[inline(always)]
    pub(crate) fn enter(&self) {
        self.0.store(INSIDE, Relaxed);
    }

    /// The engine has done its work.
    #[inline(always)]
    pub(crate) fn leave(&self) {
        self.0.store(OUTSIDE, Release);
    }

    /// The engine looks away from the thread and does not touch anything for it either, until it leaves.
    #[cfg(feature = "whole-program")]
    pub(crate) fn rest(&self) {
        self.0.store(RESTING, Release);
    }

    /// Whether the engine may be in the middle of something for the thread. Asked by another thread.
    pub(crate) fn is_at_work(&self) -> bool {
        self.0.load(Acquire) == INSIDE
    }
}
