//! Logical tasks: futures that are threads of their own to the engine, on any executor.
//!
//! Without this module, all that an executor's worker polls is the worker's own doing: two tasks that happen to share a
//! worker pass for ordered, and two that do not pass for unordered even where one has woken the other. A future that was
//! given to [`track`] or [`spawn_with`] is a thread of its own instead, whichever workers poll it: reports name it, with
//! the place where it was created, and two tasks race also when one worker ran both.
//!
//! What is ordered:
//!
//! - the call of [`track`] or [`spawn_with`] happens before the future's first poll,
//! - each poll before the next poll of the same future,
//! - a wake before the next poll, whoever wakes, from whatever thread,
//! - the task's end, the future's destructor included, before an await of its [`Handle`] returns, or [`End::joined`],
//! - the end of a future that was given to [`track`], before the return of the poll that found it ready, for who polled
//!   it: `track(future).await` and `block_on(track(future))` need no handle,
//! - what the owner of a future did before he dropped it unfinished, before its destructor; and that, before what he
//!   does next.
//!
//! What is not: the polling thread and the task, in either direction, and two tasks of one worker.
//!
//! Can miss: races of a task that was finished by the same poll whose wakes it takes in early; and when more than 512
//! tasks are alive, races between tasks that have to share what the engine keeps of each. The line at the process's exit
//! counts them. May report falsely: tasks that only something unseen orders, an executor's own channel or lock, when it
//! was ready at once and nobody was woken; and `let task = track(..)` with more done between that line and the spawn.
//! Tell the engine of such orders with [`release`](crate::release) and [`acquire`](crate::acquire), or use [`sync`](crate::sync) and
//! [`channel`](crate::channel).
//!
//! With the feature off, polls go straight through, and nothing is kept.
//!
//! ```
//! use std::pin::pin;
//! use std::sync::Arc;
//! use std::task::{Context, Poll, Wake, Waker};
//!
//! use race::sync::Mutex;
//! use race::thread::{self, Thread};
//!
//! /// The smallest executor there is: it runs one future on the calling thread.
//! fn block_on<F: Future>(future: F) -> F::Output {
//!     struct Unpark(Thread);
//!     impl Wake for Unpark {
//!         fn wake(self: Arc<Self>) {
//!             self.0.unpark();
//!         }
//!     }
//!     let waker = Waker::from(Arc::new(Unpark(thread::current())));
//!     let mut future = pin!(future);
//!     loop {
//!         match future.as_mut().poll(&mut Context::from_waker(&waker)) {
//!             Poll::Ready(output) => return output,
//!             Poll::Pending => thread::park(),
//!         }
//!     }
//! }
//!
//! let total = Arc::new(Mutex::new(0));
//! let shared = total.clone();
//! // With tokio: `spawn_with(tokio::spawn, async move { .. })`.
//! let spawn = |future| async move { thread::spawn(move || block_on(future)).join().unwrap() };
//! let task = race::task::spawn_with(spawn, async move { *shared.lock().unwrap() += 1 });
//! block_on(task);
//! assert_eq!(*total.lock().unwrap(), 1);
//! ```

mod builder;
mod end;
mod handle;
#[cfg(race_engine)]
mod life;
#[cfg(not(race_engine))]
mod plain;
#[cfg(race_engine)]
mod tracked;

pub use builder::{Builder, named, spawn_with, track, track_call};
pub use end::End;
pub use handle::Handle;
#[cfg(not(race_engine))]
pub use plain::Tracked;
#[cfg(race_engine)]
pub use tracked::Tracked;
