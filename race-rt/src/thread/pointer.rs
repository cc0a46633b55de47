//! The thread-local variable that tells the running thread's hot part.
//!
//! In the whole-program tier it is laid out by hand under a name of its own, by which the naked functions of the ABI and code
//! with the fast path inlined find it. The engine is then part of an executable and no library, so that one instruction finds
//! its own thread's.

use super::Hot;
use super::current::UNKNOWN;
#[cfg(not(feature = "whole-program"))]
use std::cell::Cell;

#[cfg(feature = "whole-program")]
core::arch::global_asm!(
    ".pushsection .tdata.__race_hot, \"awT\", @progbits",
    ".globl __race_hot",
    ".type __race_hot, @object",
    ".p2align 3",
    "__race_hot: .quad {unknown}",
    ".size __race_hot, 8",
    ".popsection",
    unknown = sym UNKNOWN,
);

#[cfg(not(feature = "whole-program"))]
thread_local! {
    static HOT: Cell<*mut Hot> = const { Cell::new((&raw const UNKNOWN).cast_mut().cast()) };
}

/// What it tells.
#[cfg(feature = "whole-program")]
#[inline(always)]
pub fn get() -> *mut Hot {
    let hot;
    // SAFETY: reads the variable.
    unsafe {
        core::arch::asm!(
            "mov {}, qword ptr fs:[__race_hot@TPOFF]",
            out(reg) hot,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    hot
}

/// Tells another one.
#[cfg(feature = "whole-program")]
#[inline(always)]
pub fn set(hot: *mut Hot) {
    // SAFETY: writes the variable.
    unsafe {
        core::arch::asm!("mov qword ptr fs:[__race_hot@TPOFF], {}", in(reg) hot, options(nostack, preserves_flags));
    }
}

/// What it tells.
#[cfg(not(feature = "whole-program"))]
#[inline(always)]
pub fn get() -> *mut Hot {
    HOT.with(Cell::get)
}

/// Tells another one.
#[cfg(not(feature = "whole-program"))]
#[inline(always)]
pub fn set(hot: *mut Hot) {
    HOT.with(|current| current.set(hot));
}
