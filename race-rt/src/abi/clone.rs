//! `clone`, interposed where the child gets a copy of the memory: a fork that begins with a function, on a stack that the
//! program has made for it. A child that shares the memory is left to the C library.
//!
//! Guarantees: as for any fork ([`fork`]). When the function returns, and the threads that it has started end too, the count of
//! races is told as at any exit. Can miss: a child with thread-locals of its own, which is not told of the fork.

use libc::{c_int, c_void};

use super::next::Next;
use super::told::real;
use crate::finale;
use crate::sys::errno;
use crate::thread::fork;

type Action = unsafe extern "C" fn(*mut c_void) -> c_int;

/// What the child is to do.
struct Task {
    action: Action,
    argument: *mut c_void,
}

/// Where the child begins.
unsafe extern "C" fn begin(task: *mut c_void) -> c_int {
    fork::in_child();
    // SAFETY: [`clone`] passes its own, which the child has a copy of, and the rest is the program's.
    let status = unsafe {
        let Task { action, argument } = task.cast::<Task>().read();
        action(argument)
    };
    finale::of_first_thread(status)
}

/// `clone`, interposed. On x86-64 a function with a fixed number of arguments finds them where one with a variable number
/// does; those that the caller did not pass are whatever is there, and the C library does not look at them.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clone(
    action: Option<Action>,
    stack: *mut c_void,
    flags: c_int,
    argument: *mut c_void,
    parent_place: *mut c_void,
    locals: *mut c_void,
    child_place: *mut c_void,
) -> c_int {
    static NEXT: Next = Next::new(c"clone");
    // SAFETY: the type is right for this processor, see above, and the arguments are the caller's or stand for them.
    let call = |action: Option<Action>, argument: *mut c_void| unsafe {
        let next = real!(NEXT: fn(Option<Action>, *mut c_void, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_void) -> c_int);
        next(action, stack, flags, argument, parent_place, locals, child_place)
    };
    match action {
        Some(action) if flags & (libc::CLONE_VM | libc::CLONE_SETTLS) == 0 => {
            let mut task = Task { action, argument };
            errno::keep(|| fork::prepare());
            let process = call(Some(begin), (&raw mut task).cast());
            errno::keep(|| fork::in_parent());
            process
        }
        action => call(action, argument),
    }
}
