//! The engine's own heap: the C library's allocator by its inner names, past the interposed ones,
//! and the engine's [`reserve`] when that has no memory.

use std::alloc::{GlobalAlloc, Layout};

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

// SAFETY: the C library's allocator keeps the contract, the reserve's are as large and aligned, and each block goes back
// to where it came from.
unsafe impl GlobalAlloc for Inner {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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
