//! Plain Rust. Functions are called `hand_...`; each has a twin `race_...` in [`by_race`](super::by_race).

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use super::Countdown;

#[unsafe(no_mangle)]
pub extern "C" fn hand_cell_read(cell: &UnsafeCell<u64>) -> u64 {
    // SAFETY: nothing else accesses the cell.
    unsafe { *cell.get() }
}

#[unsafe(no_mangle)]
pub extern "C" fn hand_cell_write(cell: &UnsafeCell<[u32; 16]>, at: usize, value: u32) {
    // SAFETY: as above.
    unsafe { (*cell.get())[at] = value }
}

#[unsafe(no_mangle)]
pub extern "C" fn hand_cell_fill(cells: &[UnsafeCell<u64>], value: u64) {
    for cell in cells {
        // SAFETY: as above.
        unsafe { *cell.get() += value }
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn hand_pointers(from: *const u64, to: *mut u64, count: usize) -> u64 {
    let mut sum = 0;
    for index in 0..count {
        // SAFETY: the caller's promise.
        unsafe {
            let value = *from.add(index);
            *to.add(index) = value;
            sum += value;
        }
    }
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(from, to, count) };
    sum
}

pub struct HandRing {
    head: usize,
    places: [u64; 64],
}

impl HandRing {
    #[inline(never)]
    #[unsafe(no_mangle)]
    pub fn hand_ring_push(&mut self, value: u64) -> Option<usize> {
        let place = self.head % self.places.len();
        self.places[place] = value;
        self.head += 1;
        match self.head {
            0 => None,
            head => Some(head),
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn hand_counter(counter: &AtomicUsize) -> usize {
    counter.fetch_add(1, Ordering::AcqRel) + counter.load(Ordering::Acquire)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn hand_allocate(size: usize) -> *mut u8 {
    // SAFETY: the caller's promise: a size that is not zero.
    unsafe { System.alloc(Layout::from_size_align_unchecked(size, 8)) }
}

/// # Safety
/// Nothing else accesses the cell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hand_shared_variable(variable: &UnsafeCell<u64>) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        *variable.get() += 2;
        *variable.get()
    }
}

#[unsafe(no_mangle)]
pub fn hand_poll(turns: u64, context: &mut Context<'_>) -> Poll<u64> {
    pin!(Countdown(turns)).poll(context)
}

#[unsafe(no_mangle)]
pub extern "C" fn hand_announced(value: &mut u64) {
    *value += 1;
}
