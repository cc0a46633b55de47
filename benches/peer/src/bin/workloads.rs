//! `workloads NAME` runs one workload in two or more threads, as tests of concurrent code do; `workloads NAME solo` runs
//! it in a program that has one thread all its life; `workloads list` prints the names, and ` solo` after those that can.
//!
//! Each is sized for a tenth to a third of a second without a detector.

use std::collections::HashMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;

/// What a workload does in the threads.
enum Work {
    /// The same in each of two threads, each on data of its own.
    Each(fn()),
    /// Something that makes its own threads.
    Own(fn()),
}

const WORKLOADS: &[(&str, Work)] = &[
    ("matmul", Work::Own(multiply_in_two_threads)),
    ("hash_map", Work::Each(count_in_a_map)),
    ("byte_loop", Work::Each(digest)),
    ("fib", Work::Each(call)),
    ("vec_sort", Work::Each(sort)),
    ("boxes", Work::Each(allocate)),
    ("mutex_alone", Work::Each(lock_alone)),
    ("mutex_4_threads", Work::Own(lock_in_four_threads)),
    ("acquire_load", Work::Own(load_in_two_threads)),
    ("arc_clone_drop", Work::Own(clone_in_two_threads)),
    ("rw_lock", Work::Own(read_and_write_lock)),
    ("channel", Work::Own(send)),
    ("spawn_join", Work::Own(spawn_and_join)),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let find = |wanted: &str| WORKLOADS.iter().find(|(name, _)| *name == wanted).map(|(_, work)| work);
    match words.as_slice() {
        ["list"] => {
            for (name, work) in WORKLOADS {
                println!("{name}{}", if matches!(work, Work::Each(_)) { " solo" } else { "" });
            }
        }
        [name] if let Some(work) = find(name) => match work {
            Work::Each(work) => in_threads(2, work),
            Work::Own(work) => work(),
        },
        [name, "solo"] if let Some(Work::Each(work)) = find(name) => {
            work();
            work();
        }
        _ => {
            eprintln!("workloads: there is no workload {words:?}; `workloads list` prints all");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn in_threads(count: usize, body: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..count {
            scope.spawn(&body);
        }
    });
}

const SIDE: usize = 500;

/// Each thread makes half of the product of the same two matrices.
fn multiply_in_two_threads() {
    let left: Vec<f64> = (0..SIDE * SIDE).map(|index| index as f64).collect();
    let right: Vec<f64> = left.iter().rev().copied().collect();
    let mut product = vec![0.0; SIDE * SIDE];
    thread::scope(|scope| {
        for (half, rows) in product.chunks_mut(SIDE * SIDE / 2).enumerate() {
            let (left, right) = (&left, &right);
            scope.spawn(move || multiply(left, right, half * SIDE / 2, rows));
        }
    });
    black_box(product);
}

fn multiply(left: &[f64], right: &[f64], first_row: usize, rows: &mut [f64]) {
    for (number, row) in rows.chunks_mut(SIDE).enumerate() {
        for (column, place) in row.iter_mut().enumerate() {
            let mut sum = 0.0;
            for index in 0..SIDE {
                sum += left[(first_row + number) * SIDE + index] * right[index * SIDE + column];
            }
            *place = sum;
        }
    }
}

fn numbers(count: usize) -> impl Iterator<Item = u64> {
    let mut state = 1_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 33
    })
}

fn count_in_a_map() {
    let mut counts: HashMap<u64, u64> = HashMap::new();
    for number in numbers(4_000_000) {
        *counts.entry(number % 10_000).or_insert(0) += 1;
    }
    black_box(counts);
}

/// Bytes to words, words to a schedule, the schedule into a state: what cryptographic digests do.
fn digest() {
    let bytes: Vec<u8> = numbers(1 << 20).map(|number| number as u8).collect();
    let mut state = [1_u32, 2, 3, 5, 7, 11, 13, 17];
    for _ in 0..24 {
        for block in bytes.chunks_exact(64) {
            let mut schedule = [0_u32; 64];
            for (word, bytes) in schedule.iter_mut().zip(block.chunks_exact(4)) {
                *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            for index in 16..64 {
                let mixed = schedule[index - 15].rotate_right(7) ^ schedule[index - 2].rotate_right(17);
                schedule[index] = schedule[index - 16].wrapping_add(mixed).wrapping_add(schedule[index - 7]);
            }
            for word in black_box(&schedule) {
                let [a, b, c, d, e, f, g, h] = state;
                let choice = h.wrapping_add(e.rotate_right(11) ^ (e & f) ^ (!e & g)).wrapping_add(*word);
                state = [choice.wrapping_add((a & b) ^ (a & c) ^ (b & c)), a, b, c, d.wrapping_add(choice), e, f, g];
            }
        }
    }
    black_box(state);
}

fn call() {
    #[inline(never)]
    fn fibonacci(number: u32) -> u64 {
        if number < 2 { u64::from(number) } else { fibonacci(number - 1) + black_box(fibonacci(number - 2)) }
    }
    black_box(fibonacci(black_box(37)));
}

fn sort() {
    let mut all: Vec<u64> = numbers(2_000_000).collect();
    all.sort();
    black_box(all);
}

fn allocate() {
    let mut kept: Vec<Box<[u64; 4]>> = Vec::new();
    for number in numbers(5_000_000) {
        let boxed = Box::new([number; 4]);
        if kept.len() < 1000 {
            kept.push(boxed);
        } else {
            kept[(number % 1000) as usize] = boxed;
        }
    }
    black_box(kept);
}

fn lock_alone() {
    let count = Mutex::new(0_u64);
    for _ in 0..8_000_000 {
        *black_box(&count).lock().expect("no thread panics") += 1;
    }
}

fn lock_in_four_threads() {
    let count = Mutex::new(0_u64);
    in_threads(4, || {
        for _ in 0..3_000_000 {
            *count.lock().expect("no thread panics") += 1;
        }
    });
}

fn load_in_two_threads() {
    let flag = AtomicU64::new(1);
    in_threads(2, || {
        let mut sum = 0_u64;
        for _ in 0..150_000_000_u64 {
            sum += black_box(&flag).load(Ordering::Acquire);
        }
        black_box(sum);
    });
}

fn clone_in_two_threads() {
    let shared = Arc::new(7_u64);
    in_threads(2, || {
        for _ in 0..8_000_000 {
            drop(black_box(Arc::clone(&shared)));
        }
    });
}

/// One access of a hundred writes.
fn read_and_write_lock() {
    let count = RwLock::new(0_u64);
    in_threads(4, || {
        let mut sum = 0;
        for turn in 0..2_000_000 {
            if turn % 100 == 0 {
                *count.write().expect("no thread panics") += 1;
            } else {
                sum += *count.read().expect("no thread panics");
            }
        }
        black_box(sum);
    });
}

fn send() {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..1_500_000_u64 {
                sender.send(Box::new(number)).expect("the receiver takes all");
            }
        });
        scope.spawn(move || black_box(receiver.into_iter().map(|boxed| *boxed).sum::<u64>()));
    });
}

fn spawn_and_join() {
    for number in 0..3_000_u64 {
        let child = thread::spawn(move || black_box(number));
        black_box(child.join().expect("the thread does not panic"));
    }
}
