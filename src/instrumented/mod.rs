//! What functions under `#[race::instrument]` call. Not for others, but harmless: nothing here reads or writes memory but
//! the functions of [`ptr`] and [`mem`], which are as unsafe as those they stand for.
//!
//! The macro does not know types; these do. Only raw pointers and references are watched: what a lock's guard or a `Box`
//! leads to is left to their own types, chosen by method resolution, which prefers the inherent methods of [`Base`],
//! [`Value`] and [`Seen`] over those of the traits. Without the engine nothing here does anything, nor where it sees the
//! accesses by itself.

mod base;
pub mod mem;
pub mod ptr;
mod seen;
mod target;
mod value;

pub use base::{Base, OtherBase};
pub use seen::{OtherSeen, Seen, extent, read_but};
pub use target::{Count, Given, Lent, Other};
pub use value::{OtherValue, Value};

use crate::engine::{SEES_ACCESSES, Touch, touch};

/// Fixes the type of `value` to that of a place, so that it is inferred and coerced as in an assignment to it.
#[inline(always)]
pub fn for_place<T>(_: Base<*const T>, value: T) -> T {
    value
}

/// Ends what is written for its type only.
pub fn never() -> ! {
    unreachable!("this is written for its type and never run")
}

/// What a function or method does with the target of a pointer.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    /// `read` and `read_unaligned`.
    Read,
    /// `write`, `write_unaligned` and `replace`.
    Write,
    /// `read_volatile`.
    VolatileRead,
    /// `write_volatile`.
    VolatileWrite,
}

impl Effect {
    #[inline(always)]
    fn touch(self) -> Touch {
        match self {
            Effect::Read => Touch::Read,
            Effect::Write => Touch::Write,
            Effect::VolatileRead => Touch::VolatileRead,
            Effect::VolatileWrite => Touch::VolatileWrite,
        }
    }
}

#[inline(always)]
fn access<U>(place: *const U, how: Touch) {
    access_many(place, 1, how);
}

#[inline(always)]
fn access_many<U>(place: *const U, count: usize, how: Touch) {
    if !SEES_ACCESSES {
        touch(place as usize, size_of::<U>().saturating_mul(count), how);
    }
}

/// A read of the place.
#[inline(always)]
pub fn read<U>(place: *const U) {
    access(place, Touch::Read);
}

/// A write of the place.
#[inline(always)]
pub fn write<U>(place: *const U) {
    access(place, Touch::Write);
}
