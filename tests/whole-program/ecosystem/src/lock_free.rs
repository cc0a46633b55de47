//! Structures without locks: crossbeam's deque, epoch and queues, arc-swap, `Arc` itself.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread;

use arc_swap::ArcSwap;
use crossbeam::deque::{Injector, Steal, Stealer, Worker};
use crossbeam::epoch::{self, Atomic, Owned};
use crossbeam::queue::{ArrayQueue, SegQueue};
use crossbeam::sync::ShardedLock;

use crate::programs;

programs! {
    arc_drop arc_get_mut arc_weak arc_swap_store arc_swap_update crossbeam_deque crossbeam_injector
    crossbeam_epoch_stack crossbeam_array_queue crossbeam_segment_queue crossbeam_sharded_lock crossbeam_atomic_cell
}

/// Each thread uses the value before it drops its count; the last one frees it.
fn arc_drop() {
    for _ in 0..300 {
        let shared = Arc::new((AtomicUsize::new(0), vec![1_u64; 16]));
        thread::scope(|scope| {
            for _ in 0..3 {
                let shared = Arc::clone(&shared);
                scope.spawn(move || {
                    shared.0.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(shared.1.iter().sum::<u64>(), 16);
                });
            }
            drop(shared);
        });
    }
}

/// Whoever finds itself the only owner may write.
fn arc_get_mut() {
    for _ in 0..300 {
        let mut shared = Arc::new(vec![1_u64; 16]);
        let other = Arc::clone(&shared);
        thread::scope(|scope| {
            scope.spawn(move || assert_eq!(other.len(), 16));
            scope.spawn(move || {
                loop {
                    if let Some(numbers) = Arc::get_mut(&mut shared) {
                        numbers.push(2);
                        break;
                    }
                    thread::yield_now();
                }
            });
        });
    }
}

fn arc_weak() {
    for _ in 0..300 {
        let shared = Arc::new(vec![1_u64; 16]);
        let weak: Weak<_> = Arc::downgrade(&shared);
        thread::scope(|scope| {
            scope.spawn(move || drop(shared));
            scope.spawn(move || {
                while let Some(numbers) = weak.upgrade() {
                    assert_eq!(numbers.len(), 16);
                }
            });
        });
    }
}

fn arc_swap_store() {
    let current = ArcSwap::from_pointee(vec![0_usize; 8]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let numbers = current.load();
                    assert!(numbers.iter().all(|number| *number == numbers[0]));
                    drop(current.load_full());
                }
            });
        }
        scope.spawn(|| {
            for number in 0..500 {
                current.store(Arc::new(vec![number; 8]));
            }
            done.store(true, Ordering::Relaxed);
        });
    });
}

fn arc_swap_update() {
    let current = ArcSwap::from_pointee(vec![0_usize; 8]);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..200 {
                    current.rcu(|numbers| numbers.iter().map(|number| number + 1).collect::<Vec<_>>());
                }
            });
        }
    });
    assert_eq!(**current.load(), [600; 8]);
}

fn crossbeam_deque() {
    let worker = Worker::new_lifo();
    let stealers: Vec<Stealer<Box<usize>>> = (0..2).map(|_| worker.stealer()).collect();
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        for stealer in stealers {
            let taken = &taken;
            scope.spawn(move || {
                while taken.load(Ordering::Relaxed) < 3000 {
                    match stealer.steal() {
                        Steal::Success(number) => drop(taken.fetch_add(usize::from(*number < 3000), Ordering::Relaxed)),
                        Steal::Empty | Steal::Retry => thread::yield_now(),
                    }
                }
            });
        }
        for number in 0..3000 {
            worker.push(Box::new(number));
            if number % 3 == 0 && worker.pop().is_some_and(|number| *number < 3000) {
                taken.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(taken.into_inner(), 3000);
}

fn crossbeam_injector() {
    let injector = Injector::new();
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| (0..2000_usize).for_each(|number| injector.push(Box::new(number))));
        for _ in 0..2 {
            scope.spawn(|| {
                let own = Worker::new_fifo();
                while taken.load(Ordering::Relaxed) < 2000 {
                    let _ = injector.steal_batch(&own);
                    while let Some(number) = own.pop() {
                        taken.fetch_add(usize::from(*number < 2000), Ordering::Relaxed);
                    }
                    thread::yield_now();
                }
            });
        }
    });
}

struct Node {
    number: usize,
    next: Atomic<Node>,
}

/// A stack whose nodes are freed when no thread can still look at them.
fn crossbeam_epoch_stack() {
    let head: Atomic<Node> = Atomic::null();
    let push = |number| {
        let guard = epoch::pin();
        let mut node = Owned::new(Node { number, next: Atomic::null() });
        loop {
            let first = head.load(Ordering::Relaxed, &guard);
            node.next.store(first, Ordering::Relaxed);
            match head.compare_exchange(first, node, Ordering::Release, Ordering::Relaxed, &guard) {
                Ok(_) => return,
                Err(failure) => node = failure.new,
            }
        }
    };
    let pop = || {
        let guard = epoch::pin();
        loop {
            let first = head.load(Ordering::Acquire, &guard);
            // SAFETY: a node is freed only when all guards that could have seen it are gone.
            let node = unsafe { first.as_ref() }?;
            let next = node.next.load(Ordering::Relaxed, &guard);
            if head.compare_exchange(first, next, Ordering::Relaxed, Ordering::Relaxed, &guard).is_ok() {
                let number = node.number;
                // SAFETY: the node is no longer reachable, and only this thread took it out.
                unsafe { guard.defer_destroy(first) };
                return Some(number);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for number in 0..700 {
                    push(number);
                    assert!(pop().is_some_and(|number| number < 700));
                }
                epoch::pin().flush();
            });
        }
    });
}

fn crossbeam_array_queue() {
    let queue = ArrayQueue::new(16);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..2000_usize {
                let mut boxed = Box::new(number);
                while let Err(back) = queue.push(boxed) {
                    boxed = back;
                    thread::yield_now();
                }
            }
        });
        scope.spawn(|| {
            let mut expected = 0;
            while expected < 2000 {
                match queue.pop() {
                    Some(number) => {
                        assert_eq!(*number, expected);
                        expected += 1;
                    }
                    None => thread::yield_now(),
                }
            }
        });
    });
}

fn crossbeam_segment_queue() {
    let queue = SegQueue::new();
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..1000_usize).for_each(|number| queue.push(vec![number])));
            scope.spawn(|| {
                while taken.load(Ordering::Relaxed) < 2000 {
                    match queue.pop() {
                        Some(numbers) => drop(taken.fetch_add(numbers.len(), Ordering::Relaxed)),
                        None => thread::yield_now(),
                    }
                }
            });
        }
    });
}

fn crossbeam_sharded_lock() {
    let numbers = ShardedLock::new(vec![0_usize; 8]);
    thread::scope(|scope| {
        for number in 0..4 {
            let numbers = &numbers;
            scope.spawn(move || {
                for round in 0..300 {
                    if round % 10 == number {
                        numbers.write().unwrap().iter_mut().for_each(|number| *number += 1);
                    } else {
                        let numbers = numbers.read().unwrap();
                        assert!(numbers.iter().all(|number| *number == numbers[0]));
                    }
                }
            });
        }
    });
}

/// The cell reads optimistically and throws away what a write has disturbed: a formal race, which the shipped list of
/// suppressions names. The first load comes before the first store, and nothing orders the two.
fn crossbeam_atomic_cell() {
    let cell = crossbeam::atomic::AtomicCell::new((0_u64, 0_u64));
    let has_loaded = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !has_loaded.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            (0..2000).for_each(|number| cell.store((number, number)));
        });
        scope.spawn(|| {
            cell.load();
            has_loaded.store(true, Ordering::Relaxed);
            for _ in 0..2000 {
                let (one, other) = cell.load();
                assert_eq!(one, other);
            }
        });
    });
}
