//! `cgo_test.go`: synchronisation inside a foreign function.

use std::sync::atomic::{AtomicI32, Ordering};

use race::channel::bounded;

use crate::case::{consume, go, variable};

/// Stands for the foreign library's own counter.
static COUNTER: AtomicI32 = AtomicI32::new(0);

extern "C" fn bump_counter() {
    COUNTER.fetch_add(1, Ordering::Release);
}

extern "C" fn counter() -> i32 {
    COUNTER.load(Ordering::Acquire)
}

crate::suite! {
    "cgo_test.go";

    // Go takes every foreign call for an edge; here the program says which are.
    "TestNoRaceCgoSync" => fn no_race_cgo_sync() {
        let data = variable(0_i32);
        let (done, finished) = bounded::<bool>(0);
        go(move || {
            *data = 1;
            race::release(&raw const COUNTER);
            bump_counter();
            drop(done);
        });
        while counter() == 0 {
            std::thread::yield_now();
        }
        race::acquire(&raw const COUNTER);
        consume(*data);
        assert!(finished.recv().is_err(), "nothing is sent there");
    }
}
