//! The atomic pointer.

use std::fmt;
use std::sync::atomic::Ordering;

use super::operation::Variable;

/// [`std::sync::atomic::AtomicPtr`], watched.
#[repr(transparent)]
pub struct AtomicPtr<T>(std::sync::atomic::AtomicPtr<T>);

impl<T> AtomicPtr<T> {
    /// A variable that holds `value`.
    #[inline]
    pub const fn new(value: *mut T) -> AtomicPtr<T> {
        AtomicPtr(std::sync::atomic::AtomicPtr::new(value))
    }

    /// The variable at `pointer`.
    ///
    /// # Safety
    /// As for std's: aligned, valid for all of the lifetime, and not accessed otherwise in conflict.
    #[inline]
    pub const unsafe fn from_ptr<'a>(pointer: *mut *mut T) -> &'a AtomicPtr<T> {
        // SAFETY: transparent over std's type, which has the layout of the value; the rest is the caller's.
        unsafe { &*pointer.cast::<AtomicPtr<T>>() }
    }

    /// The value, exclusively.
    #[inline]
    pub const fn get_mut(&mut self) -> &mut *mut T {
        // SAFETY: the exclusive borrow passes to the result.
        unsafe { &mut *self.as_ptr() }
    }

    /// The value.
    #[inline]
    pub const fn into_inner(self) -> *mut T {
        self.0.into_inner()
    }

    /// The pointer to the value, for whoever else accesses it.
    #[inline]
    pub const fn as_ptr(&self) -> *mut *mut T {
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
    pub fn load(&self, order: Ordering) -> *mut T {
        self.variable().load(order, || self.0.load(order))
    }

    /// Stores `value`.
    ///
    /// # Panics
    /// When the ordering is `Acquire` or `AcqRel`.
    #[inline]
    pub fn store(&self, value: *mut T, order: Ordering) {
        self.variable().store(order, || self.0.store(value, order));
    }

    /// Stores `new` if the value is `current`, and returns what it was.
    #[inline]
    #[deprecated(note = "Use `compare_exchange` or `compare_exchange_weak` instead")]
    pub fn compare_and_swap(&self, current: *mut T, new: *mut T, order: Ordering) -> *mut T {
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
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.variable().exchange(success, failure, || self.0.compare_exchange(current, new, success, failure))
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
        current: *mut T,
        new: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.variable().exchange(success, failure, || self.0.compare_exchange_weak(current, new, success, failure))
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
        update: impl FnMut(*mut T) -> Option<*mut T>,
    ) -> Result<*mut T, *mut T> {
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
        mut update: impl FnMut(*mut T) -> Option<*mut T>,
    ) -> Result<*mut T, *mut T> {
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
    pub fn update(&self, set: Ordering, fetch: Ordering, mut update: impl FnMut(*mut T) -> *mut T) -> *mut T {
        let (Ok(old) | Err(old)) = self.try_update(set, fetch, |value| Some(update(value)));
        old
    }

    /// Stores `operand` and returns what the value was.
    #[inline]
    pub fn swap(&self, operand: *mut T, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.swap(operand, order))
    }

    /// Moves the pointer on by `operand` elements and returns what the value was.
    #[inline]
    pub fn fetch_ptr_add(&self, operand: usize, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.fetch_ptr_add(operand, order))
    }

    /// Moves the pointer back by `operand` elements and returns what the value was.
    #[inline]
    pub fn fetch_ptr_sub(&self, operand: usize, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.fetch_ptr_sub(operand, order))
    }

    /// Moves the pointer on by `operand` bytes and returns what the value was.
    #[inline]
    pub fn fetch_byte_add(&self, operand: usize, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.fetch_byte_add(operand, order))
    }

    /// Moves the pointer back by `operand` bytes and returns what the value was.
    #[inline]
    pub fn fetch_byte_sub(&self, operand: usize, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.fetch_byte_sub(operand, order))
    }

    /// Stores the bitwise and of the address with `operand` and returns what the value was.
    #[inline]
    pub fn fetch_and(&self, operand: usize, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.fetch_and(operand, order))
    }

    /// Stores the bitwise or of the address with `operand` and returns what the value was.
    #[inline]
    pub fn fetch_or(&self, operand: usize, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.fetch_or(operand, order))
    }

    /// Stores the bitwise exclusive or of the address with `operand` and returns what the value was.
    #[inline]
    pub fn fetch_xor(&self, operand: usize, order: Ordering) -> *mut T {
        self.variable().update(order, || self.0.fetch_xor(operand, order))
    }
}

impl<T> Default for AtomicPtr<T> {
    fn default() -> AtomicPtr<T> {
        AtomicPtr::new(std::ptr::null_mut())
    }
}

impl<T> From<*mut T> for AtomicPtr<T> {
    fn from(value: *mut T) -> AtomicPtr<T> {
        AtomicPtr::new(value)
    }
}

impl<T> fmt::Debug for AtomicPtr<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.load(Ordering::Relaxed), formatter)
    }
}

impl<T> fmt::Pointer for AtomicPtr<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.load(Ordering::Relaxed), formatter)
    }
}
