//! `waitgroup_test.go`: what a group's waiting orders, and its misuse.

use race::channel;
use race::sync::WaitGroup;

use crate::case::{consume, go, variable};
use crate::wrapper_case::Steps;

/// The group of the process's only case.
static GROUP: WaitGroup = WaitGroup::new();

crate::suite! {
    "waitgroup_test.go";

    "TestNoRaceWaitGroup" => fn no_race_wait_group() {
        let x = variable(0);
        consume(*x);
        for index in 0..1 {
            GROUP.add(1);
            go(move || {
                *x = index;
                GROUP.done();
            });
        }
        GROUP.wait();
    }

    "TestRaceWaitGroup" => fn race_wait_group() {
        let x = variable(0);
        for index in 0..2 {
            GROUP.add(1);
            go(move || {
                *x = index;
                GROUP.done();
            });
        }
        GROUP.wait();
    }

    "TestNoRaceWaitGroup2" => fn no_race_wait_group_2() {
        let x = variable(0);
        GROUP.add(1);
        go(move || {
            *x = 1;
            GROUP.done();
        });
        GROUP.wait();
        *x = 2;
    }

    "TestRaceWaitGroupWrongWait" => fn race_wait_group_wrong_wait() {
        let (done, finished) = channel::bounded(2);
        let x = variable(0);
        for value in [1, 2] {
            let done = done.clone();
            go(move || {
                GROUP.add(1);
                race::thread::yield_now();
                *x = value;
                GROUP.done();
                done.send(true).unwrap();
            });
        }
        GROUP.wait();
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestRaceWaitGroupWrongAdd" => fn race_wait_group_wrong_add() {
        static STEPS: Steps = Steps::new();
        let (done, finished) = channel::bounded(2);
        for _ in 0..2 {
            let done = done.clone();
            go(move || {
                GROUP.add(1);
                STEPS.take();
                STEPS.wait_for(2);
                GROUP.done();
                done.send(true).unwrap();
            });
        }
        // The sleep of the original: the waiting begins after both were added.
        STEPS.wait_for(2);
        GROUP.wait();
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceWaitGroupMultipleWait2" => fn no_race_wait_group_multiple_wait_2() {
        let (done, finished) = channel::bounded(2);
        GROUP.add(2);
        for _ in 0..2 {
            let done = done.clone();
            go(move || {
                GROUP.done();
                GROUP.wait();
                done.send(true).unwrap();
            });
        }
        GROUP.wait();
        finished.recv().unwrap();
        finished.recv().unwrap();
    }

    "TestNoRaceWaitGroupMultipleWait3" => fn no_race_wait_group_multiple_wait_3() {
        let (done, finished) = channel::bounded(3);
        let data = variable([false; 3]);
        GROUP.add(3);
        for worker in 0..3 {
            go(move || {
                (*data)[worker] = true;
                GROUP.done();
            });
        }
        for _ in 0..3 {
            let done = done.clone();
            go(move || {
                GROUP.wait();
                for worker in 0..3 {
                    consume((*data)[worker]);
                }
                done.send(true).unwrap();
            });
        }
        for _ in 0..3 {
            finished.recv().unwrap();
        }
    }

    "TestRaceWaitGroup2" => fn race_wait_group_2() {
        let x = variable(0);
        GROUP.add(2);
        go(move || {
            *x = 1;
            GROUP.done();
        });
        go(move || {
            *x = 2;
            GROUP.done();
        });
        GROUP.wait();
    }

    "TestNoRaceWaitGroupPanicRecover" => fn no_race_wait_group_panic_recover() {
        // The panic is the case's own; the judge takes one that is printed for a failure.
        std::panic::set_hook(Box::new(|_| {}));
        let x = variable(0);
        *x = 1;
        let caught = std::panic::catch_unwind(|| GROUP.add(-1)).unwrap_err();
        let message = caught.downcast_ref::<&str>().copied().unwrap_or_default();
        if !message.contains("WaitGroup counter") {
            // A panic would not be seen.
            std::process::abort();
        }
        *x = 2;
    }

    "TestNoRaceWaitGroupTransitive" => fn no_race_wait_group_transitive() {
        static STEPS: Steps = Steps::new();
        let (x, y) = (variable(0), variable(0));
        GROUP.add(2);
        go(move || {
            *x = 42;
            GROUP.done();
            STEPS.take();
        });
        // The slow one.
        go(move || {
            STEPS.wait_for(1);
            *y = 42;
            GROUP.done();
        });
        GROUP.wait();
        consume(*x);
        consume(*y);
    }

    "TestNoRaceWaitGroupReuse" => fn no_race_wait_group_reuse() {
        let data = variable([0; 3]);
        for _ in 0..3 {
            GROUP.add(3);
            for worker in 0..3 {
                go(move || {
                    (*data)[worker] += 1;
                    GROUP.done();
                });
            }
            GROUP.wait();
            for worker in 0..3 {
                (*data)[worker] += 1;
            }
        }
    }

    "TestNoRaceWaitGroupReuse2" => fn no_race_wait_group_reuse_2() {
        let data = variable([0; 3]);
        for _ in 0..3 {
            GROUP.add(3);
            for worker in 0..3 {
                go(move || {
                    (*data)[worker] += 1;
                    GROUP.done();
                });
            }
            let (done, finished) = channel::bounded(0);
            go(move || {
                GROUP.wait();
                for worker in 0..3 {
                    consume((*data)[worker]);
                }
                done.send(true).unwrap();
            });
            GROUP.wait();
            finished.recv().unwrap();
            for worker in 0..3 {
                (*data)[worker] += 1;
            }
        }
    }
}
