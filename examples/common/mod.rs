//! What the examples share: the choice between the two variants of one, and an order in time for those that need it.
//!
//! Guarantees: the detector learns nothing of a [`Schedule`], which is made of std's atomics; it adds no order to those
//! that the example itself makes. Can miss: a step that panics leaves the later ones waiting for ever.

#![allow(dead_code)] // each example uses what it needs

use std::env;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Whether the command line asks for the fixed variant, by that word, or by none for the racy one.
pub fn is_fixed() -> bool {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => false,
        [only] if only == "fixed" => true,
        _ => {
            eprintln!("error: this example has two variants: give no argument for the racy one, or `fixed` alone");
            process::exit(2);
        }
    }
}

/// The luck of a schedule: steps of several threads happen one after the other in time.
///
/// Two steps of different threads are still not ordered as the memory model means it: that they never meet is what lets
/// a mistake pass every test. An example uses this where the threads could otherwise break the program for real, or miss
/// each other.
pub struct Schedule(AtomicUsize);

impl Schedule {
    /// No step was taken.
    pub const fn new() -> Schedule {
        Schedule(AtomicUsize::new(0))
    }

    /// Waits until `number` steps were taken, and takes the next.
    pub fn step<R>(&self, number: usize, action: impl FnOnce() -> R) -> R {
        while self.0.load(Ordering::SeqCst) != number {
            thread::yield_now();
        }
        let result = action();
        self.0.store(number + 1, Ordering::SeqCst);
        result
    }
}
