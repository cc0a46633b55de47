//! Plain memory whose order is that of a wait group, a semaphore or a pool.

use race::sync::{Pool, Semaphore, WaitGroup};

use crate::case::{Place, cases, in_order};

static X: Place<u64> = Place::new(0);
static Y: Place<u64> = Place::new(0);

cases! { clean_wait_group clean_wait_group_of_threads race_after_done clean_semaphore race_semaphore_of_two clean_pool
race_pool_after_put }

fn clean_wait_group() {
    static GROUP: WaitGroup = WaitGroup::new();
    GROUP.add(1);
    in_order(
        || {
            X.write(1);
            GROUP.done();
        },
        || {
            GROUP.wait();
            X.write(2);
        },
    );
}

fn clean_wait_group_of_threads() {
    let group = WaitGroup::new();
    for _ in 0..3 {
        X.write(0);
        group.go(|| X.write(1));
        group.wait();
    }
    assert_eq!(X.read(), 1);
}

fn race_after_done() {
    static GROUP: WaitGroup = WaitGroup::new();
    GROUP.add(1);
    in_order(
        || {
            GROUP.done();
            X.write(1);
        },
        || {
            GROUP.wait();
            X.write(2);
        },
    );
}

fn clean_semaphore() {
    static ONE: Semaphore = Semaphore::new(1);
    let write = || {
        let _permit = ONE.access(1);
        X.write(1);
    };
    in_order(write, write);
}

fn race_semaphore_of_two() {
    static TWO: Semaphore = Semaphore::new(2);
    let write = || {
        let _permit = TWO.access(1);
        X.write(1);
    };
    in_order(write, write);
}

static POOL: Pool<&'static Place<u64>> = Pool::new(|| &Y);

fn clean_pool() {
    let write = || POOL.take().write(1);
    in_order(write, write);
}

fn race_pool_after_put() {
    in_order(
        || {
            let place = *POOL.take();
            place.write(1);
        },
        || POOL.take().write(2),
    );
}
