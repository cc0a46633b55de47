//! What one operation publishes, which the crate keeps with a message or in a slot.

use super::{count, counted, discount};
use crate::clock::Head;
use crate::thread::{Thread, current};

/// What the running thread did and knew so far; null when the engine does not work for it.
#[unsafe(no_mangle)]
pub extern "C" fn __race_release() -> *const Head {
    let Some(mut thread) = current::enter() else { return std::ptr::null() };
    counted(Thread::release(&mut thread))
}

/// All that the release carries happens before what the running thread does from now on.
///
/// # Safety
/// The pointer is null or came from [`__race_release`] and has a count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_release_acquire(release: *const Head) {
    // SAFETY: the caller's promise.
    if let Some(head) = unsafe { release.as_ref() }
        && let Some(mut thread) = current::enter()
    {
        thread.acquire_head(head);
    }
}

/// One count more.
///
/// # Safety
/// As for [`__race_release_acquire`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_release_count(release: *const Head) {
    // SAFETY: the caller's promise.
    unsafe { count(release) }
}

/// One count fewer.
///
/// # Safety
/// As for [`__race_release_acquire`]; the caller gives his count up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_release_discount(release: *const Head) {
    // SAFETY: the caller's promise.
    unsafe { discount(release) }
}
