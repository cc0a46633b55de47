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

/// Short tasks that each send one message to the one that waits for them, as many at a time as the channel holds.
pub fn send_from_tasks() {
    const AT_A_TIME: usize = 64;
    runtime().block_on(async {
        let (sender, mut receiver) = mpsc::channel(AT_A_TIME);
        for _ in 0..1_500 {
            for number in 0..AT_A_TIME {
                let sender = sender.clone();
                tokio::spawn(async move { sender.send(number).await.expect("the receiver takes all") });
            }
            for _ in 0..AT_A_TIME {
                receiver.recv().await;
            }
        }
    });
}
