//! The engine's own heap: the C library's allocator by its inner names, past the interposed ones, and the engine's
//! [`reserve`].
//!
//! That has the blocks of middle size, clocks of many threads above all. They come and go with threads, and between the
//! program's blocks they left holes into which those did not fit, so that the program came to lie on more and more pages.
//! Smaller ones fill any hole, larger ones are mappings of their own. And it has what the C library has no memory for.

use std::alloc::{GlobalAlloc, Layout};
use std::ops::RangeInclusive;

use super::reserve;

unsafe extern "C" {
    /// `malloc` itself.
    pub fn __libc_malloc(size: usize) -> *mut libc::c_void;
    /// `calloc` itself.
    pub fn __libc_calloc(count: usize, size: usize) -> *mut libc::c_void;
    /// `realloc` itself.
    pub fn __libc_realloc(block: *mut libc::c_void, size: usize) -> *mut libc::c_void;
    /// `memalign` itself.
    pub fn __libc_memalign(alignment: usize, size: usize) -> *mut libc::c_void;
    /// `free` itself.
    pub fn __libc_free(block: *mut libc::c_void);
}

struct Inner;

/// Blocks there are aligned to their size.
fn size_in_reserve(layout: Layout) -> usize {
    layout.size().max(layout.align())
}

/// What the C library's blocks are aligned to.
const ALIGNMENT: usize = 16;

/// The sizes of blocks that the C library is not asked for.
const MIDDLE: RangeInclusive<usize> = 1 << 10..=64 << 10;

// SAFETY: the C library's allocator keeps the contract, the reserve's are as large and aligned, and each block goes back
// to where it came from.
unsafe impl GlobalAlloc for Inner {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if MIDDLE.contains(&layout.size()) {
            let block = reserve::take(size_in_reserve(layout));
            if !block.is_null() {
                return block;
            }
        }
        // SAFETY: any size and any power of two are valid.
        let block: *mut u8 = unsafe {
            if layout.align() <= ALIGNMENT {
                __libc_malloc(layout.size()).cast()
            } else {
                __libc_memalign(layout.align(), layout.size()).cast()
            }
        };
        if block.is_null() { reserve::take(size_in_reserve(layout)) } else { block }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from `alloc`, with the same layout.
        unsafe {
            if reserve::has(block) {
                reserve::give(block, size_in_reserve(layout));
            } else {
                __libc_free(block.cast());
            }
        }
    }
}

#[global_allocator]
static INNER: Inner = Inner;
