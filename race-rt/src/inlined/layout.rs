//! Where the inlined fast path finds what it looks at, and what it makes of it.
//!
//! Without a word of the engine's own, because programs are compiled with it. What it must agree with, naively: the words of
//! [`map`](crate::shadow::map), the comparison of [`Word`](crate::shadow::Word), [`Hot`](crate::thread::Hot) and the frames of
//! [`call_stack`](crate::thread::call_stack). The tests beside those and beside this compare them.

use core::sync::atomic::AtomicU64;

/// Set in the present step of a thread that is alone.
pub const SOLO: u64 = 1 << 52;
/// The bits of a word and of a present step that tell the step.
const STEP: u64 = (1 << 51) - 1;
const PLAIN: u64 = 1 << 53;
const WRITE: u64 = 1 << 54;
const MASK_SHIFT: u32 = 56;

/// What a thread's hot part begins with.
#[repr(C)]
pub struct Hot {
    pub present: AtomicU64,
    pub top: *mut Frame,
    pub limit: *mut Frame,
    pub floor: *mut Frame,
}

/// A function that was entered and not left.
#[repr(C)]
pub struct Frame {
    pub pc: usize,
    pub node: u32,
    pub place: u32,
}

/// By so much a frame's place lies below what the stack pointer is between the function's calls.
pub const RETURN_ADDRESS: u32 = 8;

/// The address of the shadow word of the granule that begins at `granule`.
#[inline(always)]
pub const fn word_address(granule: usize) -> usize {
    (granule ^ 0x4000_0000_0000) + (0x1100_0000_0000 - 0xa5000)
}

/// Whether a granule's word says that a plain access of `size` bytes at `address`, which lie in the granule, repeats one
/// of the `present` step.
#[inline(always)]
pub const fn repeats(word: u64, present: u64, address: usize, size: usize, writes: bool) -> bool {
    let bytes = ((1 << size) - 1) << (MASK_SHIFT + if size == 8 { 0 } else { (address & 7) as u32 });
    let wanted = bytes | if writes { PLAIN | WRITE } else { PLAIN };
    (word ^ present) & (wanted | STEP) == 0
}
