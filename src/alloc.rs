//! [`Tracked`]: a global allocator whose blocks have lives of their own. In every build; without the engine it is the
//! allocator that it wraps.
//!
//! Programs that leave the choice of the allocator to Rust need nothing of this: with the feature on, the C library's
//! allocator tells the engine by itself. It is for those that bring their own.

use std::alloc::{GlobalAlloc, Layout, System};

use crate::engine::{allocated, released};

/// An allocator that tells the engine of each block's life: memory that is handed out again has no past, and giving a
/// block back is a write of it, which races with a use that it is not ordered with.
///
/// What the allocator does with memory of its own is not watched; an arena or a pool inside the program says
/// [`forget`](crate::forget) when it hands a piece out again.
///
/// ```
/// use std::alloc::System;
///
/// // In place of `System`, an allocator that does not stand on the C library's.
/// #[global_allocator]
/// static ALLOCATOR: race::alloc::Tracked<System> = race::alloc::Tracked::new(System);
///
/// assert_eq!(*Box::new(5), 5);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracked<A = System>(A);

impl<A> Tracked<A> {
    /// Tells the engine of what `allocator` does.
    pub const fn new(allocator: A) -> Tracked<A> {
        Tracked(allocator)
    }
}

// SAFETY: every block is the wrapped allocator's, with the layout that was asked for; the engine only takes note.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Tracked<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        announced(unsafe { self.0.alloc(layout) }, layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        announced(unsafe { self.0.alloc_zeroed(layout) }, layout.size())
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        released(block as usize, layout.size());
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Once the call is over, the old block may be another thread's already.
        released(block as usize, layout.size());
        // SAFETY: the caller's promise.
        let new = unsafe { self.0.realloc(block, layout, size) };
        if new.is_null() {
            // Refused, the old block lives on.
            announced(block, layout.size());
        } else if new != block {
            announced(new, size);
        } else if size > layout.size() {
            allocated(new as usize + layout.size(), size - layout.size());
        }
        new
    }
}

#[inline]
fn announced(block: *mut u8, size: usize) -> *mut u8 {
    if !block.is_null() {
        allocated(block as usize, size);
    }
    block
}
