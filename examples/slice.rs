//! Two threads fill a buffer, each its half of it; but the halves overlap by one element.
//!
//! The mistake: a length that is one too much. Raw pointers let it pass, and the sum of the buffer is often as expected.
//!
//! To read in the report: both stacks lead to `fill`, so the place to look at is where the two threads got their parts:
//! the `created at` sections lead to `paint`. The address is that of the element which both have.
//!
//! The fix: `split_at_mut`, which cannot cut wrongly.
//!
//! `cargo run --features race --example slice` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::thread;

/// Some elements of a buffer, for one thread.
struct Part {
    start: *mut u32,
    length: usize,
}

// SAFETY: true of the fixed halves, which share no element; wrong of the racy ones.
unsafe impl Send for Part {}

fn halves_racy(buffer: &mut [u32]) -> [Part; 2] {
    let (length, middle) = (buffer.len(), buffer.len() / 2);
    let start = buffer.as_mut_ptr();
    // SAFETY: the middle is inside of the buffer.
    let second = unsafe { start.add(middle) };
    // The first half ends where the second has begun.
    [Part { start, length: middle + 1 }, Part { start: second, length: length - middle }]
}

fn halves_fixed(buffer: &mut [u32]) -> [Part; 2] {
    let (first, second) = buffer.split_at_mut(buffer.len() / 2);
    [first, second].map(|half| Part { start: half.as_mut_ptr(), length: half.len() })
}

/// Gives all elements of a part the same value. Memory behind raw pointers is watched where this attribute stands.
#[race::instrument]
fn fill(part: Part, value: u32) {
    for index in 0..part.length {
        // SAFETY: inside of the part; that nobody else has it is what the one who cut it says.
        unsafe { *part.start.add(index) = value };
    }
}

/// Fills the halves of a buffer in two threads.
fn paint(halves: fn(&mut [u32]) -> [Part; 2]) {
    let mut buffer = [0; 8];
    let [first, second] = halves(&mut buffer);
    let first = thread::spawn(move || fill(first, 1));
    let second = thread::spawn(move || fill(second, 2));
    first.join().expect("no thread panics");
    second.join().expect("no thread panics");
    println!("the buffer holds {buffer:?}");
}

fn main() {
    paint(if common::is_fixed() { halves_fixed } else { halves_racy });
}
