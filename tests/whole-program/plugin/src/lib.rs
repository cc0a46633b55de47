//! Functions for the program `host`, and a number of the library's own that its constructor sets.

use std::cell::UnsafeCell;

struct Number(UnsafeCell<u64>);

// SAFETY: wrong, which is the point: races are what the cases are about.
unsafe impl Sync for Number {}

static NUMBER: Number = Number(UnsafeCell::new(0));

extern "C" fn construct() {
    // SAFETY: as above.
    unsafe { NUMBER.0.get().write(std::hint::black_box(40)) };
}

/// What the loader calls.
#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;

/// Writes to `place`, or to the library's own number, and returns what was there before.
///
/// # Safety
/// The place lives, or is null.
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn plugin_write(place: *mut u64, value: u64) -> u64 {
    let place = if place.is_null() { NUMBER.0.get() } else { place };
    // SAFETY: passed on from the caller.
    unsafe { place.replace(value) }
}
