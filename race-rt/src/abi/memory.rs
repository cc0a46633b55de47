//! The intrinsics that copy and fill memory: an access to each range, then the operation, which is the C library's own: by
//! name it would be the interposed one.

use libc::c_int;

use super::next::Next;
use super::told::real;
use super::with_return_address;
use crate::access::{self, AccessKind};
use crate::report::model::Pc;

extern "C" fn copy(to: usize, from: usize, size: usize, pc: usize) -> usize {
    access::range(from, size, AccessKind::Read, Pc(pc));
    access::range(to, size, AccessKind::Write, Pc(pc));
    static NEXT: Next = Next::new(c"memmove");
    // SAFETY: the type is right, and the program asked for just this; `memmove` is right for `memcpy` too.
    unsafe { real!(NEXT: fn(usize, usize, usize) -> usize)(to, from, size) }
}

extern "C" fn set(to: usize, byte: c_int, size: usize, pc: usize) -> usize {
    access::range(to, size, AccessKind::Write, Pc(pc));
    static NEXT: Next = Next::new(c"memset");
    // SAFETY: the type is right, and the program asked for just this.
    unsafe { real!(NEXT: fn(usize, c_int, usize) -> usize)(to, byte, size) }
}

with_return_address! {
    __tsan_memcpy => copy, "rcx";
    __tsan_memmove => copy, "rcx";
    __tsan_memset => set, "rcx";
}
