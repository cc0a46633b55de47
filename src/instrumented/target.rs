//! Where pointers lead to, and arguments that are looked at before they are passed on.

use std::ptr::NonNull;

use super::{Effect, access, access_many};
use crate::engine::Touch;

/// Where a pointer points to.
pub trait Target<T> {
    /// As a raw pointer.
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

impl<T> Target<T> for NonNull<T> {
    #[inline(always)]
    fn target(&self) -> *const T {
        self.as_ptr()
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

/// An argument that lies somewhere.
#[derive(Debug)]
pub struct Lent<'a, P>(pub &'a P);

/// An argument that is made for the occasion.
#[derive(Debug)]
pub struct Given<P>(pub P);

/// An argument that is a pointer to another target.
pub trait Other<T> {
    /// Where it points to.
    fn other(&self) -> *const T;
}

impl<T, P: Target<T>> Other<T> for Lent<'_, P> {
    #[inline(always)]
    fn other(&self) -> *const T {
        self.0.target()
    }
}

impl<T, P: Target<T>> Other<T> for Given<P> {
    #[inline(always)]
    fn other(&self) -> *const T {
        self.0.target()
    }
}

/// An argument that says how many.
pub trait Count {
    /// The number.
    fn count(&self) -> usize;
}

impl Count for Lent<'_, usize> {
    #[inline(always)]
    fn count(&self) -> usize {
        *self.0
    }
}

impl Count for Given<usize> {
    #[inline(always)]
    fn count(&self) -> usize {
        self.0
    }
}

/// What a method of raw pointers does with the target.
#[inline(always)]
pub(super) fn of_method<T>(pointer: &impl Target<T>, how: Effect, count: impl Count) {
    access_many(pointer.target(), count.count(), how.touch());
}

/// What a method of raw pointers does with the target and that of its argument.
#[inline(always)]
pub(super) fn of_method_on_two<T>(
    pointer: &impl Target<T>,
    how: Effect,
    count: impl Count,
    how_other: Effect,
    other: impl Other<T>,
) {
    let count = count.count();
    let (target, other) = ((pointer.target(), how), (other.other(), how_other));
    // What is read is read first.
    let in_order = if matches!(how_other, Effect::Read) { [other, target] } else { [target, other] };
    for (target, how) in in_order {
        access_many(target, count, how.touch());
    }
}

/// The end of a value, which its destructor may write.
///
/// # Safety
/// The value is alive.
#[inline(always)]
pub(super) unsafe fn dropped<T: ?Sized>(target: *const T) {
    if std::mem::needs_drop::<T>() {
        // SAFETY: the value is alive.
        let size = size_of_val(unsafe { &*target });
        access_many(target.cast::<u8>(), size, Touch::Write);
    }
}

/// A value that is exchanged for another.
#[inline(always)]
pub(super) fn exchanged<T>(target: &T) {
    access(target, Touch::Write);
}
