//! What functions under `#[race::instrument]` call. Not for others, but harmless: nothing here reads or writes memory but
//! the functions of [`ptr`], which are as unsafe as those they stand for.
//!
//! The macro does not know types; these do. Only raw pointers and references are watched: what a lock's guard or a `Box`
//! leads to is left to their own types, chosen by method resolution, which prefers the inherent methods of
//! [`Base`] and [`Value`] over those of the traits. Without the engine nothing here does anything.

use std::marker::PhantomData;

use crate::engine::{Touch, touch};

/// The type of a pointer whose target is accessed, without the pointer.
#[derive(Debug)]
pub struct Base<P>(PhantomData<P>);

/// A pointer on its way to being dereferenced.
#[derive(Debug)]
pub struct Value<P>(pub P);

/// Fixes the type of `value` to that of a place, so that it is inferred and coerced as in an assignment to it.
#[inline(always)]
pub fn for_place<T>(_: Base<*const T>, value: T) -> T {
    value
}

/// Ends what is written for its type only.
pub fn never() -> ! {
    unreachable!("this is written for its type and never run")
}

/// What is done with places behind pointers of other types: nothing.
pub trait OtherBase: Sized {
    /// Whether accesses through such a pointer are announced.
    #[inline(always)]
    fn is_watched(&self) -> bool {
        false
    }

    /// What a method of raw pointers does with the target of `pointer`, which is none.
    #[inline(always)]
    fn method<'a, P: 'a>(&self, _how: Effect, _pointer: impl FnOnce() -> &'a P) {}

    /// What a function does with `count` targets of `pointer` in a row.
    #[inline(always)]
    fn targets<'a, P: 'a>(&self, _how: Effect, _count: usize, _pointer: impl FnOnce() -> &'a P) {}
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

/// What is done with other values: they are passed on.
pub trait OtherValue<P>: Sized {
    /// The value.
    fn pass(self) -> P;

    /// A read of what `place` makes of the pointer.
    #[inline(always)]
    fn read<U>(self, _place: impl FnOnce(&P) -> *const U) -> P {
        self.pass()
    }

    /// A write of what `place` makes of the pointer.
    #[inline(always)]
    fn write<U>(self, _place: impl FnOnce(&P) -> *const U) -> P {
        self.pass()
    }

    /// What a method of raw pointers does with the target.
    #[inline(always)]
    fn method(self, _how: Effect) -> P {
        self.pass()
    }

    /// What a function does with `count` targets in a row.
    #[inline(always)]
    fn targets(self, _how: Effect, _count: usize) -> P {
        self.pass()
    }
}

impl<P> OtherBase for Base<P> {}

impl<P> OtherValue<P> for Value<P> {
    #[inline(always)]
    fn pass(self) -> P {
        self.0
    }
}

impl<P> Base<P> {
    /// A type to be inferred.
    #[inline(always)]
    pub const fn inferred() -> Base<P> {
        Base(PhantomData)
    }

    /// The type of `pointer`.
    #[inline(always)]
    pub fn of(_pointer: &P) -> Base<P> {
        Base(PhantomData)
    }

    /// The type of a pointer.
    #[inline(always)]
    pub fn of_value(_pointer: P) -> Base<P> {
        Base(PhantomData)
    }
}

#[inline(always)]
fn access<U>(place: *const U, how: Touch) {
    touch(place as usize, size_of::<U>(), how);
}

#[inline(always)]
fn access_many<U>(place: *const U, count: usize, how: Touch) {
    touch(place as usize, size_of::<U>().saturating_mul(count), how);
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

/// Where a pointer points to.
trait Target<T> {
    fn target(&self) -> *const T;
}

impl<T> Target<T> for *const T {
    #[inline(always)]
    fn target(&self) -> *const T {
        *self
    }
}

impl<T> Target<T> for *mut T {
    #[inline(always)]
    fn target(&self) -> *const T {
        *self
    }
}

impl<T> Target<T> for &T {
    #[inline(always)]
    fn target(&self) -> *const T {
        *self
    }
}

impl<T> Target<T> for &mut T {
    #[inline(always)]
    fn target(&self) -> *const T {
        &raw const **self
    }
}

/// The methods for types of pointers.
macro_rules! watched {
    ($([$($lifetime:lifetime)?] $pointer:ty),*) => {
        $(
            impl<$($lifetime,)? T: ?Sized> Base<$pointer> {
                /// Whether accesses through such a pointer are announced.
                #[inline(always)]
                pub fn is_watched(&self) -> bool {
                    true
                }
            }

            impl<$($lifetime,)? T: ?Sized> Value<$pointer> {
                /// A read of what `place` makes of the pointer.
                #[inline(always)]
                pub fn read<U>(self, place: impl FnOnce(&$pointer) -> *const U) -> $pointer {
                    access(place(&self.0), Touch::Read);
                    self.0
                }

                /// A write of what `place` makes of the pointer.
                #[inline(always)]
                pub fn write<U>(self, place: impl FnOnce(&$pointer) -> *const U) -> $pointer {
                    access(place(&self.0), Touch::Write);
                    self.0
                }
            }

            impl<$($lifetime,)? T> Base<$pointer> {
                /// What a function does with `count` targets of `pointer` in a row.
                #[inline(always)]
                pub fn targets<'p>(&self, how: Effect, count: usize, pointer: impl FnOnce() -> &'p $pointer)
                where
                    $pointer: 'p,
                {
                    access_many(pointer().target(), count, how.touch());
                }
            }

            impl<$($lifetime,)? T> Value<$pointer> {
                /// What a function does with `count` targets in a row.
                #[inline(always)]
                pub fn targets(self, how: Effect, count: usize) -> $pointer {
                    access_many(self.0.target(), count, how.touch());
                    self.0
                }
            }
        )*
    };
}

watched!([] *const T, [] *mut T, ['a] &'a T, ['a] &'a mut T);

/// The methods that only raw pointers have.
macro_rules! raw {
    ($($pointer:ty),*) => {
        $(
            impl<T> Base<$pointer> {
                /// What a method of raw pointers does with the target of `pointer`.
                #[inline(always)]
                pub fn method<'a>(&self, how: Effect, pointer: impl FnOnce() -> &'a $pointer)
                where
                    T: 'a,
                {
                    access(pointer().target(), how.touch());
                }
            }

            impl<T> Value<$pointer> {
                /// What a method of raw pointers does with the target.
                #[inline(always)]
                pub fn method(self, how: Effect) -> $pointer {
                    access(self.0.target(), how.touch());
                    self.0
                }
            }
        )*
    };
}

raw!(*const T, *mut T);

/// The functions of `std::ptr` that access memory, each telling so.
pub mod ptr {
    use super::{Target, access, access_many};
    use crate::engine::Touch;

    /// One function of `std::ptr` and what it does to the targets of its pointers, in its own order.
    macro_rules! pointer_functions {
        ($(
            fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?
                { $($pointer:ident $how:ident $($count:ident)?),* }
        )*) => {
            $(
                #[doc = concat!("[`std::ptr::", stringify!($name), "`].")]
                ///
                /// # Safety
                /// As there.
                #[inline(always)]
                #[track_caller]
                pub unsafe fn $name<T>($($argument: $type),*) $(-> $result)? {
                    $(pointer_functions!(@ $pointer $how $($count)?);)*
                    // SAFETY: the caller's promise.
                    unsafe { std::ptr::$name($($argument),*) }
                }
            )*
        };
        (@ $pointer:ident $how:ident) => {
            access($pointer.target(), Touch::$how)
        };
        (@ $pointer:ident $how:ident $count:ident) => {
            access_many($pointer.target(), $count, Touch::$how)
        };
    }

    pointer_functions! {
        fn read(source: *const T) -> T { source Read }
        fn read_unaligned(source: *const T) -> T { source Read }
        fn read_volatile(source: *const T) -> T { source VolatileRead }
        fn write(target: *mut T, value: T) { target Write }
        fn write_unaligned(target: *mut T, value: T) { target Write }
        fn write_volatile(target: *mut T, value: T) { target VolatileWrite }
        fn write_bytes(target: *mut T, byte: u8, count: usize) { target Write count }
        fn replace(target: *mut T, value: T) -> T { target Write }
        fn swap(one: *mut T, other: *mut T) { one Write, other Write }
        fn copy(source: *const T, target: *mut T, count: usize) { source Read count, target Write count }
        fn copy_nonoverlapping(source: *const T, target: *mut T, count: usize) {
            source Read count, target Write count
        }
    }
}
