//! Std's list of threads, which is not the program's doing.
//!
//! Every thread of std enters itself into a list as it begins and leaves it as it ends, for the message about a stack
//! that overflows, and locks a mutex of std's own for that. Seen as any lock, it would order the end of each thread
//! before the start of every later one, and hide the races of threads that live one after the other. So the engine
//! looks away from the moment when a thread has locked the list until it has unlocked it:
//!
//! ```text
//! lock, and so long as it is held    nothing is recorded and nothing is learned, the lock's own operations included
//! unlock                             the thread is watched again
//! ```
//!
//! (Learning while the lock is held and forgetting it afterwards would not do: clocks rest on it that who knows a step of
//! a thread knows all that the thread knew then.)
//!
//! Never a false report: what the lock protects is touched only while it is held, when nobody is watched, and the
//! blocks that the list takes from the heap and gives back there start afresh with their next owner. That holds for the
//! C library's heap, which the engine sees. Of another allocator's blocks it sees no new life, and the lock's order may
//! be the only one by which a thread gets the block of one that has ended: with such an allocator the lock is one as any
//! other. Which it is tells the box that std starts a thread with: it must have come from the C library. The lock is one
//! as any other, too, where its name is not found: in a program that is built with link-time optimisation.
//!
//! Can miss: races in std's own list, and those that the lock hides where it is one as any other.

use std::cell::Cell;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::weak::address_of_weak;
use crate::thread::{ThreadId, current};

/// What the mutex's word says while nobody holds it.
const UNLOCKED: u32 = 0;

/// What the running thread was started with, for a thread of std a box of its own.
#[derive(Clone, Copy)]
enum Argument {
    /// The C library started the thread without our help.
    Unknown,
    Kept(usize),
    /// The thread gave it back to the C library's heap, so std's boxes come from there.
    Freed,
}

thread_local! {
    static ARGUMENT: Cell<Argument> = const { Cell::new(Argument::Unknown) };
    /// Whether the engine looks away from the running thread.
    static AWAY: Cell<bool> = const { Cell::new(false) };
}

/// A thread of std came to the list that has not given its argument back to the C library's heap. It stays so: the
/// list must not be looked at by some of its users only.
static OTHER_ALLOCATOR: AtomicBool = AtomicBool::new(false);

/// The running thread was started with `argument`.
pub fn begin(argument: usize) {
    ARGUMENT.set(Argument::Kept(argument));
}

/// The running thread gives `block` back to the C library's heap.
#[inline]
pub fn freed(block: usize) {
    if let Argument::Kept(argument) = ARGUMENT.get()
        && argument == block
    {
        ARGUMENT.set(Argument::Freed);
    }
}

/// Whether the engine looks away from the running thread. Memory that it allocates has a new life all the same: an
/// allocator that keeps accounts on the C library's heap may go on using it when the list is unlocked.
#[cold]
pub fn is_away() -> bool {
    AWAY.get()
}

/// Whether `address` is that of the list's lock. `cargo race` gives the lock its name in the instrumented std.
#[inline]
pub fn is_lock(address: usize) -> bool {
    // Null, where there is no such name, is no lock's address.
    address == address_of_weak!("__race_std_thread_list_lock")
}

/// Does `operation`, a read-modify-write of the lock's word that would store `new`, and returns what was there before.
#[cold]
#[inline(never)]
pub fn operate(new: u32, operation: impl FnOnce() -> u32) -> u32 {
    if new == UNLOCKED {
        let old = operation();
        if AWAY.replace(false) {
            current::resume();
        }
        return old;
    }
    let Some(thread) = current::enter() else {
        return operation();
    };
    // The main thread has no argument that would tell. It enters itself alone and leaves when the process ends.
    if thread.id() != ThreadId::MAIN && !matches!(ARGUMENT.get(), Argument::Freed) {
        OTHER_ALLOCATOR.store(true, Relaxed);
    }
    if thread.is_solo() || OTHER_ALLOCATOR.load(Relaxed) {
        drop(thread);
        return operation();
    }
    let old = operation();
    if old == UNLOCKED {
        AWAY.set(true);
        thread.stay();
    }
    old
}
