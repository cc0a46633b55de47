//! `mutex_test.go`: what locks order, and what they do not.

use race::channel;
use race::sync::{Mutex, raw};

use crate::case::{go, variable};

static MUTEX: Mutex<()> = Mutex::new(());

crate::suite! {
    "mutex_test.go";

    "TestNoRaceMutex" => fn no_race_mutex() {
        let (done, finished) = channel::bounded(2);
        let x = variable(0_i16);
        for value in [1, 2] {
            let done = done.clone();
            go(move || {
                let guard = MUTEX.lock().unwrap();
                *x = value;
                drop(guard);
                done.send(true).unwrap();
            });
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceMutex2" => fn race_mutex_2() {
        static OTHER: Mutex<()> = Mutex::new(());
        let (done, finished) = channel::bounded(2);
        let x = variable(0_i16);
        for (mutex, value) in [(&MUTEX, 1), (&OTHER, 2)] {
            let done = done.clone();
            go(move || {
                let guard = mutex.lock().unwrap();
                *x = value;
                drop(guard);
                done.send(true).unwrap();
            });
        }
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceMutexPureHappensBefore" => fn no_race_mutex_pure_happens_before() {
        let (done, finished) = channel::bounded(2);
        let (x, is_written) = (variable(0_i16), variable(false));
        let others = done.clone();
        go(move || {
            *x = 1;
            let guard = MUTEX.lock().unwrap();
            *is_written = true;
            drop(guard);
            others.send(true).unwrap();
        });
        go(move || {
            loop {
                let guard = MUTEX.lock().unwrap();
                if *is_written {
                    break;
                }
                drop(guard);
                std::thread::yield_now();
            }
            *x = 1;
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    // A guard of std's mutex stays with its thread; the raw mutex is unlocked by anybody, as Go's is.
    "TestNoRaceMutexSemaphore" => fn no_race_mutex_semaphore() {
        static RAW: raw::Mutex = raw::Mutex::new();
        let (done, finished) = channel::bounded(2);
        let x = variable(0_i16);
        RAW.lock();
        let others = done.clone();
        go(move || {
            *x = 1;
            RAW.unlock();
            others.send(true).unwrap();
        });
        go(move || {
            RAW.lock();
            *x = 2;
            RAW.unlock();
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }
}
