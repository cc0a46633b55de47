//! The beginning, the end and the waiting of descriptors, interposed.
//!
//! To wait at an instance of epoll orders after what was said to it, which may be the address of something new; what
//! happened at the descriptors themselves is learned by who reads from them.

use libc::{c_int, c_uint, c_void, epoll_event};

use super::next::Next;
use super::told::{real, tell};
use super::with_return_address;
use crate::access::AccessKind;
use crate::report::model::Pc;
use crate::sync::descriptors;

/// Tells of an end that readers may see.
fn ends(descriptor: c_int) {
    tell(|thread| {
        if !thread.is_solo() {
            thread.release_into(descriptor);
        }
    });
}

/// `close`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(descriptor: c_int) -> c_int {
    static NEXT: Next = Next::new(c"close");
    ends(descriptor);
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(c_int) -> c_int)(descriptor) }
}

/// `shutdown`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shutdown(socket: c_int, how: c_int) -> c_int {
    static NEXT: Next = Next::new(c"shutdown");
    ends(socket);
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(c_int, c_int) -> c_int)(socket, how) }
}

/// `socketpair`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn socketpair(domain: c_int, kind: c_int, protocol: c_int, to: *mut c_int) -> c_int {
    static NEXT: Next = Next::new(c"socketpair");
    // SAFETY: the type is right and the arguments are the caller's.
    let result = unsafe { real!(NEXT: fn(c_int, c_int, c_int, *mut c_int) -> c_int)(domain, kind, protocol, to) };
    if result == 0 {
        // SAFETY: the call has written both.
        tell(|_| unsafe { descriptors::pair(*to, *to.add(1)) });
    }
    result
}

/// `connect`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn connect(socket: c_int, address: *const c_void, size: c_uint) -> c_int {
    static NEXT: Next = Next::new(c"connect");
    tell(|thread| thread.release_connection());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(c_int, *const c_void, c_uint) -> c_int)(socket, address, size) }
}

fn accepted(socket: c_int) -> c_int {
    if socket >= 0 {
        tell(|thread| thread.acquire_connection());
    }
    socket
}

/// `accept`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn accept(socket: c_int, address: *mut c_void, size: *mut c_uint) -> c_int {
    static NEXT: Next = Next::new(c"accept");
    // SAFETY: the type is right and the arguments are the caller's.
    accepted(unsafe { real!(NEXT: fn(c_int, *mut c_void, *mut c_uint) -> c_int)(socket, address, size) })
}

/// `accept4`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn accept4(socket: c_int, address: *mut c_void, size: *mut c_uint, flags: c_int) -> c_int {
    static NEXT: Next = Next::new(c"accept4");
    // SAFETY: the type is right and the arguments are the caller's.
    accepted(unsafe { real!(NEXT: fn(c_int, *mut c_void, *mut c_uint, c_int) -> c_int)(socket, address, size, flags) })
}

/// `epoll_ctl`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn epoll_ctl(epoll: c_int, operation: c_int, of: c_int, event: *mut epoll_event) -> c_int {
    static NEXT: Next = Next::new(c"epoll_ctl");
    tell(|thread| thread.release_into_epoll());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(c_int, c_int, c_int, *mut epoll_event) -> c_int)(epoll, operation, of, event) }
}

fn waited(events: *mut epoll_event, count: c_int, pc: usize) -> c_int {
    if count > 0 {
        tell(|thread| {
            thread.acquire_from_epoll();
            let site = thread.site(Pc(pc));
            thread.access(events as usize, count as usize * size_of::<epoll_event>(), AccessKind::Write, site);
        });
    }
    count
}

extern "C" fn wait(epoll: c_int, events: *mut epoll_event, room: c_int, timeout: c_int, pc: usize) -> c_int {
    static NEXT: Next = Next::new(c"epoll_wait");
    // SAFETY: the type is right and the arguments are the caller's.
    let count =
        unsafe { real!(NEXT: fn(c_int, *mut epoll_event, c_int, c_int) -> c_int)(epoll, events, room, timeout) };
    waited(events, count, pc)
}

extern "C" fn wait_masked(
    epoll: c_int,
    events: *mut epoll_event,
    room: c_int,
    timeout: c_int,
    mask: *const c_void,
    pc: usize,
) -> c_int {
    static NEXT: Next = Next::new(c"epoll_pwait");
    // SAFETY: the type is right and the arguments are the caller's.
    let count = unsafe {
        real!(NEXT: fn(c_int, *mut epoll_event, c_int, c_int, *const c_void) -> c_int)(
            epoll, events, room, timeout, mask,
        )
    };
    waited(events, count, pc)
}

with_return_address! {
    epoll_wait => wait, "r8";
    epoll_pwait => wait_masked, "r9";
}
