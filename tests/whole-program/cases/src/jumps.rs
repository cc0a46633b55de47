//! Jumps out of several functions at once, as C code makes them, also out of functions of Rust that have nothing to drop.

use std::arch::global_asm;
use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};

use crate::case::{Place, cases, in_order};
use crate::signals::{SIGUSR1, install_on_second_stack, with_second_stack};

cases! { race_after_jumps race_after_jumps_out_of_handlers }

/// As large as the C library's buffer, and larger.
type Buffer = UnsafeCell<[u64; 32]>;

unsafe extern "C" {
    fn catch_jump(buffer: *mut c_void, function: extern "C" fn(*mut c_void)) -> c_int;
    fn longjmp(buffer: *mut c_void, value: c_int) -> !;
    fn raise(signal: c_int) -> c_int;
}

// Rust has no functions that return twice. This one does what C does with them: it calls `function` with the buffer, and
// returns 0, or the number that a jump brings.
global_asm!(
    ".globl catch_jump",
    "catch_jump:",
    "push rbp",
    "mov rbp, rsp",
    "push rdi",
    "push rsi",
    "call _setjmp@PLT",
    "test eax, eax",
    "jnz 2f",
    "mov rdi, [rbp - 8]",
    "call [rbp - 16]",
    "xor eax, eax",
    "2: leave",
    "ret",
);

const JUMPS: usize = 100_000;

static PLACE: Place<u64> = Place::new(0);

#[inline(never)]
extern "C" fn left_by_a_jump(buffer: *mut c_void) {
    #[inline(never)]
    fn deeper(buffer: *mut c_void, depth: usize) {
        if std::hint::black_box(depth) == 0 {
            // SAFETY: the buffer is that of the caller's caller, which has nothing to drop, as nobody has in between.
            unsafe { longjmp(buffer, 7) }
        }
        deeper(buffer, depth - 1);
        std::hint::black_box(depth);
    }
    deeper(buffer, 5);
    std::hint::black_box(buffer);
}

fn jump_many_times() {
    let buffer: Buffer = UnsafeCell::new([0; 32]);
    for _ in 0..JUMPS {
        // SAFETY: the buffer lives until the function has been left.
        assert_eq!(unsafe { catch_jump(buffer.get().cast(), left_by_a_jump) }, 7);
    }
}

fn race_after_jumps() {
    let with_jumps = |write: fn()| {
        move || {
            jump_many_times();
            write();
        }
    };
    in_order(with_jumps(|| PLACE.write(1)), with_jumps(|| assert_eq!(PLACE.read(), 1)));
}

thread_local!(static BUFFER: Buffer = const { UnsafeCell::new([0; 32]) });

extern "C" fn jump_out_of_handler(_: c_int, _: *mut c_void, _: *mut c_void) {
    left_by_a_jump(BUFFER.with(UnsafeCell::get).cast());
}

#[inline(never)]
extern "C" fn left_by_a_handler(_: *mut c_void) {
    // SAFETY: the signal has a handler.
    unsafe { raise(SIGUSR1) };
    std::hint::black_box(());
}

fn race_after_jumps_out_of_handlers() {
    install_on_second_stack(jump_out_of_handler);
    let jump = || {
        with_second_stack(|_| {
            for _ in 0..100 {
                // SAFETY: the buffer lives as long as the thread.
                assert_eq!(unsafe { catch_jump(BUFFER.with(UnsafeCell::get).cast(), left_by_a_handler) }, 7);
            }
        });
    };
    let with_jumps = |write: fn()| {
        move || {
            jump();
            write();
        }
    };
    in_order(with_jumps(|| PLACE.write(1)), with_jumps(|| assert_eq!(PLACE.read(), 1)));
}
