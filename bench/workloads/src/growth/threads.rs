//! Costs against the number of threads.

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::nanoseconds;

/// What the threads of a crowd wait for and tell.
#[derive(Default)]
struct Signals {
    begun: AtomicUsize,
    go: AtomicBool,
    /// Nanoseconds that the threads' work has taken.
    spent: AtomicU64,
    done: AtomicUsize,
    leave: AtomicBool,
}

/// Other threads that are alive at the same time. The caller has learned of each, and each does `work`, which tells what it took,
/// when the caller's `own` work is over; none ends before all have done it. What both took, in nanoseconds.
fn crowd(threads: usize, own: impl FnOnce() -> f64, work: impl Fn() -> f64 + Sync) -> f64 {
    let signals = Signals::default();
    let wait = |flag: &AtomicBool| {
        while !flag.load(Ordering::Acquire) {
            thread::park();
        }
    };
    thread::scope(|scope| {
        let mut others = Vec::with_capacity(threads);
        for number in 0..threads {
            let (signals, work) = (&signals, &work);
            others.push(scope.spawn(move || {
                signals.begun.fetch_add(1, Ordering::Release);
                wait(&signals.go);
                signals.spent.fetch_add(work() as u64, Ordering::Relaxed);
                signals.done.fetch_add(1, Ordering::Release);
                wait(&signals.leave);
            }));
            wait_for(&signals.begun, number + 1);
        }
        let own = own();
        let wake = |flag: &AtomicBool| {
            flag.store(true, Ordering::Release);
            others.iter().for_each(|other| other.thread().unpark());
        };
        wake(&signals.go);
        wait_for(&signals.done, threads);
        wake(&signals.leave);
        own + signals.spent.load(Ordering::Relaxed) as f64
    })
}

fn wait_for(count: &AtomicUsize, wanted: usize) {
    while count.load(Ordering::Acquire) < wanted {
        thread::yield_now();
    }
}

/// Of one operation of the caller's, while `threads - 1` others wait.
fn beside(threads: usize, operations: usize, work: impl FnOnce()) -> f64 {
    crowd(threads - 1, || nanoseconds(operations, work), || 0.0)
}

/// Of one operation of the threads'.
fn by_all(threads: usize, operations_of_each: usize, work: impl Fn() + Sync) -> f64 {
    let total = crowd(threads, || 0.0, || nanoseconds(1, &work));
    total / (operations_of_each * threads) as f64
}

pub fn lock_beside(threads: usize) -> f64 {
    const LOCKS: usize = 500_000;
    let own = Mutex::new(0_u64);
    beside(threads, LOCKS, || {
        for _ in 0..LOCKS {
            *black_box(&own).lock().expect("no thread panics") += 1;
        }
    })
}

/// The threads contend.
pub fn lock_by_all(threads: usize) -> f64 {
    let count = Mutex::new(0_u64);
    let each = (400_000 / threads).max(1);
    by_all(threads, each, || {
        for _ in 0..each {
            *count.lock().expect("no thread panics") += 1;
        }
    })
}

pub fn write_beside(threads: usize) -> f64 {
    const WORDS: usize = 8_192;
    const ROUNDS: usize = 100;
    let (own, mut words) = (Mutex::new(0_u64), vec![0_u64; WORDS]);
    beside(threads, WORDS * ROUNDS, || {
        for _ in 0..ROUNDS {
            for word in black_box(&mut words) {
                *word += 1;
            }
            // What is written next is written in a new step of the thread.
            *own.lock().expect("no thread panics") += 1;
        }
    })
}

/// A table that nobody writes while they read.
pub fn read_by_all(threads: usize) -> f64 {
    // Few, since a read may cost the more the more readers there are.
    const WORDS: usize = 128;
    let table: Vec<u64> = (0..WORDS as u64).collect();
    let rounds = (4_000_000 / WORDS / threads).max(1);
    by_all(threads, WORDS * rounds, || {
        for _ in 0..rounds {
            black_box(black_box(&table).iter().fold(0_u64, |sum, word| sum ^ black_box(*word)));
        }
    })
}
