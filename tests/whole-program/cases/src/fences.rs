//! Fences: both halves, mixed with ordered operations, and with one half missing.

use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence, fence};
use std::thread;

use crate::case::{Place, cases, in_order, side_by_side};

cases! {
    clean_fence_fence clean_fence_acquire_load clean_release_store_fence clean_sequential_fences
    clean_fence_both_ways clean_fence_update clean_fence_hidden_in_arc clean_fence_once_for_many_stores
    race_no_acquire_fence race_no_release_fence race_release_fence_after_store race_acquire_fence_before_load
    race_wrong_fences race_compiler_fence
}

static PLACE: Place<u64> = Place::new(0);
static FLAG: AtomicU64 = AtomicU64::new(0);

fn await_flag(order: Ordering) {
    while FLAG.load(order) == 0 {
        thread::yield_now();
    }
}

/// Publishes, with what comes just before the store and just after the load.
fn publish(before: impl Fn() + Sync, store: Ordering, load: Ordering, after: impl Fn() + Sync) {
    let write = || {
        PLACE.write(1);
        before();
        FLAG.store(1, store);
    };
    let read = || {
        await_flag(load);
        after();
        PLACE.write(2);
    };
    side_by_side(write, read);
}

fn nothing() {}

fn clean_fence_fence() {
    publish(|| fence(Release), Relaxed, Relaxed, || fence(Acquire));
}

fn clean_fence_acquire_load() {
    publish(|| fence(Release), Relaxed, Acquire, nothing);
}

fn clean_release_store_fence() {
    publish(nothing, Release, Relaxed, || fence(Acquire));
}

fn clean_sequential_fences() {
    publish(|| fence(SeqCst), Relaxed, Relaxed, || fence(SeqCst));
}

fn clean_fence_both_ways() {
    publish(|| fence(AcqRel), Relaxed, Relaxed, || fence(AcqRel));
}

/// The release fence works through a relaxed read-modify-write, the acquire fence through a failed exchange.
fn clean_fence_update() {
    let write = || {
        PLACE.write(1);
        fence(Release);
        FLAG.fetch_add(1, Relaxed);
    };
    let read = || {
        while FLAG.compare_exchange(9, 8, Relaxed, Relaxed) != Err(1) {
            thread::yield_now();
        }
        fence(Acquire);
        PLACE.write(2);
    };
    side_by_side(write, read);
}

/// The last owner's fence orders its drop after the uses of all others.
fn clean_fence_hidden_in_arc() {
    for _ in 0..200 {
        let shared = Arc::new((Place::new(0_u64), Place::new(0_u64)));
        let other = Arc::clone(&shared);
        let first = move || shared.0.write(1);
        let second = move || other.1.write(1);
        side_by_side(first, second);
    }
}

/// One fence serves every store after it.
fn clean_fence_once_for_many_stores() {
    static SECOND: AtomicU64 = AtomicU64::new(0);
    let write = || {
        PLACE.write(1);
        fence(Release);
        FLAG.store(1, Relaxed);
        SECOND.store(1, Relaxed);
    };
    let read = || {
        while SECOND.load(Relaxed) == 0 {
            thread::yield_now();
        }
        fence(Acquire);
        PLACE.write(2);
    };
    side_by_side(write, read);
}

/// As `publish`, but the load comes after the store by an order that the detector cannot see, and is given.
fn publish_unordered(store: impl FnOnce() + Send, load: impl FnOnce() + Send) {
    let write = || {
        PLACE.write(1);
        store();
    };
    let read = || {
        load();
        PLACE.write(2);
    };
    in_order(write, read);
}

fn load_flag(order: Ordering) {
    assert_eq!(FLAG.load(order), 1);
}

fn race_no_acquire_fence() {
    let store = || {
        fence(SeqCst);
        FLAG.store(1, Relaxed);
    };
    publish_unordered(store, || load_flag(Relaxed));
}

fn race_no_release_fence() {
    let load = || {
        load_flag(Relaxed);
        fence(SeqCst);
    };
    publish_unordered(|| FLAG.store(1, Relaxed), load);
}

fn race_release_fence_after_store() {
    let store = || {
        FLAG.store(1, Relaxed);
        fence(Release);
    };
    publish_unordered(store, || load_flag(Acquire));
}

fn race_acquire_fence_before_load() {
    let load = || {
        fence(Acquire);
        load_flag(Relaxed);
    };
    publish_unordered(|| FLAG.store(1, Release), load);
}

fn race_wrong_fences() {
    let store = || {
        fence(Acquire);
        FLAG.store(1, Relaxed);
    };
    let load = || {
        load_flag(Relaxed);
        fence(Release);
    };
    publish_unordered(store, load);
}

fn race_compiler_fence() {
    let store = || {
        compiler_fence(SeqCst);
        FLAG.store(1, Relaxed);
    };
    let load = || {
        load_flag(Relaxed);
        compiler_fence(SeqCst);
    };
    publish_unordered(store, load);
}
