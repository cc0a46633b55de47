//! `rwmutex_test.go`: readers and writers.

use race::channel;
use race::sync::{Mutex, RwLock};

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

static LOCK: RwLock<()> = RwLock::new(());

crate::suite! {
    "rwmutex_test.go";

    "TestRaceMutexRWMutex" => fn race_mutex_rw_mutex() {
        static MUTEX: Mutex<()> = Mutex::new(());
        let (done, finished) = channel::bounded(2);
        let x = variable(0_i16);
        let others = done.clone();
        go(move || {
            let guard = MUTEX.lock().unwrap();
            *x = 1;
            drop(guard);
            others.send(true).unwrap();
        });
        go(move || {
            let guard = LOCK.write().unwrap();
            *x = 2;
            drop(guard);
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceRWMutex" => fn no_race_rw_mutex() {
        let (done, finished) = channel::bounded(2);
        let (x, y) = (variable(0_i16), variable(0_i16));
        let others = done.clone();
        go(move || {
            let guard = LOCK.write().unwrap();
            *x = 2;
            drop(guard);
            others.send(true).unwrap();
        });
        go(move || {
            let guard = LOCK.read().unwrap();
            *y = *x;
            drop(guard);
            done.send(true).unwrap();
        });
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceRWMutexTransitive" => fn no_race_rw_mutex_transitive() {
        static STEPS: Steps = Steps::new();
        let (done, finished) = channel::bounded(2);
        let x = variable(0_i16);
        for turn in 0..2 {
            let done = done.clone();
            go(move || {
                STEPS.wait_for(turn);
                let guard = LOCK.read().unwrap();
                consume(*x);
                drop(guard);
                STEPS.take();
                done.send(true).unwrap();
            });
        }
        // The sleep of the original: the writer comes last.
        STEPS.wait_for(2);
        let guard = LOCK.write().unwrap();
        *x = 1;
        drop(guard);
        finished.recv().unwrap();
        finished.recv().unwrap();
    }
}
