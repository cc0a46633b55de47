//! Plain memory under the crate's locks without guards, whose readers do not order each other.

use race::sync::raw;

use crate::case::{Place, cases, in_order};

static MUTEX: raw::Mutex = raw::Mutex::new();
static LOCK: raw::RwLock = raw::RwLock::new();
static X: Place<u64> = Place::new(0);

cases! { clean_raw_mutex race_after_raw_unlock clean_raw_writers clean_raw_reader_then_writer race_raw_readers
race_under_another_lock clean_busy_raw_locks }

fn clean_raw_mutex() {
    let write = || {
        MUTEX.lock();
        X.write(1);
        MUTEX.unlock();
    };
    in_order(write, write);
}

fn race_after_raw_unlock() {
    in_order(
        || {
            MUTEX.lock();
            MUTEX.unlock();
            X.write(1);
        },
        || {
            MUTEX.lock();
            X.write(2);
            MUTEX.unlock();
        },
    );
}

fn clean_raw_writers() {
    let write = || {
        LOCK.write_lock();
        X.write(1);
        LOCK.write_unlock();
    };
    in_order(write, write);
}

fn clean_raw_reader_then_writer() {
    in_order(
        || {
            LOCK.read_lock();
            X.read();
            LOCK.read_unlock();
        },
        || {
            LOCK.write_lock();
            X.write(1);
            LOCK.write_unlock();
        },
    );
}

fn race_raw_readers() {
    let write = || {
        LOCK.read_lock();
        X.write(1);
        LOCK.read_unlock();
    };
    in_order(write, write);
}

/// One holds the crate's lock and the other std's: the report names the first.
fn race_under_another_lock() {
    static OTHER: std::sync::Mutex<()> = std::sync::Mutex::new(());
    in_order(
        || {
            MUTEX.lock();
            X.write(1);
            MUTEX.unlock();
        },
        || {
            let _locked = OTHER.lock().unwrap();
            X.write(2);
        },
    );
}

fn clean_busy_raw_locks() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..200 {
                    if round % 2 == 0 {
                        LOCK.write_lock();
                        X.write(X.read() + 1);
                        LOCK.write_unlock();
                    } else {
                        LOCK.read_lock();
                        std::hint::black_box(X.read());
                        LOCK.read_unlock();
                    }
                }
            });
        }
    });
    assert_eq!(X.read(), 400);
}
