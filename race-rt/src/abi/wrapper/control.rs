//! What a program says of order and of accesses by the crate's own functions, and its settings.

use super::text;
use crate::perturb;
use crate::start;
use crate::thread::{Thread, current};

/// All that the running thread did happens before whatever acquires `address` from now on.
#[unsafe(no_mangle)]
pub extern "C" fn __race_release_at(address: usize) {
    if let Some(mut thread) = current::enter() {
        thread.release_at(address);
    }
}

/// All that was released at `address` happens before what the running thread does from now on.
#[unsafe(no_mangle)]
pub extern "C" fn __race_acquire_at(address: usize) {
    if let Some(mut thread) = current::enter() {
        thread.acquire_at(address);
    }
}

/// The running thread's accesses are not recorded, until [`__race_heed`] was called as often as this returned true.
#[unsafe(no_mangle)]
pub extern "C" fn __race_ignore() -> bool {
    current::enter().as_deref_mut().map(Thread::ignore).is_some()
}

/// Takes one [`__race_ignore`] back.
#[unsafe(no_mangle)]
pub extern "C" fn __race_heed() {
    if let Some(mut thread) = current::enter() {
        thread.heed();
    }
}

/// The seed of the process.
#[unsafe(no_mangle)]
pub extern "C" fn __race_seed() -> u64 {
    let _inside = current::enter();
    perturb::seed()
}

/// How the schedule is disturbed, as it is written in `RACE_OPTIONS`: as much of it as there is room for. Returns how many
/// bytes that is.
///
/// # Safety
/// The room holds so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_schedule(room: *mut u8, size: usize) -> usize {
    let _inside = current::enter();
    let text = perturb::schedule().to_string();
    let size = size.min(text.len());
    // SAFETY: passed on from the caller.
    unsafe { room.copy_from_nonoverlapping(text.as_ptr(), size) };
    size
}

/// The program brings options, which hold where the environment does not say otherwise.
///
/// # Safety
/// The bytes are text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_default_options(options: *const u8, size: usize) {
    // SAFETY: the caller's promise.
    let options = unsafe { text(options, size) };
    let _inside = current::enter();
    start::default_to(options, "the options of #[race::main]");
}
