//! tokio's runtime on several threads.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Barrier, Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::programs;

programs! {
    tokio_mutex tokio_channel tokio_oneshot tokio_notify tokio_broadcast tokio_watch tokio_read_write_lock
    tokio_semaphore tokio_barrier tokio_blocking tokio_abort tokio_timeout
}

fn run(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build();
    runtime.unwrap().block_on(future);
}

fn tokio_mutex() {
    run(async {
        let count = Arc::new(Mutex::new(0_usize));
        let mut tasks = JoinSet::new();
        for _ in 0..50 {
            let count = Arc::clone(&count);
            tasks.spawn(async move {
                for _ in 0..20 {
                    let mut count = count.lock().await;
                    *count += 1;
                    tokio::task::yield_now().await;
                }
            });
        }
        while let Some(result) = tasks.join_next().await {
            result.unwrap();
        }
        assert_eq!(*count.lock().await, 1000);
    });
}

fn tokio_channel() {
    run(async {
        let (sender, mut receiver) = mpsc::channel::<Vec<usize>>(4);
        for _ in 0..4 {
            let sender = sender.clone();
            tokio::spawn(async move {
                for number in 0..200 {
                    sender.send(vec![number]).await.unwrap();
                }
            });
        }
        drop(sender);
        let mut taken = 0;
        while let Some(numbers) = receiver.recv().await {
            taken += numbers.len();
        }
        assert_eq!(taken, 800);
    });
}

fn tokio_oneshot() {
    run(async {
        for number in 0..200 {
            let (sender, receiver) = oneshot::channel();
            tokio::spawn(async move { sender.send(Box::new(number)).unwrap() });
            assert_eq!(*receiver.await.unwrap(), number);
        }
    });
}

fn tokio_notify() {
    run(async {
        let shared = Arc::new((Notify::new(), std::sync::Mutex::new(Vec::new())));
        let other = Arc::clone(&shared);
        let writer = tokio::spawn(async move {
            for number in 0..200 {
                other.1.lock().unwrap().push(number);
                other.0.notify_one();
                tokio::task::yield_now().await;
            }
        });
        let mut taken = 0;
        while taken < 200 {
            shared.0.notified().await;
            taken += shared.1.lock().unwrap().drain(..).count();
        }
        writer.await.unwrap();
    });
}

fn tokio_broadcast() {
    run(async {
        let (sender, _) = broadcast::channel::<Arc<Vec<usize>>>(256);
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let mut receiver = sender.subscribe();
            tasks.spawn(async move {
                for number in 0..100 {
                    assert_eq!(receiver.recv().await.unwrap()[0], number);
                }
            });
        }
        for number in 0..100 {
            sender.send(Arc::new(vec![number])).unwrap();
            tokio::task::yield_now().await;
        }
        tasks.join_all().await;
    });
}

fn tokio_watch() {
    run(async {
        let (sender, mut receiver) = watch::channel(vec![0_usize]);
        let reader = tokio::spawn(async move {
            while receiver.changed().await.is_ok() {
                assert_eq!(receiver.borrow_and_update().len(), 1);
            }
        });
        for number in 0..200 {
            sender.send_replace(vec![number]);
            tokio::task::yield_now().await;
        }
        drop(sender);
        reader.await.unwrap();
    });
}

fn tokio_read_write_lock() {
    run(async {
        let numbers = Arc::new(RwLock::new(vec![0_usize; 4]));
        let mut tasks = JoinSet::new();
        for task in 0..10 {
            let numbers = Arc::clone(&numbers);
            tasks.spawn(async move {
                for round in 0..30 {
                    if round % 10 == task {
                        numbers.write().await.iter_mut().for_each(|number| *number += 1);
                    } else {
                        let numbers = numbers.read().await;
                        assert!(numbers.iter().all(|number| *number == numbers[0]));
                    }
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(*numbers.read().await, [30; 4]);
    });
}

fn tokio_semaphore() {
    run(async {
        let shared = Arc::new(Guarded { permit: Semaphore::new(1), count: RefCell::new(0) });
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move {
                for _ in 0..20 {
                    shared.add_one().await;
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(shared.total().await, 400);
    });
}

/// A cell whose only lock is a semaphore of one permit.
struct Guarded {
    permit: Semaphore,
    count: RefCell<usize>,
}

// SAFETY: the cell is used with the permit only.
unsafe impl Sync for Guarded {}

impl Guarded {
    async fn add_one(&self) {
        let _permit = self.permit.acquire().await.unwrap();
        *self.count.borrow_mut() += 1;
    }

    async fn total(&self) -> usize {
        let _permit = self.permit.acquire().await.unwrap();
        *self.count.borrow()
    }
}

fn tokio_barrier() {
    run(async {
        let shared = Arc::new((Barrier::new(4), [const { std::sync::RwLock::new(0) }; 4]));
        let mut tasks = JoinSet::new();
        for task in 0..4 {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move {
                for round in 0..50 {
                    *shared.1[task].write().unwrap() = round;
                    shared.0.wait().await;
                    assert_eq!(*shared.1[(task + 1) % 4].read().unwrap(), round);
                    shared.0.wait().await;
                }
            });
        }
        tasks.join_all().await;
    });
}

fn tokio_blocking() {
    run(async {
        for number in 0..50 {
            let numbers = vec![number; std::hint::black_box(10)];
            let sum = tokio::task::spawn_blocking(move || numbers.iter().sum::<usize>()).await.unwrap();
            assert_eq!(sum, number * 10);
        }
    });
}

fn tokio_abort() {
    run(async {
        for _ in 0..100 {
            let numbers = vec![1_u64; 64];
            let task = tokio::spawn(async move {
                loop {
                    assert_eq!(numbers.iter().sum::<u64>(), 64);
                    tokio::task::yield_now().await;
                }
            });
            tokio::task::yield_now().await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
    });
}

fn tokio_timeout() {
    run(async {
        for _ in 0..20 {
            let never = std::future::pending::<()>();
            assert!(tokio::time::timeout(Duration::from_millis(1), never).await.is_err());
        }
    });
}
