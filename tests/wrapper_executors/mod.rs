//! Three executors under one roof, and orders in time for their tasks that the detector does not see.

#![allow(dead_code)] // each test uses what it needs

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Mutex as UnseenMutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use race::sync::Mutex;
use race::task::{Handle, Tracked, spawn_with};

use crate::wrapper_case::Place;

pub static X: Place = Place::new();
pub static LOCK: Mutex<()> = Mutex::new(());
/// How many steps were taken: what `wrapper_case::Steps` counts, for those who must not block.
pub static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// What all executors' handles have in common: done, however it ended. Dropped, the task goes on or not.
pub type Joining = Pin<Box<dyn Future<Output = ()> + Send>>;

pub trait Executor {
    fn spawn<F: Future<Output = ()> + Send + 'static>(task: Tracked<F>) -> Joining;
    fn block_on(body: impl Future<Output = ()>);
}

/// tokio, with two workers.
pub struct Workers;
/// tokio, with all tasks on one thread.
pub struct OneThread;
/// smol, whose only worker is another thread than the one that waits.
pub struct Smol;

fn spawn_on_tokio<F: Future<Output = ()> + Send + 'static>(task: Tracked<F>) -> Joining {
    let handle = tokio::spawn(task);
    Box::pin(async move { drop(handle.await) })
}

impl Executor for Workers {
    fn spawn<F: Future<Output = ()> + Send + 'static>(task: Tracked<F>) -> Joining {
        spawn_on_tokio(task)
    }

    fn block_on(body: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(body);
    }
}

impl Executor for OneThread {
    fn spawn<F: Future<Output = ()> + Send + 'static>(task: Tracked<F>) -> Joining {
        spawn_on_tokio(task)
    }

    fn block_on(body: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(body);
    }
}

impl Executor for Smol {
    fn spawn<F: Future<Output = ()> + Send + 'static>(task: Tracked<F>) -> Joining {
        Box::pin(smol::spawn(task))
    }

    fn block_on(body: impl Future<Output = ()>) {
        smol::block_on(body);
    }
}

pub fn spawn<E: Executor>(future: impl Future<Output = ()> + Send + 'static) -> Handle<Joining> {
    spawn_with(E::spawn, future)
}

/// Lets the others run.
pub async fn turn() {
    let mut is_over = false;
    poll_fn(|context| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// An order in time that the detector does not see, for tasks.
pub fn step() {
    TAKEN.fetch_add(1, Ordering::SeqCst);
}

pub async fn steps(count: usize) {
    while TAKEN.load(Ordering::SeqCst) < count {
        turn().await;
    }
}

/// Tasks that wait to be woken.
static WAITING: UnseenMutex<Vec<Waker>> = UnseenMutex::new(Vec::new());
static IS_OPEN: AtomicBool = AtomicBool::new(false);

pub async fn wait() {
    poll_fn(|context| {
        let mut waiting = WAITING.lock().unwrap();
        if IS_OPEN.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        waiting.push(context.waker().clone());
        step();
        Poll::Pending
    })
    .await;
}

pub fn open() {
    let waiting = {
        let mut waiting = WAITING.lock().unwrap();
        IS_OPEN.store(true, Ordering::SeqCst);
        std::mem::take(&mut *waiting)
    };
    waiting.into_iter().for_each(Waker::wake);
}
