//! The type of a pointer whose target is accessed.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::target::{self, Count, Other, Target};
use super::{Effect, access_many};

/// The type of a pointer whose target is accessed, without the pointer. It may be held where a pointer may not, as across
/// an `await`.
#[derive(Debug)]
pub struct Base<P>(PhantomData<fn() -> P>);

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

    /// A type to be inferred, for a closure: the reference lives as long as the pointer may.
    #[inline(always)]
    pub fn lent<'a>() -> &'a Base<P>
    where
        P: 'a,
    {
        &Base(PhantomData)
    }

    /// The type of `pointer`, for a closure.
    #[inline(always)]
    pub fn lent_by<'a>(_pointer: &P) -> &'a Base<P>
    where
        P: 'a,
    {
        &Base(PhantomData)
    }
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
    fn method<'a, P: 'a, C>(&self, _pointer: impl FnOnce() -> &'a P, _how: Effect, _count: impl FnOnce() -> C) {}

    /// What a method of raw pointers does with the targets of `pointer` and of its argument.
    #[inline(always)]
    fn method_on_two<'a, P: 'a, C, O>(
        &self,
        _pointer: impl FnOnce() -> &'a P,
        _how: Effect,
        _count: impl FnOnce() -> C,
        _how_other: Effect,
        _other: impl FnOnce() -> O,
    ) {
    }

    /// What `drop_in_place` does with the target of `pointer`.
    #[inline(always)]
    fn dropped<'a, P: 'a>(&self, _pointer: impl FnOnce() -> &'a P) {}

    /// What `mem::swap` and its like do with the target of `pointer`.
    #[inline(always)]
    fn exchanged<'a, P: 'a>(&self, _pointer: impl FnOnce() -> &'a P) {}

    /// What a function does with `count` targets of `pointer` in a row.
    #[inline(always)]
    fn targets<'a, P: 'a>(&self, _how: Effect, _count: usize, _pointer: impl FnOnce() -> &'a P) {}
}

impl<P> OtherBase for Base<P> {}

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
                pub fn method<'a, C: Count>(
                    &self,
                    pointer: impl FnOnce() -> &'a $pointer,
                    how: Effect,
                    count: impl FnOnce() -> C,
                ) where
                    T: 'a,
                {
                    target::of_method(pointer(), how, count());
                }

                /// What a method of raw pointers does with the targets of `pointer` and of its argument.
                #[inline(always)]
                pub fn method_on_two<'a, C: Count, O: Other<T>>(
                    &self,
                    pointer: impl FnOnce() -> &'a $pointer,
                    how: Effect,
                    count: impl FnOnce() -> C,
                    how_other: Effect,
                    other: impl FnOnce() -> O,
                ) where
                    T: 'a,
                {
                    target::of_method_on_two(pointer(), how, count(), how_other, other());
                }
            }
        )*
    };
}

raw!(*const T, *mut T, NonNull<T>);

impl<T: ?Sized> Base<*mut T> {
    /// What `drop_in_place` does with the target of `pointer`.
    #[inline(always)]
    pub fn dropped<'a>(&self, pointer: impl FnOnce() -> &'a *mut T)
    where
        T: 'a,
    {
        // SAFETY: the value is about to be dropped, so it is alive.
        unsafe { target::dropped(*pointer()) };
    }
}

impl<T: ?Sized> Base<NonNull<T>> {
    /// What `drop_in_place` does with the target of `pointer`.
    #[inline(always)]
    pub fn dropped<'a>(&self, pointer: impl FnOnce() -> &'a NonNull<T>)
    where
        T: 'a,
    {
        // SAFETY: the value is about to be dropped, so it is alive.
        unsafe { target::dropped(pointer().as_ptr()) };
    }
}

impl<'r, T> Base<&'r mut T> {
    /// What `mem::swap` and its like do with the target of `pointer`.
    #[inline(always)]
    pub fn exchanged<'a>(&self, pointer: impl FnOnce() -> &'a &'r mut T)
    where
        'r: 'a,
        T: 'a,
    {
        target::exchanged(&**pointer());
    }
}
