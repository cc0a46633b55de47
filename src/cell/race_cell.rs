//! [`RaceCell`]: a plain variable that several threads may access, each access checked.
//!
//! A newtype in every build; without the engine it costs nothing. Guarantees: every shared access through its methods is
//! recorded as what it is, all of the value at a time; [`RaceCell::update`] is a read and then a write. Can miss: what is
//! done through [`RaceCell::get`], outside of `#[race::instrument]`; and exclusive access is not recorded (see the module).

use std::cell::UnsafeCell;
use std::fmt;

use crate::engine::{Touch, hidden, touch};

/// A plain variable for several threads, to which they see to by other means that no two accesses race: a C global's
/// counterpart, for code that is translated, and for what a lock or an atomic elsewhere protects.
///
/// That they do see to it is what its `unsafe` methods ask their callers to promise, and what the engine checks.
///
/// ```
/// use race::cell::RaceCell;
/// use race::sync::Mutex;
///
/// static LOCK: Mutex<()> = Mutex::new(());
/// static TOTAL: RaceCell<u64> = RaceCell::new(0);
///
/// race::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| {
///             let _guard = LOCK.lock().unwrap();
///             // SAFETY: under the lock, as everywhere. Without it, this is reported.
///             unsafe { TOTAL.update(|total| total + 1) };
///         });
///     }
/// });
/// // SAFETY: the threads have ended.
/// assert_eq!(unsafe { TOTAL.read() }, 2);
/// ```
#[repr(transparent)]
pub struct RaceCell<T: ?Sized>(UnsafeCell<T>);

// SAFETY: a shared cell lets nobody at its value but through `unsafe` methods (and a raw pointer). Their callers promise
// that accesses do not conflict, and that the value is not used by two threads at once unless it is `Sync`. What is left
// is that one thread after another has the value to itself, may drop it or take it out: that is `Send`.
unsafe impl<T: ?Sized + Send> Sync for RaceCell<T> {}

impl<T> RaceCell<T> {
    /// A variable that holds `value`.
    #[inline(always)]
    pub const fn new(value: T) -> RaceCell<T> {
        RaceCell(UnsafeCell::new(value))
    }

    /// The value.
    #[inline(always)]
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }

    /// Reads the value.
    ///
    /// # Safety
    /// Nobody writes at the same time, nor holds an exclusive reference to the value.
    #[inline(always)]
    pub unsafe fn read(&self) -> T
    where
        T: Copy,
    {
        self.touch(Touch::Read);
        // SAFETY: the value is there, and the caller promises that nobody changes it.
        hidden(|| unsafe { *self.get() })
    }

    /// Writes `value`; the one before is dropped.
    ///
    /// # Safety
    /// Nobody accesses the value at the same time, nor holds a reference to it.
    #[inline(always)]
    pub unsafe fn write(&self, value: T) {
        // SAFETY: the caller's promise.
        drop(unsafe { self.replace(value) });
    }

    /// Writes `value` and returns the one before, which counts as one write.
    ///
    /// # Safety
    /// Nobody accesses the value at the same time, nor holds a reference to it.
    #[inline(always)]
    pub unsafe fn replace(&self, value: T) -> T {
        self.touch(Touch::Write);
        // SAFETY: the value is there, and the caller promises that nobody else is at it.
        hidden(|| unsafe { self.get().replace(value) })
    }

    /// Reads the value and writes what `change` makes of it.
    ///
    /// # Safety
    /// From the beginning to the end of `change` and of this, nobody else writes the value, nor holds an exclusive
    /// reference to it; and nobody reads it, nor holds a reference to it, when `change` has ended.
    #[inline(always)]
    pub unsafe fn update(&self, change: impl FnOnce(T) -> T)
    where
        T: Copy,
    {
        // SAFETY: the caller's promise.
        let value = unsafe { self.read() };
        let changed = change(value);
        // SAFETY: the caller's promise.
        unsafe { self.write(changed) };
    }
}

impl<T: ?Sized> RaceCell<T> {
    /// The variable of a value that is borrowed exclusively.
    #[inline(always)]
    pub const fn from_mut(value: &mut T) -> &mut RaceCell<T> {
        let cell = std::ptr::from_mut(value) as *mut RaceCell<T>;
        // SAFETY: the cell is transparent over the value, and the exclusive borrow passes to the result.
        unsafe { &mut *cell }
    }

    /// Looks at the value, which counts as a read of all of it.
    ///
    /// # Safety
    /// Until `look` has ended, nobody writes the value, nor holds an exclusive reference to it; and unless `T` is `Sync`, no
    /// other thread has a reference to it either.
    #[inline(always)]
    pub unsafe fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.touch(Touch::Read);
        // SAFETY: the value is there, and the caller promises that nobody changes it.
        look(unsafe { &*self.get() })
    }

    /// Changes the value in place, which counts as a write of all of it.
    ///
    /// # Safety
    /// Until `change` has ended, nobody else accesses the value, nor holds a reference to it, `change` itself included.
    #[inline(always)]
    pub unsafe fn with_mut<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.touch(Touch::Write);
        // SAFETY: the value is there, and the caller promises that nobody else is at it.
        change(unsafe { &mut *self.get() })
    }

    #[inline(always)]
    fn touch(&self, how: Touch) {
        touch(self.get().cast::<u8>() as usize, size_of_val(self), how);
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
}

impl<T: Default> Default for RaceCell<T> {
    fn default() -> RaceCell<T> {
        RaceCell::new(T::default())
    }
}

impl<T> From<T> for RaceCell<T> {
    fn from(value: T) -> RaceCell<T> {
        RaceCell::new(value)
    }
}

impl<T: ?Sized> fmt::Debug for RaceCell<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RaceCell").finish_non_exhaustive()
    }
}
