//! One-time initialisation of the C library, interposed, with C11's name for it: the routine's end happens before every
//! return.
//!
//! A routine that throws or is cancelled leaves past these frames, and nothing here runs then. So its
//! beginning is noted, and an attempt that finds one noted learns all that any thread did so far: more than it must, never
//! less.

use std::cell::Cell;

use libc::c_int;

use super::next::Next;
use super::told::{acquires, real, releases, tell};
use crate::sys::spin::Spin;
use crate::thread::registry;

type Routine = extern "C" fn();
/// `pthread_once_t` and `once_flag` alike.
type Control = *mut c_int;

thread_local! {
    /// What the C library is to run if the running thread turns out to be the one.
    static PENDING: Cell<Option<(Control, Routine)>> = const { Cell::new(None) };
}

/// The addresses of controls for which an attempt has begun and not ended well.
static UNFINISHED: Spin<Vec<usize>> = Spin::new(Vec::new());

fn begin(control: Control) {
    tell(|thread| {
        let mut unfinished = UNFINISHED.lock();
        if !unfinished.contains(&(control as usize)) {
            unfinished.push(control as usize);
            return;
        }
        drop(unfinished);
        registry::learn_all(thread);
    });
}

fn end(control: Control) {
    tell(|_| UNFINISHED.lock().retain(|address| *address != control as usize));
    releases(control);
}

extern "C" fn run() {
    // Taken before the routine, which may initialise something else.
    let Some((control, routine)) = PENDING.take() else {
        return;
    };
    begin(control);
    routine();
    end(control);
}

/// `pthread_once`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_once(control: Control, routine: Routine) -> c_int {
    static NEXT: Next = Next::new(c"pthread_once");
    PENDING.set(Some((control, routine)));
    // SAFETY: the type is right, the arguments are the caller's, and `run` calls the routine.
    let result = unsafe { real!(NEXT: fn(Control, Routine) -> c_int)(control, run) };
    acquires(control);
    result
}

/// `call_once`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn call_once(control: Control, routine: Routine) {
    static NEXT: Next = Next::new(c"call_once");
    PENDING.set(Some((control, routine)));
    // SAFETY: the type is right, the arguments are the caller's, and `run` calls the routine.
    unsafe { real!(NEXT: fn(Control, Routine) -> ())(control, run) };
    acquires(control);
}
