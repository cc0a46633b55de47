//! Slices as Go has them: a small value that says where some elements are and how much room is behind them, copied like
//! a number and sharing the elements.
//!
//! Guarantees: passing a shared slice to one of these functions reads the variable that holds it, as Go does, and the
//! elements are accessed under `#[race::instrument]`. Blocks are never freed, so no case meets memory that had another
//! owner.

use std::mem::ManuallyDrop;
use std::ops::Range;
use std::ptr;

/// Where the elements are, how many are in use, and for how many there is room.
#[derive(Debug)]
pub struct Slice<T> {
    first: *mut T,
    len: usize,
    capacity: usize,
}

impl<T> Clone for Slice<T> {
    fn clone(&self) -> Slice<T> {
        *self
    }
}

impl<T> Copy for Slice<T> {}

/// A slice of `len` elements that are all `value`, with room for `capacity`.
pub fn make<T: Clone>(value: T, len: usize, capacity: usize) -> Slice<T> {
    let mut block = Vec::with_capacity(capacity);
    block.resize(len, value);
    let mut block = ManuallyDrop::new(block);
    Slice { first: block.as_mut_ptr(), len, capacity }
}

/// The number of elements.
pub fn len<T>(slice: Slice<T>) -> usize {
    slice.len
}

/// The number of elements for which there is room.
pub fn capacity<T>(slice: Slice<T>) -> usize {
    slice.capacity
}

/// Where an element is.
pub fn at<T>(slice: Slice<T>, index: usize) -> *mut T {
    assert!(index < slice.len, "element {index} of {}", slice.len);
    slice.first.wrapping_add(index)
}

/// A slice of some of the elements, and of all the room behind the first of them.
pub fn part<T>(slice: Slice<T>, range: Range<usize>) -> Slice<T> {
    assert!(range.start <= range.end && range.end <= slice.capacity, "{range:?} of {}", slice.capacity);
    Slice {
        first: slice.first.wrapping_add(range.start),
        len: range.end - range.start,
        capacity: slice.capacity - range.start,
    }
}

/// Copies as many elements as both slices have.
///
/// # Safety
/// Nobody else writes the elements of `from`, or accesses those of `to`, at the same time.
#[race::instrument]
pub unsafe fn copy<T: Copy>(to: Slice<T>, from: Slice<T>) {
    let count = from.len.min(to.len);
    // SAFETY: both blocks have so many elements, and are the caller's for the time being.
    unsafe { ptr::copy(from.first, to.first, count) };
}

/// A slice of the elements and `more`: where the elements are when there is room behind them, in a new block when not.
///
/// # Safety
/// Nobody else accesses the room, or writes the elements or `more`, at the same time.
#[race::instrument]
pub unsafe fn append<T: Copy>(slice: Slice<T>, more: Slice<T>) -> Slice<T> {
    let mut longer = Slice { len: slice.len + more.len, ..slice };
    if longer.len > slice.capacity {
        longer.capacity = 2 * longer.len;
        longer.first = ManuallyDrop::new(Vec::with_capacity(longer.capacity)).as_mut_ptr();
        // SAFETY: the new block has room for more than the old one holds.
        unsafe { ptr::copy(slice.first, longer.first, slice.len) };
    }
    // SAFETY: the block has room for all of them behind its elements, and that is the caller's for the time being.
    unsafe { ptr::copy(more.first, longer.first.wrapping_add(slice.len), more.len) };
    longer
}
