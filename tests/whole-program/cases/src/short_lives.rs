//! Threads that live one after the other, or all at once and end in any order, as std's own list of threads sees them:
//! each enters itself under a lock as it begins and leaves under the lock as it ends.

use std::sync::Mutex;
use std::thread;

use crate::case::{Place, cases, earlier, later};
use crate::invisible;

cases! {
    race_one_after_the_other race_all_with_the_first clean_one_after_the_other_joined
    clean_one_after_the_other_with_lock clean_crowds_of_named_threads clean_nested_threads
}

const LIVES: usize = 100;

static PLACES: [Place<u64>; LIVES] = [const { Place::new(0) }; LIVES];

/// Runs `program` in so many threads that nobody joins, each with its number. A thread's handle is gone before its
/// program runs, and the thread is gone for good before the next one is made.
fn one_after_the_other(lives: usize, program: fn(usize)) {
    static RUNNING: invisible::Word = invisible::Word::new();
    for number in 0..lives {
        let steps = 2 * number as u32;
        drop(thread::spawn(move || {
            // SAFETY: the call has no conditions.
            RUNNING.set(unsafe { gettid() } as usize);
            invisible::advance();
            invisible::wait(steps + 2);
            program(number);
        }));
        invisible::wait(steps + 1);
        let entry = format!("/proc/self/task/{}", RUNNING.get());
        invisible::advance();
        while std::fs::exists(&entry).unwrap() {
            thread::yield_now();
        }
    }
}

unsafe extern "C" {
    fn gettid() -> i32;
}

/// Each reads what the one before it wrote.
fn race_one_after_the_other() {
    one_after_the_other(LIVES, |number| {
        if let Some(before) = number.checked_sub(1) {
            later(|| PLACES[before].read());
        }
        earlier(|| PLACES[number].write(1));
    });
}

fn race_all_with_the_first() {
    one_after_the_other(LIVES, |number| {
        if number == 0 {
            earlier(|| PLACES[0].write(1));
        } else {
            later(|| PLACES[0].read());
        }
    });
}

fn clean_one_after_the_other_joined() {
    for number in 0..LIVES {
        let life = thread::spawn(move || {
            PLACES[0].write(PLACES[0].read() + 1);
            PLACES[number].write(PLACES[number.saturating_sub(1)].read());
        });
        life.join().unwrap();
    }
}

fn clean_one_after_the_other_with_lock() {
    static LOCK: Mutex<()> = Mutex::new(());
    one_after_the_other(LIVES, |number| {
        let _guard = LOCK.lock().unwrap();
        PLACES[0].write(PLACES[0].read() + 1);
        PLACES[number].write(PLACES[number.saturating_sub(1)].read());
    });
}

/// The list grows and shrinks by blocks of the heap that others allocated, and that the threads themselves get again.
fn clean_crowds_of_named_threads() {
    const CROWD: u32 = 120;
    for crowd in 0..3 {
        let begin = |number: u32| {
            let name = format!("number {number} of the crowd {crowd}");
            let program = move || {
                invisible::advance();
                invisible::wait((crowd + 1) * CROWD);
                // Blocks like those of the list, before and after others left it.
                let blocks: Vec<Vec<u8>> = (0..12).map(|size| vec![number as u8; 16 + 100 * size]).collect();
                thread::yield_now();
                assert!(blocks.iter().flatten().all(|byte| *byte == number as u8));
            };
            thread::Builder::new().name(name).spawn(program).unwrap()
        };
        let mut threads: Vec<_> = (0..CROWD).map(begin).collect();
        // Half of them are joined, not in the order of their creation; nobody waits for the others' ends.
        let mut late = 0;
        while let Some(thread) = threads.pop() {
            late += 1;
            if late % 2 == 0 {
                thread.join().unwrap();
            }
        }
    }
}

/// Threads begin and end while others do, which makes them wait for the list's lock.
fn clean_nested_threads() {
    fn descend(depth: u32) -> u64 {
        if depth == 0 {
            return Box::new(1_u64).wrapping_add(0);
        }
        let parts: Vec<_> = (0..4).map(|_| thread::spawn(move || descend(depth - 1))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).sum()
    }
    assert_eq!(descend(4), 256);
}
