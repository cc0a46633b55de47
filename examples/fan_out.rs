//! Workers are counted by a `WaitGroup`, and each worker counts itself.
//!
//! The mistake: `add` is called in the thread that it announces. The main thread may be at `wait` before any worker has
//! got so far, finds nothing to wait for, and uses results that are not there yet.
//!
//! To read in the report: the stacks end in no access but in two calls, `GROUP.add` in a worker and `GROUP.wait` in
//! `fan_out`. That these race means that one has to come before the other, and here nothing sees to it. If a second
//! report follows, of a result that is read too early, it is what comes of that.
//!
//! The fix: add before the thread is created; or `WaitGroup::go`, which does both.
//!
//! `cargo run --features race --example fan_out` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::RaceCell;
use race::sync::WaitGroup;
use race::thread::{self, JoinHandle};

const WORKERS: u64 = 4;

static GROUP: WaitGroup = WaitGroup::new();
static RESULTS: [RaceCell<u64>; WORKERS as usize] = [const { RaceCell::new(0) }; WORKERS as usize];

fn start_racy(number: u64) -> JoinHandle<()> {
    thread::spawn(move || {
        GROUP.add(1);
        work(number);
        GROUP.done();
    })
}

fn start_fixed(number: u64) -> JoinHandle<()> {
    GROUP.add(1);
    thread::spawn(move || {
        work(number);
        GROUP.done();
    })
}

fn work(number: u64) {
    // SAFETY: each worker has a result of its own, and nobody reads before all are done; which is wrong if they are not
    // waited for.
    unsafe { RESULTS[number as usize].write(number * number) };
}

/// Starts all workers and adds up their results.
fn fan_out(start: fn(u64) -> JoinHandle<()>) {
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        workers.push(start(number));
    }
    GROUP.wait();
    // SAFETY: all are done, if they were waited for.
    let sum: u64 = RESULTS.iter().map(|result| unsafe { result.read() }).sum();
    // Too late for the sum: only so that no thread is still at work when the process ends.
    for worker in workers {
        worker.join().expect("no worker panics");
    }
    println!("the sum of the squares is {sum}");
}

fn main() {
    fan_out(if common::is_fixed() { start_fixed } else { start_racy });
}
