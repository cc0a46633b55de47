//! The atomic integers.

use std::fmt;
use std::sync::atomic::Ordering;

use super::operation::{Variable, before_decrement};

/// One atomic integer type: `name` over std's type of that name, for the primitive `value`.
macro_rules! atomic_integer {
    ($name:ident, $value:ident) => {
        #[doc = concat!("[`std::sync::atomic::", stringify!($name), "`], watched.")]
        #[repr(transparent)]
        pub struct $name(std::sync::atomic::$name);

        impl $name {
            /// A variable that holds `value`.
            #[inline]
            pub const fn new(value: $value) -> $name {
                $name(std::sync::atomic::$name::new(value))
            }

            /// The variable at `pointer`.
            ///
            /// # Safety
            /// As for std's: aligned, valid for all of the lifetime, and not accessed otherwise in conflict.
            #[inline]
            pub const unsafe fn from_ptr<'a>(pointer: *mut $value) -> &'a $name {
                // SAFETY: transparent over std's type, which has the layout of the value; the rest is the caller's.
                unsafe { &*pointer.cast::<$name>() }
            }

            /// The value, exclusively.
            #[inline]
            pub const fn get_mut(&mut self) -> &mut $value {
                // SAFETY: the exclusive borrow passes to the result.
                unsafe { &mut *self.as_ptr() }
            }

            /// The value.
            #[inline]
            pub const fn into_inner(self) -> $value {
                self.0.into_inner()
            }

            /// The pointer to the value, for whoever else accesses it.
            #[inline]
            pub const fn as_ptr(&self) -> *mut $value {
                self.0.as_ptr()
            }

            #[inline]
            fn variable(&self) -> Variable {
                Variable::of(self.as_ptr())
            }

            /// Loads the value.
            ///
            /// # Panics
            /// When the ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn load(&self, order: Ordering) -> $value {
                self.variable().load(order, || self.0.load(order))
            }

            /// Stores `value`.
            ///
            /// # Panics
            /// When the ordering is `Acquire` or `AcqRel`.
            #[inline]
            pub fn store(&self, value: $value, order: Ordering) {
                self.variable().store(order, || self.0.store(value, order));
            }

            /// Stores `new` if the value is `current`, and returns what it was.
            #[inline]
            #[deprecated(note = "Use `compare_exchange` or `compare_exchange_weak` instead")]
            pub fn compare_and_swap(&self, current: $value, new: $value, order: Ordering) -> $value {
                let failure = match order {
                    Ordering::Release => Ordering::Relaxed,
                    Ordering::AcqRel => Ordering::Acquire,
                    other => other,
                };
                let (Ok(old) | Err(old)) = self.compare_exchange(current, new, order, failure);
                old
            }

            /// Stores `new` if the value is `current`.
            ///
            /// # Errors
            /// The value, when it was another.
            ///
            /// # Panics
            /// When the failure ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.variable().exchange(success, failure, || {
                    self.0.compare_exchange(current, new, success, failure)
                })
            }

            /// [`compare_exchange`](Self::compare_exchange) that may fail for no reason.
            ///
            /// # Errors
            /// The value.
            ///
            /// # Panics
            /// When the failure ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.variable().exchange(success, failure, || {
                    self.0.compare_exchange_weak(current, new, success, failure)
                })
            }

            /// Stores what `update` makes of the value, unless that is nothing.
            ///
            /// # Errors
            /// The value that `update` made nothing of.
            ///
            /// # Panics
            /// When the fetch ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                update: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                self.try_update(set, fetch, update)
            }

            /// Stores what `update` makes of the value, unless that is nothing.
            ///
            /// # Errors
            /// The value that `update` made nothing of.
            ///
            /// # Panics
            /// When the fetch ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn try_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut update: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut old = self.load(fetch);
                while let Some(new) = update(old) {
                    match self.compare_exchange_weak(old, new, set, fetch) {
                        Ok(old) => return Ok(old),
                        Err(present) => old = present,
                    }
                }
                Err(old)
            }

            /// Stores what `update` makes of the value, and returns what it was.
            ///
            /// # Panics
            /// When the fetch ordering is `Release` or `AcqRel`.
            #[inline]
            pub fn update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut update: impl FnMut($value) -> $value,
            ) -> $value {
                let (Ok(old) | Err(old)) = self.try_update(set, fetch, |value| Some(update(value)));
                old
            }

            /// Subtracts `by`, wrapping around, and returns what the value was.
            #[inline]
            pub fn fetch_sub(&self, by: $value, order: Ordering) -> $value {
                before_decrement(by == 1, order);
                self.variable().update(order, || self.0.fetch_sub(by, order))
            }

            atomic_integer!(update $value:
                "Stores `operand`" swap,
                "Adds `operand`, wrapping around," fetch_add,
                "Stores the bitwise and with `operand`" fetch_and,
                "Stores the negated bitwise and with `operand`" fetch_nand,
                "Stores the bitwise or with `operand`" fetch_or,
                "Stores the bitwise exclusive or with `operand`" fetch_xor,
                "Stores the greater of the value and `operand`" fetch_max,
                "Stores the smaller of the value and `operand`" fetch_min,
            );
        }

        impl Default for $name {
            fn default() -> $name {
                $name::new($value::default())
            }
        }

        impl From<$value> for $name {
            fn from(value: $value) -> $name {
                $name::new(value)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.load(Ordering::Relaxed), formatter)
            }
        }
    };
    (update $value:ident: $($what:literal $method:ident,)*) => {
        $(
            #[doc = concat!($what, " and returns what the value was.")]
            #[inline]
            pub fn $method(&self, operand: $value, order: Ordering) -> $value {
                self.variable().update(order, || self.0.$method(operand, order))
            }
        )*
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
