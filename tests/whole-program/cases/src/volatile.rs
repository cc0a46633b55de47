//! Volatile accesses: they do not race with each other, and do with plain ones.

use crate::case::{Place, cases, in_order, side_by_side};

cases! { clean_volatile_volatile race_volatile_write_plain_read race_plain_write_volatile_read clean_volatile_sizes }

static PLACE: Place<u64> = Place::new(0);

fn write_volatile() {
    // SAFETY: the place lives.
    unsafe { PLACE.address().write_volatile(1) }
}

fn read_volatile() {
    // SAFETY: the place lives.
    std::hint::black_box(unsafe { PLACE.address().read_volatile() });
}

fn clean_volatile_volatile() {
    let use_both = || {
        for _ in 0..1000 {
            write_volatile();
            read_volatile();
        }
    };
    side_by_side(use_both, use_both);
}

fn race_volatile_write_plain_read() {
    in_order(write_volatile, || {
        PLACE.read();
    });
}

fn race_plain_write_volatile_read() {
    in_order(|| PLACE.write(1), read_volatile);
}

fn clean_volatile_sizes() {
    macro_rules! use_volatile {
        ($($number:ty)*) => {$({
            let place: Place<$number> = Place::new(0);
            let use_both = || {
                // SAFETY: the place lives.
                unsafe {
                    place.address().write_volatile(1);
                    place.address().read_volatile();
                }
            };
            side_by_side(use_both, use_both);
        })*};
    }
    use_volatile!(u8 u16 u32 u64 u128);
}
