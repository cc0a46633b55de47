//! Tracked futures, whose memory and results pass through the polling threads' plain memory.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use race::task::{spawn_with, track};

use crate::case::{Place, cases, earlier, later};
use crate::invisible;

static X: Place<u64> = Place::new(0);

cases! { clean_awaited_task clean_results_of_tasks race_task_and_its_creator }

/// The smallest executor there is: it runs one future on the calling thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A task in a thread of its own.
fn spawn<F>(future: F) -> impl Future<Output = F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let thread = std::thread::spawn(move || block_on(future));
    async move { thread.join().unwrap() }
}

fn clean_awaited_task() {
    let task = spawn_with(spawn, async {
        X.write(1);
        vec![1, 2, 3]
    });
    assert_eq!(block_on(task), [1, 2, 3]);
    X.write(2);
}

fn clean_results_of_tasks() {
    let results = block_on(track(async {
        let mut results = Vec::new();
        for number in 0..20 {
            let task = spawn_with(spawn, async move { Box::new(number) });
            results.push(task.await);
        }
        results
    }));
    assert_eq!(results.iter().map(|number| **number).sum::<i32>(), 190);
}

fn race_task_and_its_creator() {
    let task = spawn_with(spawn, async {
        invisible::wait(1);
        earlier(|| X.write(1));
        invisible::advance();
        invisible::wait(3);
    });
    invisible::advance();
    invisible::wait(2);
    later(|| X.write(2));
    invisible::advance();
    block_on(task);
}
