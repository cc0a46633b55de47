//! [`Pool`]: putting an object back happens before the `get` that hands it out again, and before no other. In every
//! build, with or without the engine.
//!
//! Each object carries what its `put` published; the pool has no clock of its own. The object that was put back last
//! goes out first, always: who goes on using an object after putting it back meets its next user in every run. Can miss:
//! such a use when nobody gets the object again.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::engine::Release;
use crate::engine::lock::{Mutex, MutexGuard};

/// Objects to be used again, like Go's `sync.Pool`; but nothing leaves it by itself, so it holds as many objects as were
/// ever out at the same time.
///
/// ```
/// use race::sync::Pool;
///
/// static BUFFERS: Pool<Vec<u8>> = Pool::new(|| Vec::with_capacity(4096));
///
/// let mut buffer = BUFFERS.get();
/// buffer.clear();
/// buffer.extend(b"hello");
/// BUFFERS.put(buffer);
///
/// // Comes back by itself.
/// let buffer = BUFFERS.take();
/// assert_eq!(*buffer, b"hello");
/// ```
pub struct Pool<T, F = fn() -> T> {
    idle: Mutex<Vec<Idle<T>>>,
    make: F,
}

struct Idle<T> {
    object: T,
    put: Release,
}

impl<T, F> Pool<T, F> {
    /// An empty pool, whose objects `make` makes.
    pub const fn new(make: F) -> Pool<T, F> {
        Pool { idle: Mutex::new(Vec::new()), make }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle<T>>> {
        self.idle.lock()
    }

    /// Gives `object` to the pool, which need not have come from there. Happens before the [`Pool::get`] that returns it.
    pub fn put(&self, object: T) {
        let put = Release::now();
        self.lock().push(Idle { object, put });
    }

    /// Drops the objects that are in the pool, each after its [`Pool::put`].
    pub fn clear(&self) {
        let idle = std::mem::take(&mut *self.lock());
        for Idle { object, put } in idle {
            put.acquire();
            drop(object);
        }
    }
}

impl<T, F: Fn() -> T> Pool<T, F> {
    /// The object that was put back last, or a new one.
    pub fn get(&self) -> T {
        let found = self.lock().pop();
        match found {
            Some(Idle { object, put }) => {
                put.acquire();
                object
            }
            None => (self.make)(),
        }
    }

    /// [`Pool::get`] with a guard that puts the object back, unless it is dropped by a panic: what the panic may have
    /// left half done is dropped too.
    pub fn take(&self) -> PoolGuard<'_, T, F> {
        PoolGuard { pool: self, object: Some(self.get()) }
    }
}

impl<T, F> fmt::Debug for Pool<T, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").field("idle", &self.lock().len()).finish_non_exhaustive()
    }
}

/// An object of a [`Pool`], put back when this is dropped.
#[must_use = "if unused the object is put back at once"]
pub struct PoolGuard<'a, T, F = fn() -> T> {
    pool: &'a Pool<T, F>,
    /// There until the guard is dropped or taken apart.
    object: Option<T>,
}

const PRESENT: &str = "the object is there as long as its guard";

impl<T, F> PoolGuard<'_, T, F> {
    /// The object, for good.
    pub fn into_inner(mut guard: Self) -> T {
        guard.object.take().expect(PRESENT)
    }
}

impl<T, F> Drop for PoolGuard<'_, T, F> {
    fn drop(&mut self) {
        if let Some(object) = self.object.take()
            && !std::thread::panicking()
        {
            self.pool.put(object);
        }
    }
}

impl<T, F> Deref for PoolGuard<'_, T, F> {
    type Target = T;

    fn deref(&self) -> &T {
        self.object.as_ref().expect(PRESENT)
    }
}

impl<T, F> DerefMut for PoolGuard<'_, T, F> {
    fn deref_mut(&mut self) -> &mut T {
        self.object.as_mut().expect(PRESENT)
    }
}

impl<T: fmt::Debug, F> fmt::Debug for PoolGuard<'_, T, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
