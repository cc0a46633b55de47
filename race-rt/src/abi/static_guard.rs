//! The guards of C++'s static variables in functions, which C++ code calls by the names of the C++ ABI: the initialiser's
//! end happens before every use, and an initialiser that failed before the next attempt.
//!
//! Instead of the C++ library's own, which may be linked in and not to be found behind ours. The guard's word is laid out as
//! in GNU's library, so that code which comes with that one's functions gets on with ours: byte 0 says that the variable is
//! initialised, and is read by the program itself too, the next two that somebody is at it and that others wait.

use std::sync::atomic::Ordering;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::atomic::{AtomicU8, AtomicU32};

use super::atomic::{place, watched};
use super::with_return_address;
use crate::sys::errno;

const INITIALISED: u32 = 1;
const BEGUN: u32 = 1 << 8;
const AWAITED: u32 = 1 << 16;

/// What a guard's initialiser comes to.
enum Outcome {
    Initialised,
    Failed,
}

fn word(guard: usize) -> &'static AtomicU32 {
    // SAFETY: the compiler made the guard, of eight aligned bytes that live as long as the program uses it.
    unsafe { AtomicU32::from_ptr(guard as *mut u32) }
}

/// Learns what came with the guard's present state.
fn learn(guard: usize, pc: usize) {
    if let Some(mut thread) = watched(guard) {
        let place = place(guard, 1, pc);
        // SAFETY: the first byte of the guard.
        let byte = unsafe { AtomicU8::from_ptr(guard as *mut u8) };
        thread.atomic_load(place, Ordering::Acquire, || byte.load(Acquire));
    }
}

/// Returns 1 when the caller is to initialise the variable, 0 when that is done.
extern "C" fn acquire(guard: usize, pc: usize) -> libc::c_int {
    let word = word(guard);
    let begun = errno::keep(|| {
        loop {
            let state = match word.compare_exchange(0, BEGUN, AcqRel, Acquire) {
                Ok(_) => return 1,
                Err(state) => state,
            };
            if state & INITIALISED != 0 {
                return 0;
            }
            let awaited = state | AWAITED;
            if state == awaited || word.compare_exchange(state, awaited, AcqRel, Acquire).is_ok() {
                wait(word, awaited);
            }
        }
    });
    learn(guard, pc);
    begun
}

fn leave(guard: usize, outcome: Outcome, pc: usize) {
    let word = word(guard);
    let new = match outcome {
        Outcome::Initialised => INITIALISED,
        Outcome::Failed => 0,
    };
    let mut old = 0;
    match watched(guard) {
        Some(mut thread) => {
            let place = place(guard, 1, pc);
            thread.atomic_store(place, Ordering::Release, || old = word.swap(new, AcqRel));
        }
        None => old = word.swap(new, AcqRel),
    }
    if old & AWAITED != 0 {
        errno::keep(|| wake(word));
    }
}

extern "C" fn release(guard: usize, pc: usize) {
    leave(guard, Outcome::Initialised, pc);
}

extern "C" fn abort(guard: usize, pc: usize) {
    leave(guard, Outcome::Failed, pc);
}

fn wait(word: &AtomicU32, state: u32) {
    let no_limit = std::ptr::null::<libc::timespec>();
    // SAFETY: the kernel reads the word and no other memory.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, state, no_limit) };
}

fn wake(word: &AtomicU32) {
    // SAFETY: the kernel goes by the word's address alone.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
}

with_return_address! {
    __cxa_guard_acquire => acquire, "rsi";
    __cxa_guard_release => release, "rsi";
    __cxa_guard_abort => abort, "rsi";
}
