//! Locks without guards, which the crate announces when they are taken and given back, and what becomes of their misuse.

use super::super::with_return_address;
use super::{count, counted, discount, text};
use crate::report::gather;
use crate::report::model::{Fatal, LockKind, Pc};
use crate::sys::tasks;
use crate::thread::context;
use crate::thread::current;
use crate::thread::holds::Hold;

/// The kinds in the order of their numbers.
const KINDS: [LockKind; 3] = [LockKind::Mutex, LockKind::Read, LockKind::Write];

extern "C" fn hold(lock: usize, kind: usize, pc: usize) -> *const Hold {
    let Some(mut thread) = current::enter() else { return std::ptr::null() };
    let stack = thread.site(Pc(pc));
    counted(thread.hold(lock, KINDS[kind], stack))
}

/// One count more.
///
/// # Safety
/// The pointer is null or came from `__race_hold` and has a count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_hold_count(hold: *const Hold) {
    // SAFETY: the caller's promise.
    unsafe { count(hold) }
}

/// One count fewer.
///
/// # Safety
/// As for [`__race_hold_count`]; the caller gives his count up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_hold_discount(hold: *const Hold) {
    // SAFETY: the caller's promise.
    unsafe { discount(hold) }
}

/// The lock was unlocked, by whichever thread.
///
/// # Safety
/// The pointer came from `__race_hold`, is not null and has a count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_hold_end(hold: &Hold) {
    hold.end();
}

/// Whether the lock was unlocked.
///
/// # Safety
/// As for [`__race_hold_end`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_hold_is_over(hold: &Hold) -> bool {
    hold.is_over()
}

/// The number of the thread that has locked.
///
/// # Safety
/// As for [`__race_hold_end`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_hold_thread(hold: &Hold) -> u32 {
    hold.thread().0
}

/// The running thread's number; one that no thread has when the engine does not work for it.
#[unsafe(no_mangle)]
pub extern "C" fn __race_running() -> u64 {
    current::enter().map_or(u64::MAX, |thread| u64::from(thread.id().0))
}

/// Whether the process has no other thread than the running one.
#[unsafe(no_mangle)]
pub extern "C" fn __race_is_alone() -> bool {
    // The engine's own reading of files is none of the program's.
    let _inside = current::enter();
    tasks::is_alone()
}

extern "C" fn fatal(message: *const u8, size: usize, locked: *const Hold, pc: usize) -> ! {
    // SAFETY: the crate passes text.
    let message = unsafe { text(message, size) }.into();
    let stack = current::enter().map(|mut thread| context::stack(thread.site(Pc(pc)))).unwrap_or_default();
    // SAFETY: null, or a hold that has a count.
    let locked = unsafe { locked.as_ref() }.map(|hold| context::stack(hold.stack()));
    gather::fatal(&Fatal { message, stack, locked })
}

with_return_address! {
    __race_hold => hold, "rdx";
    __race_fatal => fatal, "rcx";
}
