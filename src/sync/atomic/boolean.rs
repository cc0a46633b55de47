//! The atomic flag.

use std::fmt;
use std::sync::atomic::Ordering;

use super::operation::Variable;
use super::shared::{atomic, updates};

atomic!(AtomicBool, bool);

impl AtomicBool {
    updates!(bool:
        "Stores the logical and with `operand`" fetch_and(bool),
        "Stores the negated logical and with `operand`" fetch_nand(bool),
        "Stores the logical or with `operand`" fetch_or(bool),
        "Stores the logical exclusive or with `operand`" fetch_xor(bool),
    );

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

/// An [`AtomicBool`] that holds `false`.
#[deprecated(note = "the `new` function is now preferred")]
#[allow(clippy::declare_interior_mutable_const)] // std's is a constant too
pub const ATOMIC_BOOL_INIT: AtomicBool = AtomicBool::new(false);
