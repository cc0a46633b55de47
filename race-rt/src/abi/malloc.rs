//! The malloc family, interposed.
//!
//! A release is announced before the block goes back, so that its next owner's allocation comes after it; an allocation
//! after the block has arrived. `realloc` is the release of the old block and the allocation of the new one even where
//! both are at one address. Meanwhile the engine is at work for the thread, so that a signal's handler which interrupts the
//! allocator goes unrecorded: it could make the engine allocate, under a lock that the thread holds.

use super::allocator::{__libc_calloc, __libc_free, __libc_malloc, __libc_memalign, __libc_realloc};
use super::{thread_list, with_return_address};
use crate::access;
use crate::report::model::Pc;
use crate::shadow::region;
use crate::sys::errno;
use crate::sys::memory::{self, PAGE};
use crate::thread::Thread;
use crate::thread::context::NodeId;
use crate::thread::current::{self, Inside};

type Block = *mut libc::c_void;

#[inline]
fn is_solo() -> bool {
    // SAFETY: the hot part is the running thread's own or a placeholder.
    unsafe { (*current::hot()).present.get().is_solo() }
}

/// Runs an allocating function of the C library's, within the engine: a signal's handler that interrupts it while it
/// holds a lock must not make the engine allocate.
#[inline(always)]
fn allocating(pc: usize, call: impl FnOnce() -> Block) -> Block {
    // Without a frame of the stack for a thread that is alone.
    if is_solo() { call() } else { allocating_watched(pc, call) }
}

#[inline(never)]
fn allocating_watched(pc: usize, call: impl FnOnce() -> Block) -> Block {
    match current::enter() {
        Some(thread) => allocated(thread, call(), pc),
        None => allocated_unseen(call()),
    }
}

/// The C library has allocated a block, or null.
#[inline(always)]
fn allocated(mut thread: Inside, block: Block, pc: usize) -> Block {
    if block.is_null() {
        return block;
    }
    // SAFETY: the block came from the allocator just now.
    let size = unsafe { memory::usable_size(block) };
    if thread.is_hidden() {
        // The library's own, or the program's that the library hands on in an order of which it tells by itself.
        forget(&mut thread, block, size);
    } else {
        let site = site(&mut thread, pc);
        thread.allocated(block as usize, size, site);
    }
    block
}

#[cold]
#[inline(never)]
fn allocated_unseen(block: Block) -> Block {
    if thread_list::is_away() && !block.is_null() {
        // SAFETY: the block came from the allocator just now.
        let size = unsafe { memory::usable_size(block) };
        access::forget(block as usize, block as usize + size);
    }
    block
}

#[cold]
#[inline(never)]
fn forget(thread: &mut Thread, block: Block, size: usize) {
    thread.forget(block as usize, block as usize + size);
}

#[inline(always)]
fn site(thread: &mut Thread, pc: usize) -> NodeId {
    match thread.site_at_hand(Pc(pc)) {
        Some(site) => site,
        None => thread.site(Pc(pc)),
    }
}

/// Announces the release of a block that is not null. What is returned is kept until the C library has the block.
#[inline(always)]
fn released(block: Block, pc: usize) -> Option<Inside> {
    thread_list::freed(block as usize);
    let mut thread = current::enter()?;
    // SAFETY: the program owns the block and is giving it back.
    match unsafe { memory::usable_size_in_heap(block) } {
        Some(size) if !thread.is_hidden() => {
            let site = site(&mut thread, pc);
            thread.freed(block as usize, size, site);
        }
        in_heap => released_for_good(&mut thread, block, in_heap.is_none(), pc),
    }
    Some(thread)
}

/// [`released`] where the block's memory goes back to the kernel, and what it becomes next is not known here; or where it is
/// the library's own.
#[cold]
#[inline(never)]
fn released_for_good(thread: &mut Thread, block: Block, is_mapping: bool, pc: usize) {
    // SAFETY: the program owns the block and is giving it back.
    let size = unsafe { memory::usable_size(block) };
    if !thread.is_hidden() {
        let site = site(thread, pc);
        thread.freed(block as usize, size, site);
    }
    forget(thread, block, size);
    if is_mapping {
        region::give_back(block as usize, block as usize + size);
    }
}

extern "C" fn allocate(size: usize, pc: usize) -> Block {
    // SAFETY: any size is valid.
    allocating(pc, move || unsafe { __libc_malloc(size) })
}

extern "C" fn allocate_zeroed(count: usize, size: usize, pc: usize) -> Block {
    // SAFETY: any sizes are valid.
    allocating(pc, move || unsafe { __libc_calloc(count, size) })
}

extern "C" fn reallocate(block: Block, size: usize, pc: usize) -> Block {
    if block.is_null() {
        return allocate(size, pc);
    }
    // SAFETY: the block is the program's, or its mistake.
    let call = || unsafe { __libc_realloc(block, size) };
    if is_solo() {
        return call();
    }
    let inside = released(block, pc);
    let new = call();
    // Refused, the old block lives on.
    let living = if new.is_null() && size > 0 { block } else { new };
    match inside {
        Some(thread) => allocated(thread, living, pc),
        None => allocated_unseen(living),
    };
    new
}

extern "C" fn reallocate_array(block: Block, count: usize, size: usize, pc: usize) -> Block {
    match count.checked_mul(size) {
        Some(bytes) => reallocate(block, bytes, pc),
        None => no_memory(),
    }
}

fn no_memory() -> Block {
    errno::set(libc::ENOMEM);
    std::ptr::null_mut()
}

extern "C" fn allocate_aligned(alignment: usize, size: usize, pc: usize) -> Block {
    // SAFETY: the C library checks the alignment.
    allocating(pc, move || unsafe { __libc_memalign(alignment, size) })
}

extern "C" fn allocate_posix(to: *mut Block, alignment: usize, size: usize, pc: usize) -> libc::c_int {
    if !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<Block>()) {
        return libc::EINVAL;
    }
    // The function's contract leaves errno alone.
    let block = errno::keep(|| allocate_aligned(alignment, size, pc));
    if block.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller's place for the result.
    unsafe { to.write(block) };
    0
}

extern "C" fn allocate_pages(size: usize, pc: usize) -> Block {
    allocate_aligned(PAGE, size, pc)
}

extern "C" fn allocate_whole_pages(size: usize, pc: usize) -> Block {
    match size.checked_next_multiple_of(PAGE) {
        Some(size) => allocate_aligned(PAGE, size, pc),
        None => no_memory(),
    }
}

extern "C" fn release(block: Block, pc: usize) {
    if block.is_null() || is_solo() {
        // SAFETY: the block is the program's, null, or its mistake.
        return unsafe { __libc_free(block) };
    }
    release_watched(block, pc);
}

#[inline(never)]
fn release_watched(block: Block, pc: usize) {
    let _inside = released(block, pc);
    // SAFETY: as for `release`.
    unsafe { __libc_free(block) }
}

with_return_address! {
    malloc => allocate, "rsi";
    calloc => allocate_zeroed, "rdx";
    realloc => reallocate, "rdx";
    reallocarray => reallocate_array, "rcx";
    memalign => allocate_aligned, "rdx";
    aligned_alloc => allocate_aligned, "rdx";
    posix_memalign => allocate_posix, "rcx";
    valloc => allocate_pages, "rsi";
    pvalloc => allocate_whole_pages, "rsi";
    free => release, "rsi";
}
