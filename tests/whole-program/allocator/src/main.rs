//! Threads that live one after the other and are given each other's blocks by an allocator that the detector does not
//! see through, as it sees through none that is written in C. What keeps the program silent is the order in which std's
//! list of threads is locked: with such an allocator it has to count. Nothing else that could be seen orders the threads.

use std::alloc::{GlobalAlloc, Layout};
use std::arch::asm;
use std::cell::UnsafeCell;
use std::thread;

// Only some of it is needed here.
#[allow(dead_code)]
#[path = "../../cases/src/invisible.rs"]
mod invisible;

const LIVES: u32 = 50;
/// The only size of which blocks are used again.
const PASSED_ON: usize = 1000;
const ROOM: usize = 64 << 20;

#[repr(align(4096))]
struct Arena(UnsafeCell<[u8; ROOM]>);

// SAFETY: no two blocks overlap.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena(UnsafeCell::new([0; ROOM]));

struct Allocator {
    used: UnsafeCell<usize>,
    passed_on: UnsafeCell<usize>,
}

// SAFETY: its parts are accessed by single instructions, which are atomic on this machine.
unsafe impl Sync for Allocator {}

// SAFETY: each block lies in a part of the arena that was never given to anybody else, or that was given back.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() == PASSED_ON {
            let block = exchange(self.passed_on.get(), 0) as *mut u8;
            if !block.is_null() {
                return block;
            }
        }
        assert!(layout.align() <= 4096);
        let start = add(self.used.get(), layout.size() + layout.align()).next_multiple_of(layout.align());
        if start + layout.size() > ROOM {
            return std::ptr::null_mut();
        }
        // SAFETY: the offset lies in the arena.
        unsafe { ARENA.0.get().cast::<u8>().add(start) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() == PASSED_ON {
            exchange(self.passed_on.get(), block as usize);
        }
    }
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator { used: UnsafeCell::new(0), passed_on: UnsafeCell::new(0) };

fn exchange(place: *mut usize, mut value: usize) -> usize {
    // SAFETY: the place is the allocator's; the instruction is atomic.
    unsafe { asm!("xchg qword ptr [{}], {}", in(reg) place, inout(reg) value, options(nostack)) }
    value
}

fn add(place: *mut usize, mut more: usize) -> usize {
    // SAFETY: as in `exchange`.
    unsafe { asm!("lock xadd qword ptr [{}], {}", in(reg) place, inout(reg) more, options(nostack)) }
    more
}

fn main() {
    static RUNNING: invisible::Word = invisible::Word::new();
    for number in 0..LIVES {
        drop(thread::spawn(move || {
            // SAFETY: the call has no conditions.
            RUNNING.set(unsafe { gettid() } as usize);
            invisible::advance();
            invisible::wait(2 * number + 2);
            drop(std::hint::black_box(Box::new([number as u8; PASSED_ON])));
        }));
        invisible::wait(2 * number + 1);
        let entry = format!("/proc/self/task/{}", RUNNING.get());
        invisible::advance();
        while std::fs::exists(&entry).unwrap() {
            thread::yield_now();
        }
    }
}

unsafe extern "C" {
    fn gettid() -> i32;
}
