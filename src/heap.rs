//! The lives of heap blocks: what the allocator hands out starts without a past, and giving it back is a write.
//!
//! A block that one thread freed and another got is ordered by the allocator, which the engine does not see here. So the
//! C library's functions, which Rust's default allocator calls too, are replaced by ones that forget the block's shadow
//! when it is handed out, note the release where accesses were recorded in the block, and leave the rest to the C
//! library's own. Other allocators say the same through [`alloc::Tracked`](crate::alloc::Tracked). A thread's stack is
//! forgotten when the thread begins and when it ends (see `thread`).
//!
//! Guarantees: no report mixes two lives of a block of the C library's allocator, whole granules of eight bytes at a
//! time, which its blocks consist of. Can miss: the release of memory in which nothing was recorded before; releases by
//! threads that the engine has not met; and those in a destructor that std's reference count runs, which the engine
//! tells by the stack (`race_rt::report::counted`), because that count's order is not seen.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use race_rt::shadow::map::{self, GRANULE};
use race_rt::sync::addressed;
use race_rt::sys::memory;
use race_rt::thread::current;

use crate::engine::{HERE, with};

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
    fn __libc_free(block: *mut c_void);
}

/// Blocks of at least so many bytes are left to the engine, which asks the system what of their shadow was touched.
const LARGE: usize = 256 * 1024;

/// Whether there is a shadow to look into.
static STARTED: AtomicBool = AtomicBool::new(false);

/// From now on blocks have lives. The engine has started.
pub(crate) fn start() {
    STARTED.store(true, Ordering::Release);
}

/// The granules that a block lies in, if they have a shadow.
#[inline]
fn granules(address: usize, size: usize) -> Option<Range<usize>> {
    // What the engine allocates for itself holds nothing of the program's.
    if size == 0 || !STARTED.load(Ordering::Acquire) || current::is_at_work() {
        return None;
    }
    let start = address & !(GRANULE - 1);
    let end = address.saturating_add(size).next_multiple_of(GRANULE);
    let is_covered = map::is_covered(start) && map::is_covered(end - GRANULE);
    is_covered.then_some(start..end)
}

/// Whether accesses were recorded in these granules, or may have been.
#[inline]
fn is_touched(granules: &Range<usize>) -> bool {
    granules.len() >= LARGE
        || granules.clone().step_by(GRANULE).any(|address| {
            // SAFETY: the engine has started and the range is covered.
            unsafe { map::word_of(address) }.load(Ordering::Relaxed) != 0
        })
}

/// The memory of `size` bytes at `address` has a new owner: nothing that was done to it before matters. Neighbours in
/// the same granules are forgotten along with it.
#[inline]
pub(crate) fn handed_out(address: usize, size: usize) {
    if let Some(granules) = granules(address, size)
        && (is_touched(&granules) || addressed::may_be_in(&granules))
    {
        current::forget(granules.start, granules.end);
    }
}

/// The owner of `size` bytes at `address` is about to give them back: a write of what was accessed there.
#[inline]
pub(crate) fn given_back(address: usize, size: usize) {
    if granules(address, size).is_some_and(|granules| is_touched(&granules)) {
        note_release(address, size);
    }
}

#[cold]
#[inline(never)]
fn note_release(address: usize, size: usize) {
    // A thread that the engine has not met may be in the middle of the C library's own work.
    if current::is_known() {
        with(|thread| {
            let site = thread.site(HERE);
            thread.freed_where_touched(address, address + size, site);
        });
    }
}

#[inline]
fn allocated(block: *mut c_void) -> *mut c_void {
    if !block.is_null() {
        // All of it: its release will count for all of it.
        handed_out(block as usize, usable_size(block));
    }
    block
}

/// Bytes of a block that is not null, which may be more than were asked for.
fn usable_size(block: *mut c_void) -> usize {
    // SAFETY: the caller's promise: a block of the C library's that is not free.
    unsafe { libc::malloc_usable_size(block) }
}

#[inline]
fn released(block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // SAFETY: the caller's promise: a block of the C library's that is not free.
    let in_heap = unsafe { memory::usable_size_in_heap(block) };
    let size = in_heap.unwrap_or_else(|| usable_size(block));
    given_back(block as usize, size);
    if in_heap.is_none() {
        // The memory goes back to the kernel, and what it becomes next is not known here.
        handed_out(block as usize, size);
    }
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    allocated(unsafe { __libc_malloc(size) })
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    allocated(unsafe { __libc_calloc(count, size) })
}

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    let old = if block.is_null() { 0 } else { usable_size(block) };
    // Once the call is over, the old block may be another thread's already.
    released(block);
    // SAFETY: the caller's promise.
    let new = unsafe { __libc_realloc(block, size) };
    if new.is_null() && size > 0 {
        // Refused, the old block lives on.
        allocated(block);
    } else if new != block {
        allocated(new);
    } else {
        let size = if new.is_null() { 0 } else { usable_size(new) };
        if size > old {
            handed_out(new as usize + old, size - old);
        }
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
    allocated(unsafe { __libc_memalign(alignment, size) })
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

/// The C library's function of this name.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: *mut c_void) {
    released(block);
    // SAFETY: the caller's promise.
    unsafe { __libc_free(block) }
}
