//! `syscall`, interposed for two things.
//!
//! A futex whose waiter gave up because its time was over, as std's timed waits do. Its order with other threads is no matter
//! of this call; who looks at the clock must not be paused, see [`perturb::time_was_up`].
//!
//! A fork, which the C library does not see: [`fork`]. What `vfork` does for a child that it lends its parent's memory
//! cannot be done through a function, into whose frame the child would return first; it is a fork here, as
//! [`super::process`] has it.
//!
//! Can miss: a child that gets a stack or thread-locals of its own, which does not come back from the call, and one that goes
//! on in its parent's memory.

use std::ops::Range;

use libc::c_long;

use super::next::Next;
use super::told::real;
use crate::perturb;
use crate::sys::errno;
use crate::sys::memory::{self, PAGE};
use crate::thread::fork;

/// What `clone3` is told, as far as it tells of the child's memory: 64-bit numbers.
const CLONE_ARGUMENTS: usize = 8;
const FLAGS: usize = 0;
const STACK: usize = 5;

/// Whether the call makes a process that goes on with a copy of this one's memory where this one called.
fn is_fork(number: c_long, first: c_long, second: c_long) -> bool {
    let (flags, stack) = match number {
        libc::SYS_fork | libc::SYS_vfork => (0, 0),
        libc::SYS_clone => (first as u64, second as u64),
        libc::SYS_clone3 => match arguments_of_clone(first as usize, second as usize) {
            Some(arguments) => (arguments[FLAGS], arguments[STACK]),
            None => return false,
        },
        _ => return false,
    };
    let apart = libc::CLONE_VM | libc::CLONE_SETTLS;
    flags & apart as u64 == 0 && stack == 0
}

/// What `clone3` is told; `None` when the kernel will refuse it.
fn arguments_of_clone(address: usize, size: usize) -> Option<[u64; CLONE_ARGUMENTS]> {
    let Range { start, end } = address..address.checked_add(size_of::<[u64; CLONE_ARGUMENTS]>())?;
    let pages_end = end.checked_next_multiple_of(PAGE)?;
    let is_there = size >= end - start && memory::mapped_end(start & !(PAGE - 1), pages_end) >= pages_end;
    // SAFETY: the program has memory there, which it wants to be read. It need not be aligned.
    is_there.then(|| unsafe { (start as *const [u64; CLONE_ARGUMENTS]).read_unaligned() })
}

/// `syscall`, interposed. On x86-64 a function with a fixed number of arguments finds them where one with a variable number
/// does; those that the caller did not pass are whatever is there, and the kernel does not look at them.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    number: c_long,
    first: c_long,
    second: c_long,
    third: c_long,
    fourth: c_long,
    fifth: c_long,
    sixth: c_long,
) -> c_long {
    static NEXT: Next = Next::new(c"syscall");
    // SAFETY: the type is right for this processor, see above, and the arguments are the caller's.
    let call = |number| unsafe {
        let next = real!(NEXT: fn(c_long, c_long, c_long, c_long, c_long, c_long, c_long) -> c_long);
        next(number, first, second, third, fourth, fifth, sixth)
    };
    if is_fork(number, first, second) {
        return fork::around(|| call(if number == libc::SYS_vfork { libc::SYS_fork } else { number }));
    }
    let result = call(number);
    if result == -1 && number == libc::SYS_futex && errno::current() == libc::ETIMEDOUT {
        errno::keep(perturb::time_was_up);
    }
    result
}
