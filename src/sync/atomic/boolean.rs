//! The atomic flag.

use std::fmt;
use std::sync::atomic::Ordering;

use super::operation::Variable;

/// [`std::sync::atomic::AtomicBool`], watched.
#[repr(transparent)]
pub struct AtomicBool(std::sync::atomic::AtomicBool);

impl AtomicBool {
    /// A flag that holds `value`.
    #[inline]
    pub const fn new(value: bool) -> AtomicBool {
        AtomicBool(std::sync::atomic::AtomicBool::new(value))
    }

    /// The flag at `pointer`.
    ///
    /// # Safety
    /// As for std's: aligned, valid for all of the lifetime, and not accessed otherwise in conflict.
    #[inline]
    pub const unsafe fn from_ptr<'a>(pointer: *mut bool) -> &'a AtomicBool {
        // SAFETY: transparent over std's type, which has the layout of the value; the rest is the caller's.
        unsafe { &*pointer.cast::<AtomicBool>() }
    }

    /// The value, exclusively.
    #[inline]
    pub const fn get_mut(&mut self) -> &mut bool {
        // SAFETY: the exclusive borrow passes to the result.
        unsafe { &mut *self.as_ptr() }
    }

    /// The value.
    #[inline]
    pub const fn into_inner(self) -> bool {
        self.0.into_inner()
    }

    /// The pointer to the value, for whoever else accesses it.
    #[inline]
    pub const fn as_ptr(&self) -> *mut bool {
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
    pub fn load(&self, order: Ordering) -> bool {
        self.variable().load(order, || self.0.load(order))
    }

    /// Stores `value`.
    ///
    /// # Panics
    /// When the ordering is `Acquire` or `AcqRel`.
    #[inline]
    pub fn store(&self, value: bool, order: Ordering) {
        self.variable().store(order, || self.0.store(value, order));
    }

    /// Stores `new` if the value is `current`, and returns what it was.
    #[inline]
    #[deprecated(note = "Use `compare_exchange` or `compare_exchange_weak` instead")]
    pub fn compare_and_swap(&self, current: bool, new: bool, order: Ordering) -> bool {
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
        current: bool,
        new: bool,
        success: Ordering,
        failure: Ordering,
    ) -> Result<bool, bool> {
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
        current: bool,
        new: bool,
        success: Ordering,
        failure: Ordering,
    ) -> Result<bool, bool> {
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
        update: impl FnMut(bool) -> Option<bool>,
    ) -> Result<bool, bool> {
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
        mut update: impl FnMut(bool) -> Option<bool>,
    ) -> Result<bool, bool> {
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
    pub fn update(&self, set: Ordering, fetch: Ordering, mut update: impl FnMut(bool) -> bool) -> bool {
        let (Ok(old) | Err(old)) = self.try_update(set, fetch, |value| Some(update(value)));
        old
    }

    /// Stores `operand` and returns what the value was.
    #[inline]
    pub fn swap(&self, operand: bool, order: Ordering) -> bool {
        self.variable().update(order, || self.0.swap(operand, order))
    }

    /// Stores the logical and with `operand` and returns what the value was.
    #[inline]
    pub fn fetch_and(&self, operand: bool, order: Ordering) -> bool {
        self.variable().update(order, || self.0.fetch_and(operand, order))
    }

    /// Stores the negated logical and with `operand` and returns what the value was.
    #[inline]
    pub fn fetch_nand(&self, operand: bool, order: Ordering) -> bool {
        self.variable().update(order, || self.0.fetch_nand(operand, order))
    }

    /// Stores the logical or with `operand` and returns what the value was.
    #[inline]
    pub fn fetch_or(&self, operand: bool, order: Ordering) -> bool {
        self.variable().update(order, || self.0.fetch_or(operand, order))
    }

    /// Stores the logical exclusive or with `operand` and returns what the value was.
    #[inline]
    pub fn fetch_xor(&self, operand: bool, order: Ordering) -> bool {
        self.variable().update(order, || self.0.fetch_xor(operand, order))
    }

    /// Stores the negation and returns what the value was.
    #[inline]
    pub fn fetch_not(&self, order: Ordering) -> bool {
        self.variable().update(order, || self.0.fetch_not(order))
    }
}

impl Default for AtomicBool {
    fn default() -> AtomicBool {
        AtomicBool::new(false)
    }
}

impl From<bool> for AtomicBool {
    fn from(value: bool) -> AtomicBool {
        AtomicBool::new(value)
    }
}

impl fmt::Debug for AtomicBool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.load(Ordering::Relaxed), formatter)
    }
}

/// An [`AtomicBool`] that holds `false`.
#[deprecated(note = "the `new` function is now preferred")]
#[allow(clippy::declare_interior_mutable_const)] // std's is a constant too
pub const ATOMIC_BOOL_INIT: AtomicBool = AtomicBool::new(false);
