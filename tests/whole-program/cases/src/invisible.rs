//! Order that the detector cannot see: a counter of steps, read and written by inline assembly alone.
//!
//! The instrumentation looks at the compiler's loads, stores and atomic operations, and inline assembly is none of them.
//! So a racing access can be put after another one, in every run, without the edge that would make the two ordered.
//! Guarantee: on x86-64 what a thread did before [`advance`] is really done when [`wait`] returns in another.
//! Waiting sleeps in the kernel; nothing here spins for long or depends on time.

use std::arch::asm;
use std::cell::UnsafeCell;

const FUTEX: usize = 202;
const FUTEX_WAIT_PRIVATE: usize = 128;
const FUTEX_WAKE_PRIVATE: usize = 129;

struct Counter(UnsafeCell<u32>);

// SAFETY: only single instructions access it, which are atomic on this machine.
unsafe impl Sync for Counter {}

/// A case runs in a process of its own, so one counter serves all.
static STEPS: Counter = Counter(UnsafeCell::new(0));

/// One step more.
pub fn advance() {
    add(STEPS.0.get(), 1);
    wake(STEPS.0.get());
}

/// Returns when at least `steps` steps were made.
pub fn wait(steps: u32) {
    loop {
        let seen = load(STEPS.0.get());
        if seen >= steps {
            return;
        }
        sleep_while(STEPS.0.get(), seen);
    }
}

/// Makes a step and waits for the others: returns when `steps` were made in all.
pub fn meet(steps: u32) {
    advance();
    wait(steps);
}

/// No step was made: in a forked child, whose threads count their own.
pub fn restart() {
    let place = STEPS.0.get();
    // SAFETY: the place is the static counter, and the child has one thread.
    unsafe { asm!("mov dword ptr [{}], 0", in(reg) place, options(nostack)) }
}

/// A word that passes a value, an address for instance, with no order that could be seen.
pub struct Word(UnsafeCell<usize>);

// SAFETY: only single instructions access it, which are atomic on this machine.
unsafe impl Sync for Word {}

impl Word {
    pub const fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    pub fn set(&self, value: usize) {
        // SAFETY: the place is aligned and lives; the instruction is atomic.
        unsafe { asm!("mov qword ptr [{}], {}", in(reg) self.0.get(), in(reg) value, options(nostack)) }
    }

    pub fn get(&self) -> usize {
        let value: usize;
        // SAFETY: as in `set`.
        unsafe { asm!("mov {}, qword ptr [{}]", out(reg) value, in(reg) self.0.get(), options(nostack)) }
        value
    }
}

fn load(place: *mut u32) -> u32 {
    let value: u32;
    // SAFETY: the place is the static counter; the instruction is atomic.
    unsafe { asm!("mov {:e}, dword ptr [{}]", out(reg) value, in(reg) place, options(nostack)) }
    value
}

fn add(place: *mut u32, more: u32) {
    // SAFETY: the place is the static counter; the instruction is atomic.
    unsafe { asm!("lock add dword ptr [{}], {:e}", in(reg) place, in(reg) more, options(nostack)) }
}

fn wake(place: *mut u32) {
    futex(place, FUTEX_WAKE_PRIVATE, i32::MAX as usize);
}

fn sleep_while(place: *mut u32, seen: u32) {
    futex(place, FUTEX_WAIT_PRIVATE, seen as usize);
}

/// Maps `size` bytes at `address`, where nothing is mapped, by the kernel's own call.
pub fn map(address: usize, size: usize) -> *mut u64 {
    const MMAP: usize = 9;
    const READ_WRITE: usize = 3;
    const PRIVATE_ANONYMOUS_FIXED_NOREPLACE: usize = 0x10_0022;
    let mapped: usize;
    // SAFETY: the mapping replaces none.
    unsafe {
        asm!("syscall", inlateout("rax") MMAP => mapped, in("rdi") address, in("rsi") size, in("rdx") READ_WRITE,
            in("r10") PRIVATE_ANONYMOUS_FIXED_NOREPLACE, in("r8") -1isize, in("r9") 0usize, lateout("rcx") _,
            lateout("r11") _, options(nostack));
    }
    assert_eq!(mapped, address, "the place was expected to be free");
    mapped as *mut u64
}

fn futex(place: *mut u32, operation: usize, value: usize) {
    // SAFETY: the kernel reads the counter and no other memory: there is no time limit.
    unsafe {
        asm!("syscall", inlateout("rax") FUTEX => _, in("rdi") place, in("rsi") operation, in("rdx") value,
            in("r10") 0usize, lateout("rcx") _, lateout("r11") _, options(nostack));
    }
}
