//! Jumps out of several functions at once (`longjmp`), interposed: the functions that are left that way announce no exit.
//!
//! What `setjmp` keeps has the stack pointer, scrambled as the C library does it since long ago. Frames that are further in
//! are taken off the thread's calls.
//!
//! Can miss: a jump to another stack of the program's own making, after which stacks in reports may show too many or too few
//! frames.

use std::arch::asm;

use libc::{c_int, c_void};

use super::next::Next;
use super::told::{real, tell};
use crate::sys::stack;
use crate::thread::call_stack::StackPlace;

/// Which word of the buffer is the stack pointer.
const STACK_POINTER: usize = 6;

/// The stack pointer that a jump to what `buffer` keeps leads to.
///
/// # Safety
/// `setjmp` has filled the buffer.
unsafe fn target(buffer: *const usize) -> usize {
    // SAFETY: passed on from the caller.
    let scrambled = unsafe { buffer.add(STACK_POINTER).read() };
    let key: usize;
    // SAFETY: reads the thread's own word for this purpose.
    unsafe { asm!("mov {}, fs:[0x30]", out(reg) key, options(nostack, readonly, preserves_flags)) };
    scrambled.rotate_right(17) ^ key
}

unsafe fn leave_functions(buffer: *const c_void) {
    // SAFETY: passed on from the caller.
    let target = unsafe { target(buffer.cast()) };
    tell(|thread| thread.hot.calls.jump(StackPlace::at(target), &stack::for_signals()));
}

macro_rules! jumps {
    ($($name:ident)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(buffer: *mut c_void, value: c_int) {
            static NEXT: Next = super::next::named!($name);
            // SAFETY: the caller's buffer is one that can be jumped to.
            unsafe { leave_functions(buffer) };
            // SAFETY: the type is right and the arguments are the caller's.
            unsafe { real!(NEXT: fn(*mut c_void, c_int) -> ())(buffer, value) }
        }
    )*};
}

jumps! { longjmp _longjmp siglongjmp __longjmp_chk }
