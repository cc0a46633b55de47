//! `atomic_test.go`: atomics that publish plain memory, and plain accesses to atomics.
//!
//! Go's atomics are sequentially consistent; so are these. They are statics: each case has them to itself.

use std::ptr::null_mut;

use race::channel;
use race::sync::atomic::Ordering::SeqCst;
use race::sync::atomic::{AtomicI32, AtomicI64, AtomicPtr, AtomicU64};

use crate::case::{consume, go, variable};

static INT32: AtomicI32 = AtomicI32::new(0);
static INT64: AtomicI64 = AtomicI64::new(0);
static UINT64: AtomicU64 = AtomicU64::new(0);
static POINTER: AtomicPtr<i32> = AtomicPtr::new(null_mut());

/// Waits for what another thread is about to do.
fn until(mut it_is_so: impl FnMut() -> bool) {
    while !it_is_so() {
        std::thread::yield_now();
    }
}

crate::suite! {
    "atomic_test.go";

    "TestRaceAtomicAddInt64" => fn race_atomic_add_int64() {
        let (done, finished) = channel::bounded(2);
        let (x, y) = (variable(0_i8), variable(0_i8));
        for (own, others) in [(x, y), (y, x)] {
            let done = done.clone();
            go(move || {
                *own = 1;
                if INT64.fetch_add(1, SeqCst) + 1 == 1 {
                    *others = 1;
                }
                done.send(true).unwrap();
            });
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceAtomicAddInt32" => fn no_race_atomic_add_int32() {
        let (done, finished) = channel::bounded(2);
        let (x, y) = (variable(0_i8), variable(0_i8));
        for (own, others) in [(x, y), (y, x)] {
            let done = done.clone();
            go(move || {
                *own = 1;
                if INT32.fetch_add(1, SeqCst) + 1 == 2 {
                    *others = 1;
                }
                done.send(true).unwrap();
            });
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceAtomicLoadAddInt32" => fn no_race_atomic_load_add_int32() {
        let x = variable(0_i64);
        go(move || {
            *x = 2;
            INT32.fetch_add(1, SeqCst);
        });
        until(|| INT32.load(SeqCst) == 1);
        *x = 1;
    }

    "TestNoRaceAtomicLoadStoreInt32" => fn no_race_atomic_load_store_int32() {
        let x = variable(0_i64);
        go(move || {
            *x = 2;
            INT32.store(1, SeqCst);
        });
        until(|| INT32.load(SeqCst) == 1);
        *x = 1;
    }

    "TestNoRaceAtomicCASCASInt32" => fn no_race_atomic_cas_cas_int32() {
        let x = variable(0_i64);
        go(move || {
            *x = 2;
            assert_eq!(INT32.compare_exchange(0, 1, SeqCst, SeqCst), Ok(0));
        });
        until(|| INT32.compare_exchange(1, 0, SeqCst, SeqCst).is_ok());
        *x = 1;
    }

    "TestNoRaceAtomicCASCASInt32_2" => fn no_race_atomic_cas_cas_int32_2() {
        let (done, finished) = channel::bounded(2);
        let (x, y) = (variable(0_i8), variable(0_i8));
        for (own, others) in [(x, y), (y, x)] {
            let done = done.clone();
            go(move || {
                *own = 1;
                if INT32.compare_exchange(0, 1, SeqCst, SeqCst).is_err() {
                    *others = 1;
                }
                done.send(true).unwrap();
            });
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceAtomicLoadInt64" => fn no_race_atomic_load_int64() {
        let x = variable(0_i32);
        go(move || {
            *x = 2;
            INT64.fetch_add(1, SeqCst);
        });
        until(|| INT64.load(SeqCst) == 1);
        *x = 1;
    }

    "TestNoRaceAtomicCASCASUInt64" => fn no_race_atomic_cas_cas_uint64() {
        let x = variable(0_i64);
        go(move || {
            *x = 2;
            assert_eq!(UINT64.compare_exchange(0, 1, SeqCst, SeqCst), Ok(0));
        });
        until(|| UINT64.compare_exchange(1, 0, SeqCst, SeqCst).is_ok());
        *x = 1;
    }

    "TestNoRaceAtomicLoadStorePointer" => fn no_race_atomic_load_store_pointer() {
        let (x, target) = (variable(0_i64), variable(0_i32));
        go(move || {
            *x = 2;
            POINTER.store(target, SeqCst);
        });
        until(|| POINTER.load(SeqCst) == target);
        *x = 1;
    }

    "TestNoRaceAtomicStoreCASUint64" => fn no_race_atomic_store_cas_uint64() {
        let x = variable(0_i64);
        go(move || {
            *x = 2;
            UINT64.store(1, SeqCst);
        });
        until(|| UINT64.compare_exchange(1, 0, SeqCst, SeqCst).is_ok());
        *x = 1;
    }

    "TestRaceAtomicStoreLoad" => fn race_atomic_store_load() {
        let (done, finished) = channel::bounded(0);
        go(move || {
            UINT64.store(1, SeqCst);
            done.send(true).unwrap();
        });
        consume(*UINT64.as_ptr());
        finished.recv().unwrap();
    }

    "TestRaceAtomicAddLoad" => fn race_atomic_add_load() {
        let (done, finished) = channel::bounded(0);
        go(move || {
            UINT64.fetch_add(1, SeqCst);
            done.send(true).unwrap();
        });
        consume(*UINT64.as_ptr());
        finished.recv().unwrap();
    }

    "TestRaceAtomicAddStore" => fn race_atomic_add_store() {
        let (done, finished) = channel::bounded(0);
        go(move || {
            UINT64.fetch_add(1, SeqCst);
            done.send(true).unwrap();
        });
        *UINT64.as_ptr() = 42;
        finished.recv().unwrap();
    }
}
