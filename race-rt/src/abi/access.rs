//! Loads and stores, by size.
//!
//! The pass calls the aligned forms only for addresses that are multiples of the size, or of eight, so these lie in one
//! granule, or are two whole ones; the rounding there only tells the compiler. The unaligned forms take the general way.

use super::with_return_address;
use crate::access::{self, AccessKind};
use crate::report::model::Pc;

extern "C" fn read16(address: usize, pc: usize) {
    // SAFETY: as for the others.
    unsafe { access::read_16(address & !7, Pc(pc)) }
}

extern "C" fn write16(address: usize, pc: usize) {
    // SAFETY: as for the others.
    unsafe { access::write_16(address & !7, Pc(pc)) }
}

macro_rules! general {
    ($($name:ident: $size:literal $kind:ident;)*) => {$(
        extern "C" fn $name(address: usize, pc: usize) {
            access::range(address, $size, AccessKind::$kind, Pc(pc));
        }
    )*};
}

general! {
    any_read2: 2 Read; any_read4: 4 Read; any_read8: 8 Read; any_read16: 16 Read;
    any_write2: 2 Write; any_write4: 4 Write; any_write8: 8 Write; any_write16: 16 Write;
    volatile_read1: 1 VolatileRead; volatile_read2: 2 VolatileRead; volatile_read4: 4 VolatileRead;
    volatile_read8: 8 VolatileRead; volatile_read16: 16 VolatileRead;
    volatile_write1: 1 VolatileWrite; volatile_write2: 2 VolatileWrite; volatile_write4: 4 VolatileWrite;
    volatile_write8: 8 VolatileWrite; volatile_write16: 16 VolatileWrite;
}

with_return_address! {
    __tsan_read16 => read16, "rsi";
    __tsan_write16 => write16, "rsi";
    __tsan_unaligned_read2 => any_read2, "rsi";
    __tsan_unaligned_read4 => any_read4, "rsi";
    __tsan_unaligned_read8 => any_read8, "rsi";
    __tsan_unaligned_read16 => any_read16, "rsi";
    __tsan_unaligned_write2 => any_write2, "rsi";
    __tsan_unaligned_write4 => any_write4, "rsi";
    __tsan_unaligned_write8 => any_write8, "rsi";
    __tsan_unaligned_write16 => any_write16, "rsi";
}

// A load and a store of the same bytes with nothing in between: whatever races with the load races with the store.
with_return_address! {
    __tsan_read_write16 => write16, "rsi";
    __tsan_unaligned_read_write2 => any_write2, "rsi";
    __tsan_unaligned_read_write4 => any_write4, "rsi";
    __tsan_unaligned_read_write8 => any_write8, "rsi";
    __tsan_unaligned_read_write16 => any_write16, "rsi";
}

with_return_address! {
    __tsan_volatile_read1 => volatile_read1, "rsi";
    __tsan_volatile_read2 => volatile_read2, "rsi";
    __tsan_volatile_read4 => volatile_read4, "rsi";
    __tsan_volatile_read8 => volatile_read8, "rsi";
    __tsan_volatile_read16 => volatile_read16, "rsi";
    __tsan_volatile_write1 => volatile_write1, "rsi";
    __tsan_volatile_write2 => volatile_write2, "rsi";
    __tsan_volatile_write4 => volatile_write4, "rsi";
    __tsan_volatile_write8 => volatile_write8, "rsi";
    __tsan_volatile_write16 => volatile_write16, "rsi";
    __tsan_unaligned_volatile_read2 => volatile_read2, "rsi";
    __tsan_unaligned_volatile_read4 => volatile_read4, "rsi";
    __tsan_unaligned_volatile_read8 => volatile_read8, "rsi";
    __tsan_unaligned_volatile_read16 => volatile_read16, "rsi";
    __tsan_unaligned_volatile_write2 => volatile_write2, "rsi";
    __tsan_unaligned_volatile_write4 => volatile_write4, "rsi";
    __tsan_unaligned_volatile_write8 => volatile_write8, "rsi";
    __tsan_unaligned_volatile_write16 => volatile_write16, "rsi";
}

extern "C" fn range_read(address: usize, size: usize, pc: usize) {
    access::range(address, size, AccessKind::Read, Pc(pc));
}

extern "C" fn range_write(address: usize, size: usize, pc: usize) {
    access::range(address, size, AccessKind::Write, Pc(pc));
}

/// A C++ object's pointer to its virtual functions, which constructors and destructors rewrite. The destructor of the
/// object's own class puts in what is there: no access that the program knows of, and one that must not race, since such a
/// destructor may wait for threads that still call virtual functions.
extern "C" fn vptr_update(address: usize, new: usize, pc: usize) {
    // SAFETY: the program is about to store there.
    let old = unsafe { (address as *const usize).read_volatile() };
    if old != new {
        // SAFETY: as above.
        unsafe { access::write(address, 8, Pc(pc)) }
    }
}

with_return_address! {
    __tsan_read_range => range_read, "rdx";
    __tsan_write_range => range_write, "rdx";
    __tsan_vptr_update => vptr_update, "rdx";
}
