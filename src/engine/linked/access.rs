//! Accesses that the crate announces, and what the program says of memory and order.

use super::super::Touch;
use super::abi;

/// Whether the engine sees the accesses to memory by itself.
pub(crate) const SEES_ACCESSES: bool = true;

impl Touch {
    /// The runtime's number for it.
    #[inline(always)]
    fn number(self) -> usize {
        self as usize
    }
}

/// Records an access of `size` bytes.
#[inline(always)]
pub(crate) fn touch(address: usize, size: usize, how: Touch) {
    abi::__race_access(address, size, how.number());
}

/// An allocator hands out `size` bytes at `address`: a write of all of them, and the first.
#[inline(always)]
pub(crate) fn allocated(address: usize, size: usize) {
    abi::__race_allocated(address, size);
}

/// An allocator is given them back: a write of all of them.
#[inline(always)]
pub(crate) fn released(address: usize, size: usize) {
    abi::__race_freed(address, size);
}

/// The memory has a new owner: nothing that was done to it before matters.
#[inline(always)]
pub(crate) fn handed_out(address: usize, size: usize) {
    abi::__race_forget(address, size);
}

/// The memory's owner is about to give it back: a write of what was accessed there.
#[inline(always)]
pub(crate) fn given_back(address: usize, size: usize) {
    abi::__race_given_back(address, size);
}

/// All that the running thread did happens before whatever acquires `address` from now on.
pub(crate) fn release_at(address: usize) {
    abi::__race_release_at(address);
}

/// All that was released at `address` happens before what the running thread does from now on.
pub(crate) fn acquire_at(address: usize) {
    abi::__race_acquire_at(address);
}

/// While it lives, accesses of the running thread are not recorded. To be dropped by the thread that made it.
#[derive(Debug)]
pub(crate) struct Ignoring(bool);

impl Ignoring {
    pub(crate) fn begin() -> Ignoring {
        Ignoring(abi::__race_ignore())
    }
}

impl Drop for Ignoring {
    fn drop(&mut self) {
        if self.0 {
            abi::__race_heed();
        }
    }
}
