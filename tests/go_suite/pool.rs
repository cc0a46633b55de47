//! `pool_test.go`: objects that are put back and handed out again.
//!
//! Go's pool drops objects at random when it watches for races, hence the ten rounds; ours never does.

use race::channel;
use race::sync::Pool;

use crate::case::{consume, go};
use crate::go_slice::{Slice, at, make};
use crate::wrapper_case::Steps;

/// A pool of buffers, never dropped.
fn pool() -> &'static Pool<Slice<u8>> {
    let pool: Pool<Slice<u8>> = Pool::new(|| make(0, 10, 10));
    Box::leak(Box::new(pool))
}

crate::suite! {
    "pool_test.go";

    "TestRacePool" => fn race_pool() {
        for _ in 0..10 {
            let (done, finished) = channel::bounded(0);
            let pool = pool();
            let x = pool.get();
            *at(x, 0) = 1;
            pool.put(x);
            go(move || {
                let y = pool.get();
                *at(y, 0) = 2;
                done.send(1).unwrap();
            });
            *at(x, 0) = 3;
            finished.recv().unwrap();
        }
    }

    "TestNoRacePool" => fn no_race_pool() {
        static STEPS: Steps = Steps::new();
        for round in 1..=10 {
            let pool = pool();
            let x = pool.get();
            *at(x, 0) = 1;
            pool.put(x);
            go(move || {
                let y = pool.get();
                *at(y, 0) = 2;
                pool.put(y);
                STEPS.take();
            });
            // The sleep of the original.
            STEPS.wait_for(round);
            let x = pool.get();
            consume(*at(x, 0));
            *at(x, 0) = 3;
        }
    }
}
