//! The C ABI of the whole-program tier: what instrumented code calls, and the C library's functions that the engine has
//! to see.
//!
//! LLVM's ThreadSanitizer pass puts a call before every access ([`access`]), in place of every atomic operation
//! ([`atomic`]) and memory intrinsic ([`memory`]), and around every function ([`function`]). The allocator ([`malloc`]),
//! the mapping of memory ([`mapping`]), the threads ([`pthread`], [`c11_thread`]) and what synchronises them ([`mutex`],
//! [`read_write_lock`], [`condition`], [`once`], [`barrier`], [`semaphore`]), and what passes through descriptors
//! ([`transfer`], [`passing`], [`descriptor`]), signals ([`signal`]), jumps out of functions ([`jump`]), ends of the
//! process ([`process`]), bare forks ([`system_call`], [`clone`]), libraries ([`library`]) and functions on bytes
//! ([`bytes`]) of the C library are interposed: the program's calls come here first. One lock of std's own and its count
//! of panics are not the program's ([`thread_list`], [`panic_count`]). C and C++ code tells of itself, too: by
//! annotations ([`annotation`], [`annotated_mutex`], [`fiber`]) and by the guards of its static variables
//! ([`static_guard`]), and so does the crate `race` ([`wrapper`]). docs/whole-program.md says how all this is linked.
//!
//! Calls whose site is needed enter through a naked function that passes their return address on; it costs a load.

pub mod access;
pub mod allocator;
pub mod annotated_mutex;
pub mod annotation;
pub mod atomic;
pub mod atomic_wide;
pub mod barrier;
pub mod bytes;
pub mod c11_thread;
pub mod clone;
pub mod condition;
pub mod descriptor;
pub mod fiber;
pub mod first_step;
pub mod function;
pub mod jump;
pub mod library;
pub mod malloc;
pub mod mapping;
pub mod memory;
pub mod mutex;
pub mod next;
pub mod once;
pub mod panic_count;
pub mod passing;
pub mod process;
pub mod pthread;
pub mod read_write_lock;
pub mod reserve;
pub mod semaphore;
pub mod signal;
pub mod static_guard;
pub mod system_call;
pub mod thread_list;
mod told;
pub mod transfer;
mod weak;
pub mod wrapper;

/// Defines the exported function `$name`, which calls `$target` with its own return address in the register `$register`:
/// the next one after its arguments.
macro_rules! with_return_address {
    ($($name:ident => $target:ident, $register:literal;)*) => {$(
        #[doc = concat!("`", stringify!($name), "` of the ABI; see `", stringify!($target), "`.")]
        ///
        /// # Safety
        /// As the pass calls it.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(concat!("mov ", $register, ", [rsp]"), "jmp {}", ".p2align 4", sym $target)
        }
    )*};
}
pub(crate) use with_return_address;

/// Defines the exported function `$name`, for inlined code, as one that is `$other` by a jump.
macro_rules! also {
    ($($name:ident is $other:ident;)*) => {$(
        #[doc = concat!("[`", stringify!($other), "`] for inlined code.")]
        ///
        /// # Safety
        /// As inlined code calls it.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!("jmp {}", sym $other)
        }
    )*};
}
pub(crate) use also;
