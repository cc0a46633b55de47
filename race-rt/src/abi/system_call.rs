//! `syscall`, interposed for one thing: a futex whose waiter gave up because its time was over, as std's timed waits do. Its
//! order with other threads is no matter of this call; who looks at the clock must not be paused, see
//! [`perturb::time_was_up`].

use libc::c_long;

use super::next::Next;
use super::told::real;
use crate::perturb;
use crate::sys::errno;

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
    let result = unsafe {
        let next = real!(NEXT: fn(c_long, c_long, c_long, c_long, c_long, c_long, c_long) -> c_long);
        next(number, first, second, third, fourth, fifth, sixth)
    };
    if result == -1 && number == libc::SYS_futex && errno::current() == libc::ETIMEDOUT {
        errno::keep(perturb::time_was_up);
    }
    result
}
