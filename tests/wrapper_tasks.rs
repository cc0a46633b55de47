//! Logical tasks on three executors: what orders them, what does not, and that many of them exhaust nothing.
#![cfg(race_engine)]

mod wrapper_case;
mod wrapper_executors;

use std::panic::AssertUnwindSafe;
use std::task::{Context, Waker};

use race::sync::{Arc, Mutex};
use race::task::track;
use wrapper_case::Place;
use wrapper_executors::*;

fn siblings<E: Executor>() {
    E::block_on(async {
        let one = spawn::<E>(async {
            X.write(1);
            step();
        });
        let other = spawn::<E>(async {
            steps(1).await;
            X.write(2);
        });
        one.await;
        other.await;
    });
}

fn siblings_with_lock<E: Executor>() {
    E::block_on(async {
        let add = || async {
            let _locked = LOCK.lock();
            X.write(X.read() + 1);
        };
        let (one, other) = (spawn::<E>(add()), spawn::<E>(add()));
        one.await;
        other.await;
        assert_eq!(X.read(), 2);
    });
}

fn one_after_the_other<E: Executor>() {
    X.write(1);
    E::block_on(async {
        for _ in 0..3 {
            spawn::<E>(async { X.write(X.read() + 1) }).await;
        }
        assert_eq!(X.read(), 4);
    });
}

fn parent_goes_on<E: Executor>() {
    E::block_on(async {
        let child = spawn::<E>(async {
            steps(1).await;
            X.read();
        });
        X.write(1);
        step();
        child.await;
    });
}

fn child_is_not_awaited<E: Executor>() {
    E::block_on(async {
        let child = spawn::<E>(async {
            X.write(1);
            step();
        });
        steps(1).await;
        X.read();
        child.await;
    });
}

fn wake_then_poll<E: Executor>() {
    E::block_on(async {
        let sleeper = spawn::<E>(async {
            wait().await;
            X.read();
        });
        let other = spawn::<E>(async {
            steps(1).await;
            X.write(1);
            open();
        });
        sleeper.await;
        other.await;
    });
}

fn write_after_wake<E: Executor>() {
    E::block_on(async {
        let sleeper = spawn::<E>(async {
            wait().await;
            steps(2).await;
            X.read();
        });
        let other = spawn::<E>(async {
            steps(1).await;
            open();
            X.write(1);
            step();
        });
        sleeper.await;
        other.await;
    });
}

fn after_a_panic<E: Executor>() {
    E::block_on(async {
        let one = spawn::<E>(async {
            // Caught by one who polls a task in a task.
            let mut inner = Box::pin(track(async {
                X.write(1);
                std::panic::resume_unwind(Box::new(()));
            }));
            let mut context = Context::from_waker(Waker::noop());
            let poll = AssertUnwindSafe(|| inner.as_mut().poll(&mut context).is_ready());
            assert!(std::panic::catch_unwind(poll).is_err());
            // Not ordered with what the inner task did.
            X.write(2);
        });
        one.await;
    });
}

fn joined_in_one_task<E: Executor>(ordered: bool) {
    E::block_on(async move {
        let part = move || async move {
            let locked = ordered.then(|| LOCK.lock());
            X.write(1);
            drop(locked);
        };
        spawn::<E>(async move {
            let (one, other) = (track(part()), track(part()));
            smol::future::zip(one, other).await;
        })
        .await;
    });
}

fn nested<E: Executor>() {
    E::block_on(async {
        spawn::<E>(async {
            X.write(1);
            track(async { X.write(X.read() + 1) }).await;
            X.write(X.read() + 1);
            smol::block_on(track(async { X.write(X.read() + 1) }));
            X.write(X.read() + 1);
        })
        .await;
    });
    assert_eq!(X.read(), 5);
}

const MANY: usize = 100_000;

fn many_at_once<E: Executor>() {
    static COUNT: Mutex<usize> = Mutex::new(0);
    E::block_on(async {
        let tasks: Vec<_> = (0..MANY)
            .map(|_| {
                spawn::<E>(async {
                    let mine = Arc::new(Place::new());
                    mine.write(1);
                    wait().await;
                    mine.write(mine.read() + 1);
                    *COUNT.lock().unwrap() += 1;
                })
            })
            .collect();
        steps(MANY).await;
        open();
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(*COUNT.lock().unwrap(), MANY);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: usize = peak.trim().trim_end_matches(" kB").parse().unwrap();
    eprintln!("peak {kilobytes} kB");
    assert!(kilobytes < 1 << 20, "{kilobytes} kB");
}

/// More tasks than have a column of the clocks each, all alive, of which two race.
fn two_among_many<E: Executor>() {
    const MANY: usize = 20_000;
    E::block_on(async {
        let tasks: Vec<_> = (0..MANY)
            .map(|number| {
                spawn::<E>(async move {
                    if number / 2 == MANY / 3 {
                        X.write(number as u64);
                    }
                    wait().await;
                })
            })
            .collect();
        steps(MANY).await;
        open();
        for task in tasks {
            task.await;
        }
    });
}

cases! {
    fn race_two_among_many_on_tokio_workers() { two_among_many::<Workers>() }
    fn race_two_among_many_on_one_tokio_thread() { two_among_many::<OneThread>() }
    fn race_two_among_many_on_smol() { two_among_many::<Smol>() }

    fn race_siblings_on_tokio_workers() { siblings::<Workers>() }
    fn race_siblings_on_one_tokio_thread() { siblings::<OneThread>() }
    fn race_siblings_on_smol() { siblings::<Smol>() }

    fn clean_siblings_with_lock_on_tokio_workers() { siblings_with_lock::<Workers>() }
    fn clean_siblings_with_lock_on_one_tokio_thread() { siblings_with_lock::<OneThread>() }
    fn clean_siblings_with_lock_on_smol() { siblings_with_lock::<Smol>() }

    fn clean_one_after_the_other_on_tokio_workers() { one_after_the_other::<Workers>() }
    fn clean_one_after_the_other_on_one_tokio_thread() { one_after_the_other::<OneThread>() }
    fn clean_one_after_the_other_on_smol() { one_after_the_other::<Smol>() }

    fn race_parent_goes_on_on_tokio_workers() { parent_goes_on::<Workers>() }
    fn race_parent_goes_on_on_one_tokio_thread() { parent_goes_on::<OneThread>() }
    fn race_parent_goes_on_on_smol() { parent_goes_on::<Smol>() }

    fn race_child_is_not_awaited_on_tokio_workers() { child_is_not_awaited::<Workers>() }
    fn race_child_is_not_awaited_on_one_tokio_thread() { child_is_not_awaited::<OneThread>() }
    fn race_child_is_not_awaited_on_smol() { child_is_not_awaited::<Smol>() }

    fn clean_wake_then_poll_on_tokio_workers() { wake_then_poll::<Workers>() }
    fn clean_wake_then_poll_on_one_tokio_thread() { wake_then_poll::<OneThread>() }
    fn clean_wake_then_poll_on_smol() { wake_then_poll::<Smol>() }

    fn race_write_after_wake_on_tokio_workers() { write_after_wake::<Workers>() }
    fn race_write_after_wake_on_one_tokio_thread() { write_after_wake::<OneThread>() }
    fn race_write_after_wake_on_smol() { write_after_wake::<Smol>() }

    fn race_after_a_panic_on_tokio_workers() { after_a_panic::<Workers>() }
    fn race_after_a_panic_on_one_tokio_thread() { after_a_panic::<OneThread>() }
    fn race_after_a_panic_on_smol() { after_a_panic::<Smol>() }

    fn race_joined_in_one_task_on_tokio_workers() { joined_in_one_task::<Workers>(false) }
    fn race_joined_in_one_task_on_one_tokio_thread() { joined_in_one_task::<OneThread>(false) }
    fn race_joined_in_one_task_on_smol() { joined_in_one_task::<Smol>(false) }

    fn clean_joined_in_one_task_on_tokio_workers() { joined_in_one_task::<Workers>(true) }
    fn clean_joined_in_one_task_on_one_tokio_thread() { joined_in_one_task::<OneThread>(true) }
    fn clean_joined_in_one_task_on_smol() { joined_in_one_task::<Smol>(true) }

    fn clean_nested_on_tokio_workers() { nested::<Workers>() }
    fn clean_nested_on_one_tokio_thread() { nested::<OneThread>() }
    fn clean_nested_on_smol() { nested::<Smol>() }

    fn clean_many_at_once_on_tokio_workers() { many_at_once::<Workers>() }
    fn clean_many_at_once_on_one_tokio_thread() { many_at_once::<OneThread>() }
    fn clean_many_at_once_on_smol() { many_at_once::<Smol>() }
}
