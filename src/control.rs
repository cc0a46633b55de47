//! What a program tells the engine about memory and order that the engine cannot see by itself: [`acquire`] and
//! [`release`], [`ignore`], [`forget`]. In every build; without the engine they do nothing, and [`ignore`] runs its
//! closure.
//!
//! Guarantees: what these functions claim is believed. A claim of an order that is not there hides races and never makes
//! a false report; an order that is there and not claimed may make one.

use crate::engine::{Ignoring, acquire_at, handed_out, release_at};

/// All that this thread did so far happens before whatever is done after a later [`acquire`] of the same address.
///
/// For synchronisation that the detector does not see: a lock in assembly or in foreign code, a queue in shared memory.
/// The address only names it; the memory is not accessed. Releases add up: an acquire follows all of them, not the last
/// one alone. They are forgotten with their memory, when it is allocated anew or [`forget`] says so.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// /// A lock of std's atomics, which the detector does not see.
/// struct Latch(AtomicBool);
///
/// impl Latch {
///     fn lock(&self) {
///         while self.0.swap(true, Ordering::Acquire) {
///             std::hint::spin_loop();
///         }
///         race::acquire(self);
///     }
///
///     fn unlock(&self) {
///         race::release(self);
///         self.0.store(false, Ordering::Release);
///     }
/// }
///
/// let latch = Latch(AtomicBool::new(false));
/// latch.lock();
/// latch.unlock();
/// ```
#[inline]
pub fn release<T: ?Sized>(address: *const T) {
    release_at(address.cast::<u8>() as usize);
}

/// Whatever was done before a former [`release`] of the same address happens before all that this thread does from now
/// on. Without such a release it orders nothing.
///
/// To be called when the lock has been taken or the message has been read: after the fact, not before. See [`release`].
#[inline]
pub fn acquire<T: ?Sized>(address: *const T) {
    acquire_at(address.cast::<u8>() as usize);
}

/// Runs `action` without recording or checking this thread's accesses in it; what synchronises there does so as ever.
///
/// For code that races on purpose, such as a statistic that may be wrong: it stays undefined behaviour where it is one.
/// Calls may be nested. Threads that `action` creates are not meant by it, nor are tasks that it polls.
///
/// ```
/// static mut HITS: u64 = 0;
///
/// race::ignore(|| {
///     // SAFETY: one thread only, here.
///     unsafe { HITS += 1 };
/// });
/// ```
#[inline]
pub fn ignore<R>(action: impl FnOnce() -> R) -> R {
    let _ignoring = Ignoring::begin();
    action()
}

/// The `size` bytes from `start` on have a new owner: what was done to them before matters no more, nor what was
/// released there.
///
/// For arenas and pools that hand out the same memory again. Blocks of Rust's default allocator are known, and those of
/// a global allocator in [`alloc::Tracked`](crate::alloc::Tracked). Memory is forgotten eight bytes at a time: of a piece
/// that does not begin and end at a multiple of eight, its neighbours' shares of these are forgotten too.
///
/// ```
/// /// Hands out one place, again and again.
/// struct Pool(Box<u64>);
///
/// impl Pool {
///     fn take(&mut self) -> *mut u64 {
///         let place = &raw mut *self.0;
///         race::forget(place.cast::<u8>(), size_of::<u64>());
///         place
///     }
/// }
///
/// assert!(!Pool(Box::new(0)).take().is_null());
/// ```
#[inline]
pub fn forget(start: *const u8, size: usize) {
    handed_out(start as usize, size);
}
