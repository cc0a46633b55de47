//! Std's count of panics, which every lock of std's asks when it is locked and when it is unlocked.
//!
//! All threads read it all the time, and next to nobody ever writes it: recorded as any atomic's, its loads would cost
//! each lock two meetings with all other threads that lock anything. So they are not looked at. That makes no false report
//! and misses no race: the variable is std's own, every access to it is atomic, and what it says is "panicking or not",
//! which nobody orders anything by. The count is an atomic as any other where its name is not found: in a program that is
//! built with link-time optimisation.

use super::weak::address_of_weak;

/// Whether `address` is that of the count. `cargo race` gives it its name in the instrumented std.
#[inline(always)]
pub fn is_at(address: usize) -> bool {
    // Null, where there is no such name, is no atomic's address.
    address == address_of_weak!("__race_std_panic_count")
}
