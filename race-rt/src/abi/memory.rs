//! The intrinsics that copy and fill memory: an access to each range, then the operation.

use super::with_return_address;
use crate::access::{self, AccessKind};
use crate::report::model::Pc;

extern "C" fn copy(to: usize, from: usize, size: usize, pc: usize) -> usize {
    access::range(from, size, AccessKind::Read, Pc(pc));
    access::range(to, size, AccessKind::Write, Pc(pc));
    // SAFETY: the program asked for just this; `memmove` is right for `memcpy` too.
    unsafe { libc::memmove(to as *mut libc::c_void, from as *const libc::c_void, size) as usize }
}

extern "C" fn set(to: usize, byte: libc::c_int, size: usize, pc: usize) -> usize {
    access::range(to, size, AccessKind::Write, Pc(pc));
    // SAFETY: the program asked for just this.
    unsafe { libc::memset(to as *mut libc::c_void, byte, size) as usize }
}

with_return_address! {
    __tsan_memcpy => copy, "rcx";
    __tsan_memmove => copy, "rcx";
    __tsan_memset => set, "rcx";
}
