//! A lock that a forked child can take although its holder did not come along.
//!
//! Guarantees: one holder at a time in each process. The lock names the process of its holder; found held by another
//! process, which is how a child finds what a thread of its parent held at the fork, it is free for the taking. So it
//! may protect only what is whole at any moment, such as the order of writes, and no data structure. Can miss: a signal
//! handler that interrupts the holder and wants the lock waits for ever; the engine does not report from within itself.

use std::thread;
use std::time::Duration;

use crate::sys::atomic::{AtomicU32, Ordering};
use crate::sys::sleep::sleep;

const FREE: u32 = 0;

/// How often to look before sleeping in between.
const IMPATIENT_LOOKS: u32 = 64;

/// The process of the holder, or [`FREE`].
#[derive(Debug)]
pub struct ProcessLock(AtomicU32);

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub struct Held<'lock>(&'lock ProcessLock);

impl ProcessLock {
    /// A lock that nobody holds.
    pub const fn new() -> Self {
        Self(AtomicU32::new(FREE))
    }

    /// Waits until no thread of this process holds the lock.
    pub fn acquire(&self) -> Held<'_> {
        let own = std::process::id();
        let mut looks = 0u32;
        let mut holder = FREE;
        while let Err(actual) = self.0.compare_exchange(holder, own, Ordering::Acquire, Ordering::Relaxed) {
            holder = actual;
            if holder == own {
                holder = FREE;
                looks = looks.saturating_add(1);
                if looks < IMPATIENT_LOOKS {
                    thread::yield_now();
                } else {
                    sleep(Duration::from_millis(1));
                }
            }
        }
        Held(self)
    }
}

impl Default for ProcessLock {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.0.store(FREE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::UnsafeCell;

    struct Counter(UnsafeCell<u64>);

    // SAFETY: the test touches the value only while it holds the lock.
    unsafe impl Sync for Counter {}

    #[test]
    fn one_holder_at_a_time() {
        let (lock, counter) = (ProcessLock::new(), Counter(UnsafeCell::new(0)));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let counter = &counter;
                    for _ in 0..500 {
                        let _held = lock.acquire();
                        // SAFETY: the lock is held.
                        unsafe { *counter.0.get() += 1 };
                    }
                });
            }
        });
        assert_eq!(counter.0.into_inner(), 2000);
    }

    #[test]
    fn a_lock_held_by_another_process_is_free() {
        let lock = ProcessLock(AtomicU32::new(std::process::id() + 1));
        drop(lock.acquire());
        assert_eq!(lock.0.load(Ordering::Relaxed), FREE);
    }
}
