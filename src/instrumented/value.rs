//! Pointers on their way to where they are used.

use std::ptr::NonNull;

use super::target::{self, Count, Other, Target};
use super::{Effect, access, access_many};
use crate::engine::Touch;

/// A pointer on its way to being dereferenced.
#[derive(Debug)]
pub struct Value<P>(pub P);

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

    /// What `announce` says of what the pointer leads to.
    #[inline(always)]
    fn with(self, _announce: impl FnOnce(&P)) -> P {
        self.pass()
    }

    /// What a method of raw pointers does with the target.
    #[inline(always)]
    fn method<C>(self, _how: Effect, _count: impl FnOnce() -> C) -> P {
        self.pass()
    }

    /// What a method of raw pointers does with the target and that of its argument.
    #[inline(always)]
    fn method_on_two<C, O>(
        self,
        _how: Effect,
        _count: impl FnOnce() -> C,
        _how_other: Effect,
        _other: impl FnOnce() -> O,
    ) -> P {
        self.pass()
    }

    /// What `drop_in_place` does with the target.
    #[inline(always)]
    fn dropped(self) -> P {
        self.pass()
    }

    /// What `mem::swap` and its like do with the target.
    #[inline(always)]
    fn exchanged(self) -> P {
        self.pass()
    }

    /// What a function does with `count` targets in a row.
    #[inline(always)]
    fn targets(self, _how: Effect, _count: usize) -> P {
        self.pass()
    }
}

impl<P> OtherValue<P> for Value<P> {
    #[inline(always)]
    fn pass(self) -> P {
        self.0
    }
}

/// The methods for types of pointers.
macro_rules! watched {
    ($([$($lifetime:lifetime)?] $pointer:ty),*) => {
        $(
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

                /// What `announce` says of what the pointer leads to.
                #[inline(always)]
                pub fn with(self, announce: impl FnOnce(&$pointer)) -> $pointer {
                    announce(&self.0);
                    self.0
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
            impl<T> Value<$pointer> {
                /// What a method of raw pointers does with the target.
                #[inline(always)]
                pub fn method<C: Count>(self, how: Effect, count: impl FnOnce() -> C) -> $pointer {
                    target::of_method(&self.0, how, count());
                    self.0
                }

                /// What a method of raw pointers does with the target and that of its argument.
                #[inline(always)]
                pub fn method_on_two<C: Count, O: Other<T>>(
                    self,
                    how: Effect,
                    count: impl FnOnce() -> C,
                    how_other: Effect,
                    other: impl FnOnce() -> O,
                ) -> $pointer {
                    target::of_method_on_two(&self.0, how, count(), how_other, other());
                    self.0
                }
            }
        )*
    };
}

raw!(*const T, *mut T, NonNull<T>);

impl<T: ?Sized> Value<*mut T> {
    /// What `drop_in_place` does with the target.
    #[inline(always)]
    pub fn dropped(self) -> *mut T {
        // SAFETY: the value is about to be dropped, so it is alive.
        unsafe { target::dropped(self.0) };
        self.0
    }
}

impl<T: ?Sized> Value<NonNull<T>> {
    /// What `drop_in_place` does with the target.
    #[inline(always)]
    pub fn dropped(self) -> NonNull<T> {
        // SAFETY: the value is about to be dropped, so it is alive.
        unsafe { target::dropped(self.0.as_ptr()) };
        self.0
    }
}

impl<'a, T> Value<&'a mut T> {
    /// What `mem::swap` and its like do with the target.
    #[inline(always)]
    pub fn exchanged(self) -> &'a mut T {
        target::exchanged(self.0);
        self.0
    }
}
