//! How logical tasks end (a panic, an abort, a drop), what runs outside of executors, and how reports name tasks.
#![cfg(race_engine)]

mod wrapper_case;
mod wrapper_executors;

use std::sync::atomic::Ordering;
use std::task::{Context, Waker};

use race::task::{self, spawn_with, track, track_call};
use wrapper_case::{Place, in_own_process};
use wrapper_executors::*;

/// Writes when it is dropped.
struct WritesAtEnd;

impl Drop for WritesAtEnd {
    fn drop(&mut self) {
        X.write(X.read() + 1);
    }
}

cases! {
    fn clean_panic_is_joined() {
        Workers::block_on(async {
            let panics = spawn_with(tokio::spawn, async {
                X.write(1);
                std::panic::resume_unwind(Box::new(5));
            });
            assert!(panics.await.unwrap_err().is_panic());
            X.write(2);
        });
    }

    fn clean_abort_is_joined() {
        Workers::block_on(async {
            let aborted = spawn_with(tokio::spawn, async {
                let _end = WritesAtEnd;
                step();
                std::future::pending::<()>().await;
            });
            steps(1).await;
            X.write(1);
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_cancelled());
            assert_eq!(X.read(), 2);
        });
    }

    fn race_abort_is_not_joined() {
        Workers::block_on(async {
            let aborted = spawn_with(tokio::spawn, async {
                let _end = WritesAtEnd;
                step();
                std::future::pending::<()>().await;
            });
            steps(1).await;
            aborted.abort();
            while !aborted.is_finished() {
                turn().await;
            }
            X.read();
        });
    }

    fn clean_dropped_by_its_owner() {
        let end = WritesAtEnd;
        let mut task = Box::pin(track(async move {
            turn().await;
            drop(end);
        }));
        let mut context = Context::from_waker(Waker::noop());
        assert!(task.as_mut().poll(&mut context).is_pending());
        X.write(1);
        drop(task);
        X.write(2);
    }

    fn clean_dropped_before_its_first_turn() {
        let end = WritesAtEnd;
        let task = track(async move { drop(end) });
        X.write(1);
        drop(task);
        X.write(2);
    }

    fn race_destructor_of_a_task() {
        OneThread::block_on(async {
            let one = spawn::<OneThread>(async {
                let _end = WritesAtEnd;
                step();
            });
            let other = spawn::<OneThread>(async {
                steps(1).await;
                X.read();
            });
            one.await;
            other.await;
        });
    }

    fn clean_memory_of_a_task_is_freed_by_a_worker() {
        Workers::block_on(async {
            for _ in 0..100 {
                drop(spawn_with(tokio::spawn, async {
                    let mine = Place::new();
                    mine.write(1);
                    turn().await;
                    mine.write(mine.read() + 1);
                    step();
                }));
            }
            steps(100).await;
        });
    }

    fn clean_calls_on_a_pool() {
        Workers::block_on(async {
            for _ in 0..10 {
                X.write(X.read() + 1);
                let (work, end) = track_call(|| X.write(X.read() + 1));
                tokio::task::spawn_blocking(work).await.unwrap();
                end.joined();
            }
            assert_eq!(X.read(), 20);
        });
    }

    fn race_calls_on_a_pool() {
        Workers::block_on(async {
            // One after the other in time, most likely on one thread of the pool.
            for _ in 0..2 {
                let (work, _end) = track_call(|| X.write(1));
                tokio::task::spawn_blocking(work).await.unwrap();
            }
        });
    }

    fn clean_wakes_from_a_thread_nobody_knows() {
        OneThread::block_on(async {
            let sleeper = spawn::<OneThread>(async {
                wait().await;
                X.read();
            });
            steps(1).await;
            X.write(1);
            std::thread::spawn(open).join().unwrap();
            sleeper.await;
        });
    }

    fn clean_tokio_timer() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        runtime.block_on(async {
            let sleeps = || async {
                for _ in 0..3 {
                    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    let _locked = LOCK.lock();
                    X.write(X.read() + 1);
                }
            };
            let tasks: Vec<_> = (0..10).map(|_| spawn_with(tokio::spawn, sleeps())).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(X.read(), 30);
    }

    fn race_among_ended_tasks() {
        // More tasks than have a slot, one after the other: a race of the last two is still seen.
        OneThread::block_on(async {
            for _ in 0..2000 {
                let one = spawn::<OneThread>(async { step() });
                steps(1).await;
                TAKEN.store(0, Ordering::SeqCst);
                drop(one);
            }
            siblings_of(2).await;
        });
    }
}

async fn siblings_of(count: usize) {
    let tasks: Vec<_> = (0..count)
        .map(|index| {
            spawn::<OneThread>(async move {
                steps(index).await;
                X.write(1);
                step();
            })
        })
        .collect();
    for task in tasks {
        task.await;
    }
}

#[test]
fn a_report_names_tasks() {
    fn body() {
        OneThread::block_on(async {
            let one = task::Builder::new().name("reader").spawn_with(tokio::spawn, async {
                X.read();
                step();
            });
            let other = task::Builder::new().name("writer").spawn_with(tokio::spawn, async {
                steps(1).await;
                X.write(1);
            });
            one.await.unwrap();
            other.await.unwrap();
        });
    }
    let Some(outcome) = in_own_process("a_report_names_tasks", body) else { return };
    assert_eq!(outcome.status, 66, "{}", outcome.text);
    let text = outcome.text;
    let (accesses, creations) = text.split_once("\nTask ").expect("a section for each task");
    assert!(accesses.contains("'writer':") && accesses.contains(" by task "), "{text}");
    assert!(creations.contains("'writer' (running) created at:"), "{text}");
    assert!(creations.contains("'reader' (finished) created at:"), "{text}");
    assert!(!text.contains("tokio::runtime::task"), "a task's stack begins at its poll:\n{text}");
}

#[test]
fn a_task_is_sent_where_its_future_is() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&track(async {}));
    is_send(&spawn_with(|task| task, async {}));
}
