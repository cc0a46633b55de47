//! Atomic operations: which loads are ordered after which stores, and atomic against plain.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16, AtomicU32,
    AtomicU64, AtomicUsize,
};
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::invisible;

cases! {
    clean_release_acquire clean_sequential race_relaxed_load race_relaxed_store race_other_atomic
    race_relaxed_store_ends_sequence race_own_relaxed_store_ends_sequence
    clean_update_continues_sequence race_update_ends_nothing_it_did_not_read
    clean_failed_exchange_acquires race_failed_exchange_relaxed clean_exchange_success race_exchange_relaxed
    clean_update_orders race_failed_exchange_releases_nothing
    clean_atomic_atomic race_plain_read_of_atomic race_plain_write_of_atomic clean_all_sizes race_part_of_atomic
}

static PLACE: Place<u64> = Place::new(0);
static FLAG: AtomicU64 = AtomicU64::new(0);

/// Spins until the flag is not zero, with acquire.
fn await_flag() {
    while FLAG.load(Acquire) == 0 {
        thread::yield_now();
    }
}

fn clean_release_acquire() {
    let write = || {
        PLACE.write(1);
        FLAG.store(1, Release);
    };
    let read = || {
        await_flag();
        PLACE.write(2);
    };
    side_by_side(write, read);
}

fn clean_sequential() {
    let write = || {
        PLACE.write(1);
        FLAG.store(1, SeqCst);
    };
    let read = || {
        while FLAG.load(SeqCst) == 0 {}
        PLACE.write(2);
    };
    side_by_side(write, read);
}

/// What the flag is after the first thread and what the second reads there is given; only order is missing.
fn publish(store: impl FnOnce() + Send, load: impl FnOnce() + Send) {
    let write = || {
        PLACE.write(1);
        store();
    };
    let read = || {
        load();
        PLACE.read();
    };
    in_order(write, read);
}

fn race_relaxed_load() {
    publish(|| FLAG.store(1, Release), || assert_eq!(FLAG.load(Relaxed), 1));
}

fn race_relaxed_store() {
    publish(|| FLAG.store(1, Relaxed), || assert_eq!(FLAG.load(Acquire), 1));
}

fn race_other_atomic() {
    static OTHER: AtomicU64 = AtomicU64::new(0);
    publish(|| FLAG.store(1, Release), || assert_eq!(OTHER.load(Acquire), 0));
}

/// The plain relaxed store of a third thread takes the place of the released value.
fn race_relaxed_store_ends_sequence() {
    thread::scope(|scope| {
        scope.spawn(|| {
            earlier(|| PLACE.write(1));
            FLAG.store(1, Release);
            invisible::meet(3);
        });
        scope.spawn(|| {
            invisible::wait(1);
            FLAG.store(2, Relaxed);
            invisible::meet(3);
        });
        scope.spawn(|| {
            invisible::wait(2);
            assert_eq!(FLAG.load(Acquire), 2);
            later(|| PLACE.read());
            invisible::advance();
        });
    });
}

/// Since C++20 even the releasing thread's own relaxed store ends the sequence.
fn race_own_relaxed_store_ends_sequence() {
    let store = || {
        FLAG.store(1, Release);
        FLAG.store(2, Relaxed);
    };
    publish(store, || assert_eq!(FLAG.load(Acquire), 2));
}

/// A relaxed read-modify-write of a third thread hands the release on.
fn clean_update_continues_sequence() {
    thread::scope(|scope| {
        scope.spawn(|| {
            PLACE.write(1);
            FLAG.store(1, Release);
        });
        scope.spawn(|| {
            while FLAG.load(Relaxed) != 1 {
                thread::yield_now();
            }
            FLAG.fetch_add(1, Relaxed);
        });
        scope.spawn(|| {
            while FLAG.load(Acquire) != 2 {
                thread::yield_now();
            }
            PLACE.write(2);
        });
    });
}

/// A read-modify-write continues the sequence that it read, not one that a relaxed store has ended before.
fn race_update_ends_nothing_it_did_not_read() {
    let store = || {
        FLAG.store(1, Release);
        FLAG.store(2, Relaxed);
        FLAG.fetch_add(1, Relaxed);
    };
    publish(store, || assert_eq!(FLAG.load(Acquire), 3));
}

fn clean_failed_exchange_acquires() {
    let write = || {
        PLACE.write(1);
        FLAG.store(1, Release);
    };
    let read = || {
        while FLAG.compare_exchange(9, 8, Relaxed, Acquire) != Err(1) {
            thread::yield_now();
        }
        PLACE.write(2);
    };
    side_by_side(write, read);
}

/// A failed exchange is a load with the ordering for failure, however strong the other is.
fn race_failed_exchange_relaxed() {
    publish(|| FLAG.store(1, Release), || assert_eq!(FLAG.compare_exchange(9, 8, SeqCst, Relaxed), Err(1)));
}

fn clean_exchange_success() {
    let write = || {
        PLACE.write(1);
        FLAG.store(1, Release);
    };
    let read = || {
        while FLAG.compare_exchange(1, 2, Acquire, Relaxed) != Ok(1) {
            thread::yield_now();
        }
        PLACE.write(2);
    };
    side_by_side(write, read);
}

fn race_exchange_relaxed() {
    publish(|| FLAG.store(1, Release), || assert_eq!(FLAG.compare_exchange(1, 2, Relaxed, Acquire), Ok(1)));
}

/// A failed exchange writes nothing, so it releases nothing.
fn race_failed_exchange_releases_nothing() {
    publish(|| assert_eq!(FLAG.compare_exchange(9, 8, SeqCst, SeqCst), Err(0)), || assert_eq!(FLAG.load(Acquire), 0));
}

/// Tickets drawn with acquire and release order all who draw.
fn clean_update_orders() {
    let add = || {
        for _ in 0..1000 {
            while FLAG.swap(1, AcqRel) == 1 {
                thread::yield_now();
            }
            PLACE.write(PLACE.read() + 1);
            FLAG.fetch_sub(1, Release);
        }
    };
    side_by_side(add, add);
    assert_eq!(PLACE.read(), 2000);
}

fn clean_atomic_atomic() {
    let use_all = || {
        for number in 0..1000 {
            FLAG.store(number, Relaxed);
            FLAG.load(Relaxed);
            FLAG.fetch_xor(number, Relaxed);
            let _ = FLAG.compare_exchange_weak(number, 1, Relaxed, Relaxed);
        }
    };
    side_by_side(use_all, use_all);
}

fn race_plain_read_of_atomic() {
    let read = || {
        // SAFETY: wrong, which is the point: the place is written atomically by another thread.
        std::hint::black_box(unsafe { *FLAG.as_ptr() });
    };
    in_order(|| FLAG.store(1, SeqCst), read);
}

fn race_plain_write_of_atomic() {
    // SAFETY: wrong, which is the point: the place is read atomically by another thread.
    let write = || unsafe { *FLAG.as_ptr() = std::hint::black_box(1) };
    in_order(write, || assert_eq!(FLAG.load(SeqCst), 1));
}

/// A plain access to one byte meets the atomic access to all eight.
fn race_part_of_atomic() {
    // SAFETY: wrong, which is the point.
    let write = || unsafe { *FLAG.as_ptr().cast::<u8>().add(5) = std::hint::black_box(1) };
    in_order(|| assert_eq!(FLAG.fetch_add(1, SeqCst), 0), write);
}

/// Publishes through one atomic of each type.
fn clean_all_sizes() {
    macro_rules! publish_through {
        ($($atomic:ident: $zero:expr, $one:expr;)*) => {$({
            let place = Place::new(0_u64);
            let flag = $atomic::new($zero);
            let write = || {
                place.write(1);
                flag.store($one, Release);
            };
            let read = || {
                while flag.load(Acquire) != $one {
                    thread::yield_now();
                }
                place.write(2);
                assert!(flag.swap($zero, AcqRel) == $one);
                assert!(flag.compare_exchange($zero, $one, AcqRel, Acquire) == Ok($zero));
            };
            side_by_side(write, read);
        })*};
    }
    publish_through! {
        AtomicBool: false, true;
        AtomicI8: 0, 1;
        AtomicI16: 0, 1;
        AtomicI32: 0, 1;
        AtomicI64: 0, 1;
        AtomicIsize: 0, 1;
        AtomicU8: 0, 1;
        AtomicU16: 0, 1;
        AtomicU32: 0, 1;
        AtomicU64: 0, 1;
        AtomicUsize: 0, 1;
        AtomicPtr: std::ptr::null_mut::<u8>(), std::ptr::dangling_mut::<u8>();
    }
}
