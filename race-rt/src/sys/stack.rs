//! The running thread's own stack, with its thread-local storage where that lies beside it; the second one for handlers of
//! signals; and calls on a stack of the caller's choice.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ops::Range;

use super::memory;

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

/// The running thread's second stack, on which handlers of signals may run; empty when it has none.
pub fn for_signals() -> Range<usize> {
    let mut stack = MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: the place is valid, and filled when the call succeeds.
    let stack = unsafe {
        if libc::syscall(libc::SYS_sigaltstack, std::ptr::null::<libc::stack_t>(), stack.as_mut_ptr()) != 0 {
            return 0..0;
        }
        stack.assume_init()
    };
    let start = stack.ss_sp as usize;
    if stack.ss_flags & libc::SS_DISABLE != 0 { 0..0 } else { start..start + stack.ss_size }
}

/// About where the stack pointer is.
#[inline(never)]
pub fn pointer() -> usize {
    let here = 0u8;
    &raw const here as usize
}

/// Calls `action` with `data` on the stack that ends at `end`.
///
/// # Safety
/// Nobody else uses that stack until the call is over, and it is aligned as stacks are.
#[unsafe(naked)]
pub unsafe extern "C" fn call_on(end: usize, action: unsafe extern "C" fn(*mut c_void), data: *mut c_void) {
    core::arch::naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "mov rsp, rdi",
        "mov rdi, rdx",
        "call rsi",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}

/// Bytes of a stack made for one call.
const ROOM: usize = 1 << 20;

/// Sets which signals are blocked, and returns which were.
fn exchange_mask(new: u64) -> u64 {
    let mut old = 0u64;
    // SAFETY: both are sets of the kernel's size.
    unsafe {
        let (new, old) = (&raw const new, &raw mut old);
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, new, old, size_of::<u64>());
    }
    old
}

/// Runs `action` on a stack with room for anything; on the present one if the system has no memory for another.
///
/// No signal comes meanwhile: the kernel would not know that the second stack for handlers may still be in use.
pub fn with_room<R>(action: impl FnOnce() -> R) -> R {
    struct Call<F, R>(Option<F>, Option<R>);

    unsafe extern "C" fn run<F: FnOnce() -> R, R>(call: *mut c_void) {
        // SAFETY: `with_room` passes its own.
        let call = unsafe { &mut *call.cast::<Call<F, R>>() };
        call.1 = call.0.take().map(|action| action());
    }

    fn on<F: FnOnce() -> R, R>(end: usize, call: &mut Call<F, R>) {
        // SAFETY: the stack was made for this call.
        unsafe { call_on(end, run::<F, R>, (&raw mut *call).cast()) }
    }

    let Ok(stack) = memory::reserve(ROOM) else {
        return action();
    };
    let mut call = Call(Some(action), None);
    let mask = exchange_mask(u64::MAX);
    on(stack + ROOM, &mut call);
    exchange_mask(mask);
    // SAFETY: the call is over.
    unsafe { memory::release(stack, ROOM) };
    call.1.expect("the action has run")
}
