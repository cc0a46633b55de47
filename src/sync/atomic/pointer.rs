//! The atomic pointer.

use std::fmt;
use std::sync::atomic::Ordering;

use super::operation::Variable;
use super::shared::{atomic, updates};

atomic!(AtomicPtr<T>, *mut T);

impl<T> AtomicPtr<T> {
    updates!(*mut T:
        "Moves the pointer on by `operand` elements" fetch_ptr_add(usize),
        "Moves the pointer back by `operand` elements" fetch_ptr_sub(usize),
        "Moves the pointer on by `operand` bytes" fetch_byte_add(usize),
        "Moves the pointer back by `operand` bytes" fetch_byte_sub(usize),
        "Stores the bitwise and of the address with `operand`" fetch_and(usize),
        "Stores the bitwise or of the address with `operand`" fetch_or(usize),
        "Stores the bitwise exclusive or of the address with `operand`" fetch_xor(usize),
    );
}

impl<T> Default for AtomicPtr<T> {
    fn default() -> AtomicPtr<T> {
        AtomicPtr::new(std::ptr::null_mut())
    }
}

impl<T> fmt::Pointer for AtomicPtr<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Pointer::fmt(&self.load(Ordering::Relaxed), formatter)
    }
}
