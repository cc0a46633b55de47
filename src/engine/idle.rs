//! The engine's calls in a build without it: types without size, functions without body.

use super::Touch;

/// What one operation publishes: nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Release;

impl Release {
    #[inline(always)]
    pub(crate) fn now() -> Release {
        Release
    }

    #[inline(always)]
    pub(crate) fn acquire(&self) {}
}

/// A place where releases gather: none do.
#[derive(Debug, Default)]
pub(crate) struct Edge;

impl Edge {
    #[inline(always)]
    pub(crate) const fn new() -> Edge {
        Edge
    }

    #[inline(always)]
    pub(crate) fn merge(&self) {}

    #[inline(always)]
    pub(crate) fn acquire(&self) {}
}

/// The running thread is about to synchronise with others.
#[inline(always)]
pub(crate) fn before_synchronisation() {}

/// A wait of the running thread has ended because its time was up.
#[inline(always)]
pub(crate) fn time_was_up() {}

#[inline(always)]
pub(crate) fn touch(_address: usize, _size: usize, _how: Touch) {}

#[inline(always)]
pub(crate) fn handed_out(_address: usize, _size: usize) {}

#[inline(always)]
pub(crate) fn allocated(_address: usize, _size: usize) {}

#[inline(always)]
pub(crate) fn released(_address: usize, _size: usize) {}

#[inline(always)]
pub(crate) fn release_at(_address: usize) {}

#[inline(always)]
pub(crate) fn acquire_at(_address: usize) {}

/// Nothing is recorded anyway.
#[derive(Debug)]
pub(crate) struct Ignoring;

impl Ignoring {
    #[inline(always)]
    pub(crate) fn begin() -> Ignoring {
        Ignoring
    }
}

#[inline(always)]
pub(crate) fn report_count() -> u64 {
    0
}

#[inline(always)]
pub(crate) fn seed() -> u64 {
    0
}

/// Whether the engine sees the accesses to memory by itself.
pub(crate) const SEES_ACCESSES: bool = false;

/// What one thread leaves to another.
#[derive(Debug)]
pub(crate) struct Errand;

impl Errand {
    #[inline(always)]
    pub(crate) fn new(_name: &str) -> Errand {
        Errand
    }

    #[inline(always)]
    pub(crate) fn run(self, action: impl FnOnce()) {
        action();
    }
}

/// The running thread serves the crate.
#[inline(always)]
pub(crate) fn serve() {}
