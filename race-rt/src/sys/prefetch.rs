//! Hints to the processor which memory is needed soon.

use std::arch::asm;

/// Memory at `address` will be written to. Where another processor has it, it is on its way from now on, while the running code
/// goes on; several such ways take no longer than one. Any address will do.
#[inline(always)]
pub fn to_write(address: usize) {
    // SAFETY: changes nothing but what caches hold, and does not fault. A processor that does not know the instruction passes
    // over it.
    unsafe { asm!("prefetchw [{}]", in(reg) address, options(nostack, preserves_flags, readonly)) };
}
