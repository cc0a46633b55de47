//! A lock for a few instructions, usable before `main` and where the program's own locks may be held.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};

use crate::sys::atomic::{self, AtomicBool, Ordering};

/// A value behind a spin lock that gives up its time slice when it does not get through.
#[derive(Debug, Default)]
pub struct Spin<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through the guard alone, by one thread at a time.
unsafe impl<T: Send> Sync for Spin<T> {}

impl<T> Spin<T> {
    /// An open lock.
    pub const fn new(value: T) -> Spin<T> {
        Spin { held: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> SpinGuard<'_, T> {
        while self.held.swap(true, Ordering::Acquire) {
            wait_while(|| self.held.load(Ordering::Relaxed));
        }
        SpinGuard { lock: self }
    }
}

/// A short while in which another thread may do something.
#[inline]
pub fn wait_a_moment() {
    atomic::wait_step();
    std::hint::spin_loop();
}

/// Spins a little and gives up the time slice by turns, while `blocked` says so. Each look takes the line of the cache away
/// from who is at work on it, so the looks are rare and become rarer: who has the lock gets on, and does several things
/// before it changes hands.
#[cold]
pub fn wait_while(blocked: impl Fn() -> bool) {
    /// Steps of waiting before the second look, as a power of two, and at most between two looks.
    const FIRST: u32 = 5;
    const LONGEST: u32 = 8;
    let mut looks = 0_u32;
    while blocked() {
        atomic::wait_step();
        looks += 1;
        if looks.is_multiple_of(2) {
            // SAFETY: takes no argument and touches no memory.
            unsafe { libc::sched_yield() };
        } else {
            (0..1 << (FIRST + looks - 1).min(LONGEST)).for_each(|_| std::hint::spin_loop());
        }
    }
}

/// Opens the lock when dropped.
#[derive(Debug)]
pub struct SpinGuard<'a, T> {
    lock: &'a Spin<T>,
}

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard's existence means that this thread alone holds the lock.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as for `deref`, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.lock.held.store(false, Ordering::Release);
    }
}
