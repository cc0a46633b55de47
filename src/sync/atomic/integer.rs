//! The atomic integers.

use std::fmt;
use std::sync::atomic::Ordering;

use super::operation::{Variable, before_decrement};
use super::shared::{atomic, updates};

/// Declares an atomic integer type.
macro_rules! atomic_integer {
    ($name:ident, $value:ident) => {
        atomic!($name, $value);

        impl $name {
            /// Subtracts `by`, wrapping around, and returns what the value was.
            #[inline]
            pub fn fetch_sub(&self, by: $value, order: Ordering) -> $value {
                before_decrement(by == 1, order);
                self.variable().update(order, || self.0.fetch_sub(by, order))
            }

            updates!($value:
                "Adds `operand`, wrapping around," fetch_add($value),
                "Stores the bitwise and with `operand`" fetch_and($value),
                "Stores the negated bitwise and with `operand`" fetch_nand($value),
                "Stores the bitwise or with `operand`" fetch_or($value),
                "Stores the bitwise exclusive or with `operand`" fetch_xor($value),
                "Stores the greater of the value and `operand`" fetch_max($value),
                "Stores the smaller of the value and `operand`" fetch_min($value),
            );
        }

        impl Default for $name {
            fn default() -> $name {
                $name::new($value::default())
            }
        }
    };
}

atomic_integer!(AtomicI8, i8);
atomic_integer!(AtomicU8, u8);
atomic_integer!(AtomicI16, i16);
atomic_integer!(AtomicU16, u16);
atomic_integer!(AtomicI32, i32);
atomic_integer!(AtomicU32, u32);
atomic_integer!(AtomicI64, i64);
atomic_integer!(AtomicU64, u64);
atomic_integer!(AtomicIsize, isize);
atomic_integer!(AtomicUsize, usize);

/// An [`AtomicIsize`] that holds zero.
#[deprecated(note = "the `new` function is now preferred")]
#[allow(clippy::declare_interior_mutable_const)] // std's is a constant too
pub const ATOMIC_ISIZE_INIT: AtomicIsize = AtomicIsize::new(0);

/// An [`AtomicUsize`] that holds zero.
#[deprecated(note = "the `new` function is now preferred")]
#[allow(clippy::declare_interior_mutable_const)] // std's is a constant too
pub const ATOMIC_USIZE_INIT: AtomicUsize = AtomicUsize::new(0);
