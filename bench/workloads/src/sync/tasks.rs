//! Tasks of tokio on two workers.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, mpsc};

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).build().expect("threads can be made")
}

/// A thousand tasks and one lock.
pub fn lock_in_tasks() {
    runtime().block_on(async {
        let count = Arc::new(Mutex::new(0_u64));
        let tasks: Vec<_> = (0..1_000)
            .map(|_| {
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    for _ in 0..250 {
                        *count.lock().await += 1;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
    });
}

/// Short tasks that each send one message to the one that waits for them.
pub fn send_from_tasks() {
    runtime().block_on(async {
        let (sender, mut receiver) = mpsc::channel(64);
        for number in 0..100_000_u64 {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(number).await.expect("the receiver takes all") });
            if number % 64 == 63 {
                for _ in 0..64 {
                    receiver.recv().await;
                }
            }
        }
    });
}
