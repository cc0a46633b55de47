//! Signals' handlers that interrupt whatever the program is in, its allocator included.

use std::ffi::{c_int, c_long};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::thread;

use crate::case::cases;

cases! { clean_handler_during_allocations }

/// How often the handler is to interrupt.
const INTERRUPTIONS: usize = 1000;

static WRITE_END: AtomicI32 = AtomicI32::new(-1);
static HANDLED: AtomicUsize = AtomicUsize::new(0);

/// Seconds and microseconds between two signals, and until the first.
#[repr(C)]
struct Timer {
    interval: [c_long; 2],
    first: [c_long; 2],
}

unsafe extern "C" {
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn setitimer(which: c_int, new: *const Timer, old: *mut Timer) -> c_int;
    fn write(descriptor: c_int, bytes: *const u8, size: usize) -> isize;
}

const SIGALRM: c_int = 14;

extern "C" fn handler(_: c_int) {
    // The pipe has room for so many bytes, and a write that waits in a handler would wait for ever.
    if HANDLED.fetch_add(1, Ordering::AcqRel) < INTERRUPTIONS {
        // SAFETY: one byte of a constant; the call may be made in handlers.
        unsafe { write(WRITE_END.load(Ordering::Acquire), [0u8].as_ptr(), 1) };
    }
}

/// A self-pipe, as event loops have it, written to by handlers that come all the time while two threads allocate.
fn clean_handler_during_allocations() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    WRITE_END.store(writer.as_raw_fd(), Ordering::Release);
    let every = Timer { interval: [0, 100], first: [0, 100] };
    // SAFETY: a handler of the right type, and a timer with valid times.
    unsafe {
        signal(SIGALRM, handler);
        assert_eq!(setitimer(0, &every, std::ptr::null_mut()), 0);
    }
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut kept: Vec<Vec<u8>> = Vec::new();
                let mut turn = 0;
                while HANDLED.load(Ordering::Relaxed) < INTERRUPTIONS {
                    turn += 1;
                    kept.push(vec![1; turn % 3000]);
                    if kept.len() > 50 {
                        kept.swap_remove(turn % 50);
                    }
                }
            });
        }
    });
    let never = Timer { interval: [0; 2], first: [0; 2] };
    // SAFETY: as above.
    assert_eq!(unsafe { setitimer(0, &never, std::ptr::null_mut()) }, 0);
    assert!(reader.read(&mut [0; 4096]).unwrap() > 0);
}
