//! What the wrapper tier calls when `cargo race` builds it: the crate `race` then has no engine of its own.
//!
//! Each file is the other side of one in the crate's `src/engine/linked`; both have to agree by hand, since they share no
//! code. Types of the engine go out as pointers to what is counted or boxed here, null where the engine does not work for
//! the running thread; all functions take null. No call unwinds, and none runs code of the program's but [`report`]'s.
//!
//! The crate's own code is instrumented like the rest of the program. What it does for itself, under locks of its own, is
//! nobody's doing between [`hidden::__race_hide`] and [`hidden::__race_show`].

pub mod access;
pub mod control;
pub mod edge;
pub mod hidden;
pub mod hold;
pub mod origin;
pub mod release;
pub mod report;
pub mod test;

use std::sync::Arc;

use crate::thread::current;

/// What was counted goes out, by a pointer that has one count.
fn counted<T>(value: T) -> *const T {
    Arc::into_raw(Arc::new(value))
}

/// One count more.
///
/// # Safety
/// The pointer is null or came from [`counted`] and has a count.
unsafe fn count<T>(value: *const T) {
    if !value.is_null() {
        // SAFETY: the caller's promise.
        unsafe { Arc::increment_strong_count(value) };
    }
}

/// One count fewer.
///
/// # Safety
/// The pointer is null or came from [`counted`] and has a count, which the caller gives up.
unsafe fn discount<T>(value: *const T) {
    if !value.is_null() {
        // What the engine frees is its own.
        let _inside = current::enter();
        // SAFETY: the caller's promise.
        unsafe { Arc::decrement_strong_count(value) };
    }
}

/// Text of the program's.
///
/// # Safety
/// The bytes are text and live through the call.
unsafe fn text<'a>(start: *const u8, size: usize) -> &'a str {
    // SAFETY: the caller's promise.
    unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(start, size)) }
}
