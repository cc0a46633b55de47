//! Allocation, deallocation and reuse of memory.

use std::alloc::Layout;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::case::{Shared, cases, in_order, side_by_side};
use crate::invisible::{self, Word};

cases! {
    race_unpublished_allocation clean_published_allocation race_free_after_read race_free_after_write
    race_realloc_frees clean_heap_reuse clean_mapping_over_freed_block clean_mapping_reuse clean_mapping_elsewhere
    clean_small_blocks clean_realloc race_zeroed_allocation
}

/// The block's address is passed on with no order: its contents race with the use.
fn race_unpublished_allocation() {
    static PUBLISHED: AtomicPtr<u64> = AtomicPtr::new(std::ptr::null_mut());
    in_order(
        || PUBLISHED.store(Box::into_raw(Box::new(7)), Ordering::Relaxed),
        || {
            let block = PUBLISHED.load(Ordering::Relaxed);
            // SAFETY: wrong, which is the point.
            std::hint::black_box(unsafe { *block });
        },
    );
}

fn clean_published_allocation() {
    static PUBLISHED: AtomicPtr<u64> = AtomicPtr::new(std::ptr::null_mut());
    side_by_side(
        || PUBLISHED.store(Box::into_raw(Box::new(7)), Ordering::Release),
        || {
            let block = loop {
                let block = PUBLISHED.load(Ordering::Acquire);
                if !block.is_null() {
                    break block;
                }
                std::thread::yield_now();
            };
            // SAFETY: the block was given away by the other thread.
            drop(unsafe { Box::from_raw(block) });
        },
    );
}

/// Memory that comes zeroed was not written by the program; that it was allocated counts.
fn race_zeroed_allocation() {
    static PUBLISHED: Word = Word::new();
    let layout = Layout::new::<[u64; 8]>();
    in_order(
        // SAFETY: the layout has a size.
        || PUBLISHED.set(unsafe { std::alloc::alloc_zeroed(layout) } as usize),
        || {
            // SAFETY: wrong, which is the point.
            std::hint::black_box(unsafe { *(PUBLISHED.get() as *const u64) });
        },
    );
}

fn race_free_after_read() {
    let block = Shared::new(Box::into_raw(Box::new(7_u64)));
    in_order(
        move || {
            // SAFETY: it is freed later.
            std::hint::black_box(unsafe { *block.get() });
        },
        // SAFETY: wrong, which is the point: nothing orders it after the read.
        move || drop(unsafe { Box::from_raw(block.get()) }),
    );
}

fn race_free_after_write() {
    let block = Shared::new(Box::into_raw(Box::new([0_u64; 32])));
    in_order(
        // SAFETY: it is freed later.
        move || unsafe { (*block.get())[31] = std::hint::black_box(7) },
        // SAFETY: wrong, which is the point: nothing orders it after the write.
        move || drop(unsafe { Box::from_raw(block.get()) }),
    );
}

/// A vector that grows gives its old block back.
fn race_realloc_frees() {
    let mut numbers: Vec<u64> = vec![1; 8];
    let first = Shared::new(numbers.as_mut_ptr());
    in_order(
        move || {
            // SAFETY: the vector grows later.
            std::hint::black_box(unsafe { *first.get().add(5) });
        },
        move || numbers.reserve(100_000),
    );
}

const BLOCK: Layout = Layout::new::<[u64; 8192]>();

/// Allocates, writes and frees blocks that are too large for the caches of a thread, and returns where the first and the
/// last of them in memory began.
fn use_blocks() -> (usize, usize) {
    // SAFETY: the layout has a size, the blocks are written inside and given back.
    unsafe {
        let blocks = [(); 16].map(|()| std::alloc::alloc(BLOCK).cast::<u64>());
        for block in blocks {
            for index in 0..8192 {
                *block.add(index) = std::hint::black_box(index as u64);
            }
        }
        for block in blocks {
            std::alloc::dealloc(block.cast(), BLOCK);
        }
        let places = blocks.map(|block| block as usize);
        (places.into_iter().min().unwrap_or(0), places.into_iter().max().unwrap_or(0))
    }
}

unsafe extern "C" {
    fn mallopt(parameter: i32, value: i32) -> i32;
    fn mmap(address: usize, size: usize, protection: i32, flags: i32, file: i32, offset: i64) -> *mut u64;
    fn munmap(address: *mut u64, size: usize) -> i32;
}

/// Two threads that nothing orders get the same memory in turn.
fn clean_heap_reuse() {
    const ARENA_MAX: i32 = -8;
    static FIRST: [Word; 2] = [Word::new(), Word::new()];
    static SECOND: [Word; 2] = [Word::new(), Word::new()];
    // SAFETY: one arena for all threads.
    assert_eq!(unsafe { mallopt(ARENA_MAX, 1) }, 1);
    let note = |places: &[Word; 2]| {
        let (low, high) = use_blocks();
        places[0].set(low);
        places[1].set(high);
    };
    in_order(|| note(&FIRST), || note(&SECOND));
    let reused = FIRST[0].get() < SECOND[1].get() + BLOCK.size() && SECOND[0].get() < FIRST[1].get() + BLOCK.size();
    assert!(reused, "the allocator was expected to hand out the memory again");
}

/// A block that is a mapping of its own goes back to the kernel, which hands out the memory again for something that the
/// detector does not see, as a shared library would be.
fn clean_mapping_over_freed_block() {
    const SIZE: usize = 3 << 20;
    const PAGE: usize = 4096;
    static BLOCK: Word = Word::new();
    in_order(
        || {
            let block = std::hint::black_box(vec![1_u8; SIZE]);
            BLOCK.set(block.as_ptr() as usize);
        },
        || {
            let memory = invisible::map(BLOCK.get().next_multiple_of(PAGE), SIZE / 2);
            for index in 0..1000 {
                // SAFETY: inside the new mapping.
                unsafe { *memory.add(index) = std::hint::black_box(1) };
            }
        },
    );
}

/// The same with memory from the kernel.
fn clean_mapping_reuse() {
    const SIZE: usize = 1 << 20;
    const READ_WRITE: i32 = 3;
    const PRIVATE_ANONYMOUS: i32 = 0x22;
    const FIXED: i32 = 0x10;
    static PLACE: Word = Word::new();
    let use_mapping = |flags: i32| {
        // SAFETY: the address is the kernel's choice, or that of a mapping that is gone.
        unsafe {
            let mapping = mmap(PLACE.get(), SIZE, READ_WRITE, PRIVATE_ANONYMOUS | flags, -1, 0);
            for index in 0..SIZE / 8 {
                *mapping.add(index) = std::hint::black_box(1);
            }
            assert_eq!(munmap(mapping, SIZE), 0);
            PLACE.set(mapping as usize);
        }
    };
    in_order(|| use_mapping(0), || use_mapping(FIXED));
}

/// Blocks of many sizes come and go in two threads; some are freed by the other.
fn clean_small_blocks() {
    let (sender, receiver) = std::sync::mpsc::channel::<Vec<u8>>();
    side_by_side(
        move || {
            for round in 0..3000_usize {
                let block = vec![round as u8; 1 + round % 300];
                if round % 3 == 0 {
                    sender.send(block).unwrap();
                }
            }
        },
        move || {
            for (round, mut block) in receiver.into_iter().enumerate() {
                block.push(1);
                drop(std::hint::black_box(vec![1_u8; 1 + round % 300]));
            }
        },
    );
}

fn clean_realloc() {
    let grow = || {
        let mut numbers = Vec::new();
        for number in 0..20_000_u64 {
            numbers.push(number);
            if number % 5000 == 0 {
                numbers.shrink_to_fit();
            }
        }
        assert_eq!(numbers.iter().sum::<u64>(), 19_999 * 10_000);
    };
    side_by_side(grow, grow);
}

/// A wish for a place where the engine could not look after memory leads to another place, and a demand is refused; what
/// lies there stays.
fn clean_mapping_elsewhere() {
    const SIZE: usize = 1 << 16;
    const READ_WRITE: i32 = 3;
    const PRIVATE_ANONYMOUS: i32 = 0x22;
    const FIXED: i32 = 0x10;
    let places = [0x0500_0000_0000, 0x2300_0000_0000, 0x3000_0000_0000, 0x4000_0000_0000];
    let use_mapping = || {
        for place in places {
            // SAFETY: a mapping that replaces none; one that would is refused.
            unsafe {
                let mapping = mmap(place, SIZE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
                assert!(mapping as isize != -1 && mapping as usize != place);
                for index in 0..SIZE / 8 {
                    *mapping.add(index) = std::hint::black_box(1);
                }
                assert_eq!(munmap(mapping, SIZE), 0);
                assert_eq!(mmap(place, SIZE, READ_WRITE, PRIVATE_ANONYMOUS | FIXED, -1, 0) as isize, -1);
                assert_eq!(munmap(place as *mut u64, SIZE), -1);
            }
        }
    };
    side_by_side(use_mapping, use_mapping);
}
