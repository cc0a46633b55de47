//! What all cases share: the table of names, places of memory that any thread may touch, and threads in a fixed order.
//!
//! Every racy case makes its two racing accesses inside [`earlier`] and [`later`], by which a report is recognised.

use std::arch::asm;
use std::cell::UnsafeCell;
use std::thread;

use crate::invisible;

/// A case: its name, which begins with `race_` or `clean_`, and its program.
pub type Case = (&'static str, fn());

/// The table of a file's cases, from their functions.
macro_rules! cases {
    ($($name:ident)*) => { pub const CASES: &[$crate::case::Case] = &[$((stringify!($name), $name as fn())),*]; };
}
pub(crate) use cases;

/// The racing access that comes first.
#[inline(never)]
pub fn earlier<R>(access: impl FnOnce() -> R) -> R {
    let result = access();
    // SAFETY: a comment. With it the compiler cannot take the two functions for one.
    unsafe { asm!("// earlier") };
    result
}

/// The racing access that comes second, and completes the race.
#[inline(never)]
pub fn later<R>(access: impl FnOnce() -> R) -> R {
    let result = access();
    // SAFETY: a comment. With it the compiler cannot take the two functions for one.
    unsafe { asm!("// later") };
    result
}

/// Runs `first` and then `second` in two threads which both live from before the one to after the other, and which
/// nothing visible orders.
pub fn in_order(first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    thread::scope(|scope| {
        scope.spawn(move || {
            invisible::meet(2);
            earlier(first);
            invisible::meet(4);
        });
        scope.spawn(move || {
            invisible::meet(2);
            invisible::wait(3);
            later(second);
            invisible::advance();
        });
    });
}

/// Runs both at once.
pub fn side_by_side(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    thread::scope(|scope| {
        scope.spawn(one);
        scope.spawn(other);
    });
}

/// Memory that any thread may read and write, with nothing in the type system against it.
#[repr(transparent)]
pub struct Place<T>(UnsafeCell<T>);

// SAFETY: wrong for racy cases, which is their point; the values are plain numbers, for which any bytes will do.
unsafe impl<T: Send> Sync for Place<T> {}

impl<T> Place<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    pub fn address(&self) -> *mut T {
        self.0.get()
    }
}

impl<T: Copy> Place<T> {
    pub fn read(&self) -> T {
        // SAFETY: the place lives; races are what the cases are about.
        std::hint::black_box(unsafe { *self.0.get() })
    }

    pub fn write(&self, value: T) {
        // SAFETY: as in `read`.
        unsafe { *self.0.get() = std::hint::black_box(value) }
    }
}

/// An address that may go to another thread.
#[derive(Clone, Copy)]
pub struct Shared<T>(*mut T);

// SAFETY: as for `Place`.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as for `Place`.
unsafe impl<T> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub fn new(address: *mut T) -> Self {
        Self(address)
    }

    pub fn get(self) -> *mut T {
        self.0
    }
}
