//! Memory of the engine's own: for the blocks that [`super::allocator`] wants apart from the program's, and for when the C
//! library has none to give. The program may be at its limit then, and deal with that, while the engine has to go on.
//!
//! Room is reserved before the program starts, so that no limit which the program sets later counts against it. Blocks have
//! sizes of powers of two and are used again, for the same size only. Memory backs of each what was ever used.
//!
//! Guarantees: as long as the machine has memory the engine gets what it asks for, up to [`SIZE`] in all and [`LARGEST`] at
//! once. Beyond, the process ends with the allocator's sentence.

use std::io;

use crate::sys::atomic::AtomicUsize;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::memory;
use crate::sys::spin::{Spin, SpinGuard};

const SIZE: usize = 16 << 30;
const SMALLEST: usize = 16;
const LARGEST: usize = 1 << 30;
const CLASSES: usize = LARGEST.ilog2() as usize + 1;

static BASE: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Blocks {
    /// By the power of two: the first free block, which holds the address of the next; zero is none.
    free: [usize; CLASSES],
    used: usize,
}

static BLOCKS: Spin<Blocks> = Spin::new(Blocks { free: [0; CLASSES], used: 0 });

/// Reserves the room.
///
/// # Errors
/// What the system said when it refused the address space.
pub fn reserve() -> io::Result<()> {
    BASE.store(memory::reserve(SIZE)?, Relaxed);
    Ok(())
}

/// Held while a fork is under way, so that the child finds whole what no thread that does not come along can finish.
#[derive(Debug)]
pub(crate) struct Held(#[allow(dead_code, reason = "kept for its end")] SpinGuard<'static, Blocks>);

/// Waits until nobody takes or gives a block, and keeps it so.
pub(crate) fn hold() -> Held {
    Held(BLOCKS.lock())
}

/// Whether the block is one of these.
pub fn has(block: *mut u8) -> bool {
    let base = BASE.load(Relaxed);
    base != 0 && (base..base + SIZE).contains(&(block as usize))
}

fn class(size: usize) -> usize {
    size.max(SMALLEST).next_power_of_two().ilog2() as usize
}

/// A block of so many bytes that is aligned to them, or to the next power of two; null when there is none.
pub fn take(size: usize) -> *mut u8 {
    let base = BASE.load(Relaxed);
    if base == 0 || size > LARGEST {
        return std::ptr::null_mut();
    }
    let class = class(size);
    let mut blocks = BLOCKS.lock();
    let free = blocks.free[class];
    if free != 0 {
        // SAFETY: a free block is nobody's, and holds what `give` has put there.
        blocks.free[class] = unsafe { *(free as *const usize) };
        return free as *mut u8;
    }
    let start = (base + blocks.used).next_multiple_of(1 << class);
    if start + (1 << class) > base + SIZE {
        return std::ptr::null_mut();
    }
    blocks.used = start + (1 << class) - base;
    start as *mut u8
}

/// Takes a block back.
///
/// # Safety
/// The block came from [`take`] with this size, and is not used any more.
pub unsafe fn give(block: *mut u8, size: usize) {
    let class = class(size);
    let mut blocks = BLOCKS.lock();
    // SAFETY: the block is aligned, has room for a word, and is the caller's to give.
    unsafe { block.cast::<usize>().write(blocks.free[class]) };
    blocks.free[class] = block as usize;
}
