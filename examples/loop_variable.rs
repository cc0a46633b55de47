//! Workers are started in a loop, and each looks up its number in the variable of the loop.
//!
//! The mistake: the threads share one variable, and the loop goes on to the next number while they start. A worker sees
//! its own number, or that of another one. Safe Rust refuses to share a variable that changes; a raw pointer, or a cell
//! as here, gets around that.
//!
//! To read in the report: one access is the worker's read, the other the loop's next write, by the main thread. The
//! worker's `created at` is in the very loop that writes: between the creation and the write, nothing waits.
//!
//! The fix: each thread gets a copy of the number, made before it starts.
//!
//! `cargo run --features race --example loop_variable` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::RaceCell;
use race::thread;
use race::thread::JoinHandle;

const WORKERS: usize = 3;

/// Each says which one it is.
type Worker = JoinHandle<usize>;

static NUMBER: RaceCell<usize> = RaceCell::new(0);

fn start_racy() -> Vec<Worker> {
    let mut workers = Vec::new();
    for next in 0..WORKERS {
        // SAFETY: wrong, which is the mistake: the workers started so far may be reading.
        unsafe { NUMBER.write(next) };
        // SAFETY: wrong, as above.
        workers.push(thread::spawn(|| unsafe { NUMBER.read() }));
    }
    workers
}

fn start_fixed() -> Vec<Worker> {
    let mut workers = Vec::new();
    for next in 0..WORKERS {
        workers.push(thread::spawn(move || next));
    }
    workers
}

/// Starts all workers and waits for them.
fn work(start: fn() -> Vec<Worker>) {
    let numbers: Vec<usize> = start().into_iter().map(|worker| worker.join().expect("no worker panics")).collect();
    println!("the workers had the numbers {numbers:?}");
}

fn main() {
    work(if common::is_fixed() { start_fixed } else { start_racy });
}
