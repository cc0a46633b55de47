//! New lives of memory: what the allocator hands out starts without a past.
//!
//! A block that one thread freed and another got is ordered by the allocator, which the engine does not see here. So the
//! C library's allocating functions, which Rust's default allocator calls too, are replaced by ones that forget the
//! block's shadow and leave the rest to the C library's own. Forgetting happens at the allocation, not at the release,
//! so that an access to a freed block still meets the accesses before. A thread's stack is forgotten when the thread
//! begins and when it ends (see `thread`).
//!
//! Guarantees: no report mixes two lives of a block of the C library's allocator, whole granules of eight bytes at a
//! time, which its blocks consist of. Can miss: a release is not an access here, because reference counts of std order
//! it and are not seen. Other allocators (an arena, a pool, jemalloc) say so themselves: [`new_life`].

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};

use race_rt::shadow::map::{self, GRANULE};
use race_rt::thread::current;

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
}

/// Blocks of at least so many bytes are left to the engine, which asks the system what of their shadow was touched.
const LARGE: usize = 256 * 1024;

/// Whether there is a shadow to look into.
static STARTED: AtomicBool = AtomicBool::new(false);

/// From now on blocks are forgotten. The engine has started.
pub(crate) fn start() {
    STARTED.store(true, Ordering::Release);
}

/// The memory of `size` bytes at `address` has a new owner: nothing that was done to it before matters.
pub fn new_life(address: *const u8, size: usize) {
    if STARTED.load(Ordering::Acquire) && size > 0 {
        forget(address as usize, size);
    }
}

fn forget(address: usize, size: usize) {
    let end = address.saturating_add(size).next_multiple_of(GRANULE);
    let start = address & !(GRANULE - 1);
    if !map::is_covered(start) || !map::is_covered(end - GRANULE) {
        return;
    }
    if size >= LARGE || is_touched(start, end) {
        current::forget(start, end);
    }
}

fn is_touched(start: usize, end: usize) -> bool {
    (start..end).step_by(GRANULE).any(|address| {
        // SAFETY: the engine has started and the range is covered.
        unsafe { map::word_of(address) }.load(Ordering::Relaxed) != 0
    })
}

#[inline]
fn handed_out(block: *mut c_void, size: usize) -> *mut c_void {
    if !block.is_null() {
        new_life(block.cast(), size);
    }
    block
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    handed_out(unsafe { __libc_malloc(size) }, size)
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise. A product too large makes the call fail.
    handed_out(unsafe { __libc_calloc(count, size) }, count.wrapping_mul(size))
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    let old = if block.is_null() {
        0
    } else {
        // SAFETY: the caller's promise: a block that is not free.
        unsafe { libc::malloc_usable_size(block) }
    };
    // SAFETY: the caller's promise.
    let new = unsafe { __libc_realloc(block, size) };
    if new != block {
        return handed_out(new, size);
    }
    if size > old {
        // SAFETY: the block has at least `size` bytes now.
        new_life(unsafe { new.byte_add(old) }.cast(), size - old);
    }
    new
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memalign(alignment: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    handed_out(unsafe { __libc_memalign(alignment, size) }, size)
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { memalign(alignment, size) }
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_memalign(place: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    if !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<usize>()) {
        return libc::EINVAL;
    }
    // SAFETY: the caller's promise.
    let block = unsafe { memalign(alignment, size) };
    if block.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller's promise: `place` can be written.
    unsafe { place.write(block) };
    0
}
