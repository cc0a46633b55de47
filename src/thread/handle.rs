//! [`Thread`], the handle by which a thread is named and woken, and the parking that goes with it.
//!
//! Parking is std's own: a handle of std's wakes a thread that parks here, without an edge. Beside std's token lies
//! what the unparks published. Can miss: a `park_timeout` that ends by time at the very moment of an `unpark` may take
//! in what that unpark publishes, one park early.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::{self, Token};

/// [`std::thread::Thread`], whose `unpark` happens before the return of the `park` that consumes it.
#[derive(Clone)]
pub struct Thread {
    inner: std::thread::Thread,
    unparks: Arc<Token>,
}

thread_local! {
    static CURRENT: OnceCell<Thread> = const { OnceCell::new() };
}

impl Thread {
    pub(super) fn new(inner: std::thread::Thread, unparks: Arc<Token>) -> Thread {
        Thread { inner, unparks }
    }

    /// The running thread gets `unparks` for its own. To be called before anybody asks who it is.
    pub(super) fn become_current(unparks: Arc<Token>) {
        CURRENT.with(|current| {
            current.get_or_init(|| Thread::new(std::thread::current(), unparks));
        });
    }

    /// Wakes the thread, or lets its next [`park`] return at once.
    pub fn unpark(&self) {
        self.unparks.release();
        self.inner.unpark();
    }

    /// The thread's unique number.
    pub fn id(&self) -> std::thread::ThreadId {
        self.inner.id()
    }

    /// The thread's name.
    pub fn name(&self) -> Option<&str> {
        self.inner.name()
    }
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(formatter)
    }
}

/// The running thread's handle.
pub fn current() -> Thread {
    let new = || Thread::new(std::thread::current(), Arc::default());
    // Destructors of thread-locals may ask when the handle is gone. Nobody can have one that wakes the new one.
    CURRENT.try_with(|current| current.get_or_init(new).clone()).unwrap_or_else(|_| new())
}

/// Blocks until the running thread's token is available, and takes it.
pub fn park() {
    std::thread::park();
    current().unparks.consume();
}

/// [`park`], for `time` at most.
pub fn park_timeout(time: Duration) {
    engine::wait(time, || std::thread::park_timeout(time));
    current().unparks.consume();
}

/// [`park_timeout`] in milliseconds.
#[deprecated(note = "replaced by `race::thread::park_timeout`")]
pub fn park_timeout_ms(milliseconds: u32) {
    park_timeout(Duration::from_millis(u64::from(milliseconds)));
}
