//! Thread stacks and thread-local memory: shared by address they race like any other, used again by a later thread
//! they start afresh.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Mutex;
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later};
use crate::invisible::{self, Word};

cases! {
    race_on_a_stack race_on_thread_local clean_stack_reuse clean_thread_local_reuse
    clean_deep_stack clean_frames_reused race_amid_many_stacks clean_amid_many_stacks
}

fn race_on_a_stack() {
    static ADDRESS: Word = Word::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let place = Place::new(0_u64);
            // An unlock begins a new period of the thread's time: accesses before it are not taken for those after it.
            drop(Mutex::new(()).lock());
            ADDRESS.set(place.address() as usize);
            earlier(|| place.write(1));
            invisible::meet(2);
        });
        scope.spawn(|| {
            invisible::wait(1);
            // SAFETY: the other thread waits until this is done.
            later(|| unsafe { *(ADDRESS.get() as *mut u64) = std::hint::black_box(2) });
            invisible::advance();
        });
    });
}

thread_local!(static LOCAL: Cell<u64> = const { Cell::new(0) });

fn race_on_thread_local() {
    static ADDRESS: Word = Word::new();
    in_order(
        || {
            LOCAL.set(std::hint::black_box(1));
            ADDRESS.set(LOCAL.with(Cell::as_ptr) as usize);
        },
        // SAFETY: the other thread lives until this is done.
        || unsafe { *(ADDRESS.get() as *mut u64) = std::hint::black_box(2) },
    );
}

/// Starts threads one after the other, each after the last has used its memory and joined by nobody, until one has been
/// given the memory of an earlier one.
fn until_reused(use_memory: fn() -> usize) {
    static ADDRESS: Word = Word::new();
    let mut seen = HashSet::new();
    for turn in 1..=20_000 {
        drop(thread::spawn(move || {
            ADDRESS.set(use_memory());
            invisible::advance();
        }));
        invisible::wait(turn);
        if !seen.insert(ADDRESS.get()) {
            return;
        }
    }
    panic!("the system was expected to use memory again");
}

fn clean_stack_reuse() {
    until_reused(|| {
        let mut numbers = [0_u64; 512];
        for number in &mut numbers {
            *number = std::hint::black_box(1);
        }
        std::hint::black_box(&mut numbers).as_ptr() as usize
    });
}

fn clean_thread_local_reuse() {
    until_reused(|| {
        LOCAL.set(std::hint::black_box(LOCAL.get() + 1));
        assert_eq!(LOCAL.get(), 1);
        LOCAL.with(Cell::as_ptr) as usize
    });
}

fn clean_deep_stack() {
    #[inline(never)]
    fn descend(depth: u64) -> u64 {
        let numbers = std::hint::black_box([depth; 8]);
        if depth == 0 { numbers[3] } else { descend(depth - 1) + numbers[3] }
    }
    in_order(|| assert_eq!(descend(5000), 5000 * 5001 / 2), || assert_eq!(descend(5000), 5000 * 5001 / 2));
}

/// One thread's frames come and go at the same addresses while it lends places in them to others, by turns.
fn clean_frames_reused() {
    #[inline(never)]
    fn lend(number: u64) -> u64 {
        let place = Place::new(number);
        thread::scope(|scope| {
            scope.spawn(|| place.write(place.read() + 1));
        });
        place.read()
    }
    assert_eq!((0..50).map(lend).sum::<u64>(), 50 * 51 / 2);
}

/// Calls `action` at the ends of a recursion that has more stacks than the detector tells apart.
#[inline(never)]
fn branch(depth: u32, action: &dyn Fn()) {
    if depth == 0 {
        return action();
    }
    branch(depth - 1, action);
    std::hint::black_box(());
    branch(depth - 1, action);
    std::hint::black_box(());
}

const DEPTH: u32 = 16;

fn race_amid_many_stacks() {
    let (many, raced) = (Place::new(0_u64), Place::new(0_u64));
    in_order(
        || {
            branch(DEPTH, &|| many.write(many.read() + 1));
            earlier(|| branch(1, &|| raced.write(1)));
        },
        || later(|| branch(1, &|| raced.write(2))),
    );
}

fn clean_amid_many_stacks() {
    let place = Mutex::new(Place::new(0_u64));
    let add = || {
        let place = place.lock().unwrap();
        place.write(place.read() + 1);
    };
    in_order(|| branch(DEPTH, &add), || branch(DEPTH, &add));
}
