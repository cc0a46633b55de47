//! The running thread's own stack, with its thread-local storage where that lies beside it.

use std::mem::MaybeUninit;
use std::ops::Range;

/// Bytes of a stack for which the system's limit is the size, such as the main thread's; no lock is taken.
pub fn usual_size() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the place is valid. A failure leaves zero.
    unsafe { libc::getrlimit(libc::RLIMIT_STACK, &mut limit) };
    limit.rlim_cur as usize
}

/// The addresses of the running thread's stack; `None` when the system does not say. The main thread's grows up to its
/// limit, which is what is returned for it. Must not be called from within an allocation: the C library allocates
/// under a lock for it.
pub fn current() -> Option<Range<usize>> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut start = std::ptr::null_mut();
    let mut size = 0;
    // SAFETY: the attributes are initialised by the first call when it succeeds, and destroyed once after use.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let failed = libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size) != 0;
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if failed {
            return None;
        }
    }
    let start = (start as usize).next_multiple_of(8);
    Some(start..(start + size) & !7)
}
