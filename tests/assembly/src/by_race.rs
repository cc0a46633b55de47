//! The functions of [`by_hand`](super::by_hand) with race's names.

use std::alloc::{GlobalAlloc, Layout, System};
use std::pin::pin;
use std::task::{Context, Poll};

use race::alloc::Tracked;
use race::cell::{RaceCell, UnsafeCell};
use race::sync::atomic::{AtomicUsize, Ordering};

use super::Countdown;

#[unsafe(no_mangle)]
pub extern "C" fn race_cell_read(cell: &UnsafeCell<u64>) -> u64 {
    // SAFETY: nothing else accesses the cell.
    cell.with(|value| unsafe { *value })
}

#[unsafe(no_mangle)]
pub extern "C" fn race_cell_write(cell: &UnsafeCell<[u32; 16]>, at: usize, value: u32) {
    // SAFETY: as above.
    cell.with_mut(|values| unsafe { (*values)[at] = value })
}

#[unsafe(no_mangle)]
pub extern "C" fn race_cell_fill(cells: &[UnsafeCell<u64>], value: u64) {
    for cell in cells {
        // SAFETY: as above.
        cell.with_mut(|place| unsafe { *place += value })
    }
}

#[race::instrument]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn race_pointers(from: *const u64, to: *mut u64, count: usize) -> u64 {
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

pub struct RaceRing {
    head: usize,
    places: [u64; 64],
}

impl RaceRing {
    #[race::instrument]
    #[inline(never)]
    #[unsafe(no_mangle)]
    pub fn race_ring_push(&mut self, value: u64) -> Option<usize> {
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
pub extern "C" fn race_counter(counter: &AtomicUsize) -> usize {
    counter.fetch_add(1, Ordering::AcqRel) + counter.load(Ordering::Acquire)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn race_allocate(size: usize) -> *mut u8 {
    // SAFETY: the caller's promise: a size that is not zero.
    unsafe { Tracked::new(System).alloc(Layout::from_size_align_unchecked(size, 8)) }
}

/// # Safety
/// Nothing else accesses the variable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn race_shared_variable(variable: &RaceCell<u64>) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        variable.write(variable.read() + 2);
        variable.read()
    }
}

#[unsafe(no_mangle)]
pub fn race_poll(turns: u64, context: &mut Context<'_>) -> Poll<u64> {
    pin!(race::task::track(Countdown(turns))).poll(context)
}

#[unsafe(no_mangle)]
pub extern "C" fn race_announced(value: &mut u64) {
    race::acquire(value);
    race::ignore(|| *value += 1);
    race::forget((&raw const *value).cast(), size_of::<u64>());
    race::release(value);
}
