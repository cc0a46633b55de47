//! [`UnsafeCell`]: std's, with access through closures.
//!
//! Guarantees: [`UnsafeCell::with`] counts as a read and [`UnsafeCell::with_mut`] as a write of the whole value. Can miss:
//! what the module's documentation says of all cells.

use std::fmt;
use std::mem::ManuallyDrop;

use crate::engine::{Touch, touch};

/// [`std::cell::UnsafeCell`] with checked access through closures.
///
/// ```
/// use race::cell::UnsafeCell;
///
/// let cell = UnsafeCell::new(5);
/// // SAFETY: no other reference to the content exists.
/// cell.with_mut(|value| unsafe { *value += 1 });
/// // SAFETY: as above.
/// assert_eq!(cell.with(|value| unsafe { *value }), 6);
/// ```
#[repr(transparent)]
pub struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    /// A cell that holds `value`.
    #[inline(always)]
    pub const fn new(value: T) -> UnsafeCell<T> {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    /// The value, which nobody else can have a reference to.
    #[inline(always)]
    pub const fn into_inner(self) -> T {
        let cell = ManuallyDrop::new(self);
        // SAFETY: both are transparent over the value, which is read once and not dropped. Taking the field would be a
        // drop of the cell, which constant functions of generic types may not contain.
        unsafe { std::ptr::read((&raw const cell).cast::<T>()) }
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// The cell of a value that is borrowed exclusively.
    #[inline(always)]
    pub const fn from_mut(value: &mut T) -> &mut UnsafeCell<T> {
        let cell = std::ptr::from_mut(value) as *mut UnsafeCell<T>;
        // SAFETY: the cell is transparent over the value, and the exclusive borrow passes to the result.
        unsafe { &mut *cell }
    }

    /// Reads the value through a pointer that is good for the closure. Counts as a read of all of it.
    #[inline(always)]
    pub fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        touch(self.address(), size_of_val(self), Touch::Read);
        read(self.get())
    }

    /// Writes the value through a pointer that is good for the closure. Counts as a write of all of it.
    #[inline(always)]
    pub fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        touch(self.address(), size_of_val(self), Touch::Write);
        write(self.get())
    }

    #[inline(always)]
    fn address(&self) -> usize {
        self.get().cast::<u8>() as usize
    }

    /// The pointer to the value. What is done through it is not recorded by the cell.
    #[inline(always)]
    pub const fn get(&self) -> *mut T {
        self.0.get()
    }

    /// The value, exclusively.
    #[inline(always)]
    pub const fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// The pointer to the value of a cell that is only pointed to.
    #[inline(always)]
    pub const fn raw_get(this: *const UnsafeCell<T>) -> *mut T {
        std::cell::UnsafeCell::raw_get(this as *const std::cell::UnsafeCell<T>)
    }
}

impl<T: Default> Default for UnsafeCell<T> {
    fn default() -> UnsafeCell<T> {
        UnsafeCell::new(T::default())
    }
}

impl<T> From<T> for UnsafeCell<T> {
    fn from(value: T) -> UnsafeCell<T> {
        UnsafeCell::new(value)
    }
}

impl<T: ?Sized> fmt::Debug for UnsafeCell<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
