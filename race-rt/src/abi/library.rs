//! Libraries that the program loads and unloads as it runs, interposed: who loads one learns what its constructors did, and
//! the memory of one that is gone starts afresh.
//!
//! The C library decides by the caller where it looks for a library, so that a caller that is itself one is passed on to it,
//! unseen. Can miss, for those: nothing but that order. Between two that unload at the same moment, the one that has done
//! so first need not be ordered before the destructors that the other then runs.

use std::arch::asm;
use std::ffi::{c_char, c_int, c_void};

use super::next::Next;
use super::told::{acquires, real, releases, tell};
use crate::report::module;

/// Stands for the loader's own lock.
static LOADER: u8 = 0;

static OPEN: Next = Next::new(c"dlopen");

extern "C" fn open(path: *const c_char, flags: c_int) -> *mut c_void {
    acquires(&raw const LOADER);
    // SAFETY: the type is right and the arguments are the caller's.
    let handle = unsafe { real!(OPEN: fn(*const c_char, c_int) -> *mut c_void)(path, flags) };
    releases(&raw const LOADER);
    handle
}

/// Who opens for a caller at `pc`.
extern "C" fn opener(pc: usize) -> usize {
    let (start, end): (usize, usize);
    // SAFETY: reads addresses that the linker knows.
    unsafe {
        asm!(
            "lea {}, [rip + __executable_start]",
            "lea {}, [rip + etext]",
            out(reg) start,
            out(reg) end,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    if (start..end).contains(&pc) { open as *const () as usize } else { OPEN.address() }
}

/// `dlopen`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dlopen() {
    core::arch::naked_asm!(
        ".cfi_startproc",
        "push rdi",
        "push rsi",
        "push rax",
        ".cfi_adjust_cfa_offset 24",
        "mov rdi, [rsp + 24]",
        "call {}",
        "pop rcx",
        "pop rsi",
        "pop rdi",
        ".cfi_adjust_cfa_offset -24",
        "jmp rax",
        ".cfi_endproc",
        sym opener
    )
}

/// `dlclose`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dlclose(handle: *mut c_void) -> c_int {
    static NEXT: Next = Next::new(c"dlclose");
    releases(&raw const LOADER);
    acquires(&raw const LOADER);
    let before = module::all();
    // SAFETY: the type is right and the arguments are the caller's.
    let result = unsafe { real!(NEXT: fn(*mut c_void) -> c_int)(handle) };
    let after = module::all();
    for gone in before.into_iter().filter(|module| !after.contains(module)) {
        tell(|thread| thread.forget(gone.start, gone.end));
    }
    result
}
