//! The functions of the ABI that are called most of all, as programs have them under `cargo race --inline`: the same first
//! steps, and a call of the runtime's function for whatever is not done by them.
//!
//! A crate of its own that is never linked. `cargo race` compiles it to bitcode, from which the compiler of the program imports
//! what a module calls and puts it in the place of the calls. The runtime's own functions keep the names of the ABI, for code
//! that is compiled elsewhere; since here these names mean the copies, they have a second name, `__race_...`, by which they are
//! called from the place of the access. So they find the same return address as ever.
//!
//! Guarantee: what is done here is what the runtime would do first (see `access::plain` and `abi::function`). Whatever the
//! runtime asks beyond that it asks when it is called.

#![no_std]

mod layout;

use core::arch::asm;
use core::mem::offset_of;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use layout::{Frame, Hot};

/// The runtime's functions, by the names that mean them here too.
macro_rules! runtime {
    ($($name:ident($($argument:ident)?);)*) => {
        unsafe extern "C" {
            $(#[cold] fn $name($($argument: *const u8)?);)*
        }
    };
}

runtime! {
    __race_read1(address);
    __race_read2(address);
    __race_read4(address);
    __race_read8(address);
    __race_write1(address);
    __race_write2(address);
    __race_write4(address);
    __race_write8(address);
    __race_func_exit();
}

/// The running thread's hot part.
///
/// Which it is can change by any call: that of a fiber's switch, or the first one in a thread.
#[inline(always)]
fn hot() -> *mut Hot {
    let hot;
    // SAFETY: the runtime, which is linked into the program, has the variable; it always points to a hot part.
    unsafe {
        asm!(
            "mov {0}, qword ptr [rip + __race_hot@GOTTPOFF]",
            "mov {0}, qword ptr fs:[{0}]",
            out(reg) hot,
            options(pure, readonly, nostack, preserves_flags)
        );
    }
    hot
}

macro_rules! accesses {
    ($($name:ident else $runtime:ident: $size:literal, $writes:literal;)*) => {$(
        /// # Safety
        /// The program is about to access these bytes, which lie in one granule.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(address: *const u8) {
            let at = address as usize;
            let granule = if $size == 8 { at } else { at & !7 };
            // SAFETY: the hot part is the running thread's own or a placeholder; memory of the program's has a shadow.
            let (present, word) = unsafe {
                let word = layout::word_address(granule) as *const AtomicU64;
                ((*hot()).present.load(Relaxed), (*word).load(Relaxed))
            };
            if !layout::repeats(word, present, at, $size, $writes) && present & layout::SOLO == 0 {
                // SAFETY: passed on from the caller.
                unsafe { $runtime(address) }
            }
        }
    )*};
}

accesses! {
    __tsan_read1 else __race_read1: 1, false;
    __tsan_read2 else __race_read2: 2, false;
    __tsan_read4 else __race_read4: 4, false;
    __tsan_read8 else __race_read8: 8, false;
    __tsan_write1 else __race_write1: 1, true;
    __tsan_write2 else __race_write2: 2, true;
    __tsan_write4 else __race_write4: 4, true;
    __tsan_write8 else __race_write8: 8, true;
    __tsan_read_write1 else __race_write1: 1, true;
    __tsan_read_write2 else __race_write2: 2, true;
    __tsan_read_write4 else __race_write4: 4, true;
    __tsan_read_write8 else __race_write8: 8, true;
}

/// All of it is one block to the compiler: it is called before a function reserves its variables' room, which it does in one
/// piece, and at a place on the stack that stays, in the first block alone.
///
/// # Safety
/// The program has just entered a function that will return to `pc`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __tsan_func_entry(pc: *const u8) {
    const { assert!(offset_of!(Frame, node) == 8 && offset_of!(Frame, place) == 12) };
    // SAFETY: the hot part is the running thread's own or a placeholder, which has no room and so is not written. Below the
    // limit there is room. The runtime's function is called as one of C. A signal's handler that comes in between does not
    // write to the same place, because the pointer moves first.
    unsafe {
        asm!(
            "mov rax, qword ptr [rip + __race_hot@GOTTPOFF]",
            "mov rax, qword ptr fs:[rax]",
            "mov rcx, qword ptr [rax + {top}]",
            "cmp rcx, qword ptr [rax + {limit}]",
            "je 2f",
            "lea rdx, [rcx + {frame}]",
            "mov qword ptr [rax + {top}], rdx",
            "mov qword ptr [rcx + {pc}], rdi",
            // No node yet, and above it the low half of the place.
            "lea rdx, [rsp - {return_address}]",
            "shl rdx, 32",
            "mov qword ptr [rcx + {node}], rdx",
            "jmp 3f",
            "2:",
            "call qword ptr [rip + __race_func_entry@GOTPCREL]",
            "3:",
            top = const offset_of!(Hot, top),
            limit = const offset_of!(Hot, limit),
            frame = const size_of::<Frame>(),
            pc = const offset_of!(Frame, pc),
            node = const offset_of!(Frame, node),
            return_address = const layout::RETURN_ADDRESS,
            inout("rdi") pc => _,
            clobber_abi("C"),
        );
    }
}

/// # Safety
/// The program leaves the function that it entered last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __tsan_func_exit() {
    let hot = hot();
    // SAFETY: as for the entry; above the floor there is a frame.
    unsafe {
        let top = (*hot).top;
        if top == (*hot).floor {
            return __race_func_exit();
        }
        (*hot).top = top.sub(1);
    }
}
