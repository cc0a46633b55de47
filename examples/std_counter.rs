//! A race in a program that knows nothing of this crate: two threads add to one `static mut`.
//!
//! `cargo race run --example std_counter` prints the report and ends with status 66; `cargo run` prints a number that may
//! be wrong. To read in the report: both stacks end in `add`, which has no lock, and the `created at` sections lead to
//! the two `thread::spawn` lines of `main`. `std_counter_fixed` is the cure.

use std::thread;

static mut COUNT: u64 = 0;

fn add() {
    for _ in 0..1000 {
        // SAFETY: wrong, which is the point: two threads are here at once.
        unsafe { COUNT += 1 };
    }
}

fn main() {
    let first = thread::spawn(add);
    let second = thread::spawn(add);
    first.join().expect("the first thread does not panic");
    second.join().expect("the second thread does not panic");
    // SAFETY: both threads were joined.
    println!("{}", unsafe { COUNT });
}
