//! Memory that the program maps and unmaps itself: a new mapping starts afresh, and the shadow of one that is gone goes back to
//! the kernel.
//!
//! Where nothing has a shadow, and where the shadow is, the program gets no memory: a wish for a place there is passed over
//! as the kernel may do with any, a demand is refused.

use std::ops::Range;

use libc::{c_int, c_long, c_void, off_t};

use crate::shadow::map::is_covered_range;
use crate::shadow::{region, vacant};
use crate::sys::errno;
use crate::thread::current;

/// The shadow of mappings that are not smaller goes back at once.
const LARGE: usize = 64 << 10;

/// The memory has a new life, after which comes what is to be done with its shadow.
fn forget(address: usize, size: usize, then: impl FnOnce(Range<usize>)) {
    if let Some(mut thread) = current::enter()
        && !thread.is_solo()
    {
        let end = address.saturating_add(size);
        thread.forget(address, end);
        then(address..end);
    }
}

fn unmapped(range: Range<usize>) {
    if range.len() < LARGE { vacant::leave(range) } else { region::give_back(range.start, range.end) }
}

/// Whether the program may have memory there. Of none the kernel says what is wrong.
fn is_served(address: usize, size: usize) -> bool {
    size == 0 || is_covered_range(address, address.saturating_add(size))
}

fn refused(reason: c_int) -> isize {
    errno::set(reason);
    -1
}

fn system_call(number: c_long, arguments: [usize; 6]) -> *mut c_void {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the program asked for just this call.
    unsafe { libc::syscall(number, a, b, c, d, e, f) as *mut c_void }
}

/// `mmap`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(
    address: *mut c_void,
    size: usize,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: off_t,
) -> *mut c_void {
    let is_served = is_served(address as usize, size);
    if !is_served && flags & (libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE) != 0 {
        return refused(libc::ENOMEM) as *mut c_void;
    }
    let wished = if is_served { address as usize } else { 0 };
    let arguments = [wished, size, protection as usize, flags as usize, file as usize, offset as usize];
    let mapped = system_call(libc::SYS_mmap, arguments);
    if mapped != libc::MAP_FAILED {
        forget(mapped as usize, size, |range| vacant::take(&range));
    }
    mapped
}

/// `mmap64`, interposed: the same as `mmap` here.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap64(
    address: *mut c_void,
    size: usize,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: off_t,
) -> *mut c_void {
    // SAFETY: passed on from the caller.
    unsafe { mmap(address, size, protection, flags, file, offset) }
}

/// `munmap`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn munmap(address: *mut c_void, size: usize) -> c_int {
    if !is_served(address as usize, size) {
        return refused(libc::EINVAL) as c_int;
    }
    forget(address as usize, size, unmapped);
    system_call(libc::SYS_munmap, [address as usize, size, 0, 0, 0, 0]) as c_int
}
