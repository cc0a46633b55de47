//! Which thread is running, and the guard under which the engine works for it.
//!
//! A thread that the engine has not met points to a placeholder whose epoch matches nothing, so the hot path needs no
//! check of its own for it; the first event that leaves the hot path makes the thread's real state. After its end it
//! points to another placeholder, and nothing it still does is recorded.

use std::cell::Cell;
use std::ops::{Deref, DerefMut, Range};

use super::call_stack::CallStack;
use super::fork::{self, Stateless};
#[cfg(feature = "whole-program")]
use super::presence::Presence;
use super::{Hot, Thread, last_step, pointer, registry};
use crate::access;
use crate::clock::Epoch;
use crate::report::gather;
use crate::shadow::{AtomicPresent, vacant};
use crate::sys::atomic::Ordering::{Relaxed, SeqCst};
use crate::sys::atomic::{AtomicBool, compiler_fence};
use crate::sys::stack;

#[repr(transparent)]
pub(super) struct Placeholder(Hot);

// SAFETY: nobody writes to a placeholder: its epoch is only read and its call stack has no room.
unsafe impl Sync for Placeholder {}

/// What a thread that the engine has not met points to.
pub(super) static UNKNOWN: Placeholder = Placeholder(Hot { present: AtomicPresent::unknown(), calls: CallStack::NONE });
static ENDED: Placeholder = Placeholder(Hot { present: AtomicPresent::unknown(), calls: CallStack::NONE });

thread_local! {
    /// The engine is at work for the running thread while that has no state of its own.
    static WITHOUT_STATE: Cell<bool> = const { Cell::new(false) };
}

/// The running thread's hot part. Only ever read through, or written through [`CallStack`]'s checked steps.
#[inline(always)]
pub fn hot() -> *mut Hot {
    pointer::get()
}

fn is_unknown(hot: *mut Hot) -> bool {
    std::ptr::eq(hot, &UNKNOWN.0)
}

fn is_ended(hot: *mut Hot) -> bool {
    std::ptr::eq(hot, &ENDED.0)
}

/// The engine at work for the running thread, until dropped.
#[derive(Debug)]
pub struct Inside {
    thread: *mut Thread,
}

/// Starts working for the running thread; makes its state at its first event. `None` when the thread has ended, or when
/// a signal handler or the engine's own doing interrupted the engine.
#[inline]
pub fn enter() -> Option<Inside> {
    let mut hot = hot();
    // SAFETY: the hot part is the running thread's own or a placeholder, whose present step is nobody's.
    if unsafe { !(*hot).present.get().is_known() } {
        hot = adopt(hot)?;
    }
    let thread = hot.cast::<Thread>();
    // SAFETY: a pointer that is no placeholder is the running thread's own state, which nobody else writes.
    if unsafe { !(*thread).presence.is_outside() } {
        return None;
    }
    // SAFETY: as above.
    unsafe {
        (*thread).presence.enter();
        fork::let_pass(&(*thread).presence);
        (*thread).step_if_asked();
    }
    Some(Inside { thread })
}

/// The running thread, as of [`enter_briefly`].
#[derive(Debug)]
pub struct Brief<'a> {
    /// Its state.
    pub thread: &'a mut Thread,
    /// Its present step.
    pub epoch: Epoch,
}

/// [`enter`] for work that calls nothing, so that who does it needs no room on the stack; [`Brief::leave`] ends it. `None`
/// when there is more to do than to begin: then [`enter`] is due.
#[inline(always)]
pub fn enter_briefly<'a>() -> Option<Brief<'a>> {
    let hot = hot();
    // SAFETY: as in `enter`: a hot part with a step is no placeholder.
    unsafe {
        let thread = hot.cast::<Thread>();
        let present = (*hot).present.get();
        if !present.is_plain() || !(*thread).presence.is_outside() {
            return None;
        }
        (*thread).presence.enter();
        // As in `enter`: first inside, then a look at whether somebody wants something of the thread.
        if fork::is_underway() || (*hot).present.get() != present {
            (*thread).presence.leave();
            return None;
        }
        Some(Brief { thread: &mut *thread, epoch: present.epoch() })
    }
}

impl Brief<'_> {
    /// Ends the work. When it is not done, [`enter`] is due.
    #[inline(always)]
    pub fn leave(self, is_done: bool) {
        self.thread.presence.leave();
        compiler_fence(SeqCst);
        if is_done && self.thread.due.load(Relaxed) {
            do_what_is_due();
        }
    }
}

/// The running thread for a look that changes nothing, so that nobody has to know of it. `None` when the engine is at
/// work for the thread or has not met it.
#[inline(always)]
pub fn at_rest<'a>() -> Option<&'a Thread> {
    let hot = hot();
    // SAFETY: the hot part is the running thread's own or a placeholder, whose present step is nobody's. The state
    // is nobody else's to change while the program's own code runs.
    unsafe {
        let is_met = (*hot).present.get().is_known();
        (is_met && (*hot.cast::<Thread>()).presence.is_outside()).then(|| &*hot.cast())
    }
}

/// Whether the engine has met the running thread, which has not ended.
pub fn is_known() -> bool {
    let hot = hot();
    !is_unknown(hot) && !is_ended(hot)
}

/// Drops memory of the engine's own. Where it shares an allocator with the program, such memory has no life that anybody
/// told of: it must neither count as released by the running thread nor meet what was done to it before it was the engine's.
pub fn drop_own<T>(own: T) {
    // To an unknown thread no release is charged.
    let _inside = is_known().then(enter);
    drop(own);
}

/// Whether the engine is at work for the running thread right now.
pub fn is_at_work() -> bool {
    let hot = hot();
    // SAFETY: as in `enter`.
    !is_unknown(hot) && !is_ended(hot) && unsafe { !(*hot.cast::<Thread>()).presence.is_outside() }
}

/// Set in a child that was forked while the engine was at work for others: its locks may be held there by threads that
/// did not come along, so it is not watched.
static UNWATCHED: AtomicBool = AtomicBool::new(false);

/// Whether this process is such a child.
pub fn is_unwatched() -> bool {
    UNWATCHED.load(Relaxed)
}

/// This process is such a child.
pub(super) fn stop_watching() {
    UNWATCHED.store(true, Relaxed);
    pointer::set((&raw const ENDED.0).cast_mut());
}

/// Nothing is recorded of the running thread, which begins or ends a fork, until [`look_back`]. False when the engine is
/// at work for it already.
pub(super) fn look_away() -> bool {
    let hot = hot();
    if is_unknown(hot) || is_ended(hot) {
        return !WITHOUT_STATE.replace(true);
    }
    // SAFETY: as in `enter`.
    let presence = unsafe { &(*hot.cast::<Thread>()).presence };
    let was_outside = presence.is_outside();
    presence.enter();
    was_outside
}

/// Takes back a [`look_away`] that was true.
pub(super) fn look_back() {
    let hot = hot();
    if is_unknown(hot) || is_ended(hot) {
        WITHOUT_STATE.set(false);
    } else {
        drop(Inside { thread: hot.cast() });
    }
}

/// What a signal's handler has interrupted in the running thread.
#[cfg(feature = "whole-program")]
#[derive(Debug)]
pub(crate) enum Interrupted<'a> {
    /// The program, or the engine where nothing can be put off.
    Program,
    /// The engine at work.
    Engine(&'a AtomicBool),
    /// The engine while it rests.
    Rest(&'a Presence),
}

/// What a signal's handler has interrupted. Of the engine at work the flag that it is to set when something is put off.
#[cfg(feature = "whole-program")]
pub(crate) fn interrupted<'a>() -> Interrupted<'a> {
    let hot = hot();
    if is_unknown(hot) || is_ended(hot) {
        return Interrupted::Program;
    }
    // SAFETY: as in `enter`; the state lives as long as the thread.
    let thread = unsafe { &*hot.cast::<Thread>() };
    if thread.presence.is_outside() {
        Interrupted::Program
    } else if thread.presence.is_at_work() {
        Interrupted::Engine(&thread.due)
    } else {
        Interrupted::Rest(&thread.presence)
    }
}

/// Ends what [`Inside::stay`] began for the running thread.
#[cfg(feature = "whole-program")]
pub(crate) fn resume() {
    if is_at_work() {
        drop(Inside { thread: hot().cast() });
    }
}

#[cold]
fn adopt(hot: *mut Hot) -> Option<*mut Hot> {
    if is_ended(hot) || is_unwatched() || WITHOUT_STATE.replace(true) {
        return None;
    }
    crate::start::ensure();
    let _at_work = Stateless::begin();
    // SAFETY: neither call has preconditions.
    let is_main = unsafe { libc::syscall(libc::SYS_gettid) == libc::getpid() as i64 };
    let thread = registry::adopt(is_main);
    // The event may be an allocation of the C library's own, made while it holds the lock under which it would tell the
    // thread's stack: that is left for the thread's end.
    install(thread, None);
    if !is_main {
        last_step::watch();
    }
    WITHOUT_STATE.set(false);
    Some(self::hot())
}

/// The running thread begins, as `thread`. Its stack has no past: the C library maps stacks where blocks of the heap may
/// have been, or the stack of a thread whose end nobody saw.
///
/// For a thread's own first step, outside of any allocation.
pub fn begin(thread: Box<Thread>) {
    // Asking for the stack allocates, by a thread that is not to be adopted for it.
    let without_state = WITHOUT_STATE.replace(true);
    let _at_work = Stateless::begin();
    install(thread, stack::current());
    WITHOUT_STATE.set(without_state);
}

fn install(mut thread: Box<Thread>, stack: Option<Range<usize>>) {
    if cfg!(feature = "whole-program") {
        let size = stack.as_ref().map_or_else(stack::usual_size, Range::len);
        thread.hot.calls = CallStack::for_stack_of(size);
    }
    if let Some(stack) = &stack {
        vacant::take(stack);
        thread.forget(stack.start, stack.end);
    }
    thread.stack = stack;
    pointer::set(Box::into_raw(thread).cast());
}

/// The running thread has done its last step. Its stack's shadow is cleared for the next owner of that memory.
pub fn end() {
    let hot = hot();
    if is_unknown(hot) || is_ended(hot) {
        return;
    }
    pointer::set((&raw const ENDED.0).cast_mut());
    // SAFETY: a pointer that is no placeholder is a state that nobody else uses now.
    if unsafe { (*hot.cast::<Thread>()).is_fiber } {
        // The program's to destroy. The thread's own state is not at hand, and nobody learns of its end.
        return;
    }
    WITHOUT_STATE.set(true);
    let _at_work = Stateless::begin();
    // SAFETY: the pointer came from `Box::into_raw` in `install` and is given up by the line above.
    let mut thread = unsafe { Box::from_raw(hot.cast::<Thread>()) };
    if let Some(stack) = thread.stack.take().or_else(stack::current) {
        thread.forget(stack.start, stack.end);
        vacant::leave(stack);
    }
    registry::finish(thread);
    WITHOUT_STATE.set(false);
}

/// The memory of `start..end` has a new life, by the doing of the running thread, which may be one that the engine does
/// not know and need not know for this. The engine's own memory is left alone.
#[cold]
pub fn forget(start: usize, end: usize) {
    let hot = hot();
    if !is_unknown(hot) && !is_ended(hot) {
        if let Some(mut thread) = enter() {
            thread.forget(start, end);
        }
    } else if !is_unwatched() && !WITHOUT_STATE.replace(true) {
        let _at_work = Stateless::begin();
        access::forget(start, end);
        WITHOUT_STATE.set(false);
    }
}

/// Another thread's state becomes the running one, and the present one is handed out: for logical tasks and for tests
/// that play several threads.
///
/// # Safety
/// `next` is null or came from this function or from `Box::into_raw`; what is handed out is passed back before the
/// operating system's thread ends.
pub unsafe fn exchange(next: *mut Thread) -> *mut Thread {
    let previous = hot();
    let next = if next.is_null() { (&raw const UNKNOWN.0).cast_mut() } else { next.cast() };
    pointer::set(next);
    if is_unknown(previous) || is_ended(previous) { std::ptr::null_mut() } else { previous.cast() }
}

#[cfg(feature = "whole-program")]
impl Inside {
    /// The engine stays at work for the thread, and so records nothing that the thread does, until [`resume`].
    pub(crate) fn stay(self) {
        std::mem::forget(self);
    }

    /// Nothing is recorded of the thread, as before, but the engine does nothing for it either until this is dropped: for
    /// calls of the C library's that may take long.
    pub(crate) fn rest(&self) {
        self.presence.rest();
    }
}

impl Deref for Inside {
    type Target = Thread;

    #[inline]
    fn deref(&self) -> &Thread {
        // SAFETY: `enter` checked that this is the running thread's state and that nobody else works on it.
        unsafe { &*self.thread }
    }
}

impl DerefMut for Inside {
    #[inline]
    fn deref_mut(&mut self) -> &mut Thread {
        // SAFETY: as for `deref`.
        unsafe { &mut *self.thread }
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: as for `deref`. The order matters: a handler that comes after the first line leaves nothing to be done.
        let due = unsafe {
            (*self.thread).presence.leave();
            compiler_fence(SeqCst);
            (*self.thread).due.load(Relaxed)
        };
        if due {
            do_what_is_due();
        }
    }
}

#[cold]
#[inline(never)]
fn do_what_is_due() {
    let hot = hot();
    if is_unknown(hot) || is_ended(hot) {
        return;
    }
    // SAFETY: as in `enter`.
    let has_untold = unsafe {
        (*hot.cast::<Thread>()).due.store(false, Relaxed);
        !(*hot.cast::<Thread>()).untold.is_empty()
    };
    #[cfg(feature = "whole-program")]
    crate::abi::signal::deliver();
    if has_untold {
        tell();
    }
}

/// Tells the program of the running thread's reports. What it does about them is its own doing, but not recorded.
#[cold]
#[inline(never)]
fn tell() {
    let Some(mut thread) = enter() else { return };
    let untold = std::mem::take(&mut thread.untold);
    thread.ignore();
    let hidden = thread.reveal();
    drop(thread);
    gather::tell(&untold);
    if let Some(mut thread) = enter() {
        thread.conceal(hidden);
        thread.heed();
        // What the engine allocated is the engine's to free.
        drop(untold);
    }
}
