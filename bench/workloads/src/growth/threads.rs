//! Costs against the number of threads.

use std::hint::black_box;
use std::sync::{Barrier, Mutex};
use std::thread;

use super::{Whose, nanoseconds};

/// Does `work` while `threads - 1` others are alive, which have synchronised with the caller and now wait.
fn beside(threads: usize, work: impl FnOnce() -> f64) -> f64 {
    let (gate, begun) = (Mutex::new(0_u64), Barrier::new(threads));
    let count = Mutex::new(0_u64);
    let held = gate.lock().expect("no thread panics");
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| {
                *count.lock().expect("no thread panics") += 1;
                begun.wait();
                *gate.lock().expect("no thread panics") += 1;
            });
        }
        begun.wait();
        let nanoseconds = work();
        drop(held);
        nanoseconds
    })
}

pub fn lock_beside(threads: usize) -> f64 {
    const LOCKS: usize = 500_000;
    beside(threads, || {
        let own = Mutex::new(0_u64);
        nanoseconds(Whose::Thread, LOCKS, || {
            for _ in 0..LOCKS {
                *black_box(&own).lock().expect("no thread panics") += 1;
            }
        })
    })
}

/// Whoever gets it: the threads contend.
pub fn lock_by_all(threads: usize) -> f64 {
    let count = Mutex::new(0_u64);
    let each = (400_000 / threads).max(1);
    let begun = Barrier::new(threads);
    // Creation and end of the threads are not what is asked for, but they are little beside what they do.
    nanoseconds(Whose::Process, each * threads, || {
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    begun.wait();
                    for _ in 0..each {
                        *count.lock().expect("no thread panics") += 1;
                    }
                });
            }
        });
    })
}

pub fn write_beside(threads: usize) -> f64 {
    const WORDS: usize = 8_192;
    const ROUNDS: usize = 100;
    beside(threads, || {
        let (own, mut words) = (Mutex::new(0_u64), vec![0_u64; WORDS]);
        nanoseconds(Whose::Thread, WORDS * ROUNDS, || {
            for _ in 0..ROUNDS {
                for word in black_box(&mut words) {
                    *word += 1;
                }
                // What is written next is written in a new step of the thread.
                *own.lock().expect("no thread panics") += 1;
            }
        })
    })
}

/// All threads are alive until the last has read.
pub fn read_by_all(threads: usize) -> f64 {
    const WORDS: usize = 1_024;
    let table: Vec<u64> = (0..WORDS as u64).collect();
    let rounds = (8_000_000 / WORDS / threads).max(1);
    let (begun, read) = (Barrier::new(threads), Barrier::new(threads));
    thread::scope(|scope| {
        let readers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    begun.wait();
                    let nanoseconds = nanoseconds(Whose::Thread, WORDS * rounds, || {
                        for _ in 0..rounds {
                            black_box(black_box(&table).iter().fold(0_u64, |sum, word| sum ^ black_box(*word)));
                        }
                    });
                    read.wait();
                    nanoseconds
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().expect("no reader panics")).sum::<f64>() / threads as f64
    })
}
