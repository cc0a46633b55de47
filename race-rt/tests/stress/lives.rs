//! Blocks that are allocated and freed, and threads that begin and end, all at once.
//!
//! Guarantees and misses are those of the tests beside.

use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

use race_rt::heap;
use race_rt::thread::context::NodeId;
use race_rt::thread::{current, registry};

use crate::ground::{Announced, Blocks, Memory, THREADS, enter, read, spin_until, with_threads, write};

/// Blocks of a pool go from thread to thread with an order that the engine does not see; each allocation begins a life.
/// Small blocks have their lives in their granules, large ones in a table.
#[test]
fn blocks_that_pass_through_an_allocator_are_silent() {
    for size in [64, heap::LARGE] {
        let memory = Blocks::new(size);
        // Fewer than threads, and the one that waited longest first, so that blocks change hands.
        let pool = Mutex::new(VecDeque::from_iter(memory.addresses().into_iter().take(THREADS / 2)));
        with_threads(|index, _| {
            for turn in 0..100 {
                let take = || pool.lock().expect("no thread panicked").pop_front();
                let mut taken = None;
                spin_until(|| {
                    taken = take();
                    taken.is_some()
                });
                let Some(block) = taken else { return };
                enter().allocated(block, size, NodeId::ROOT);
                for place in [0, 16, size / 2, size - 8] {
                    write(block + place, 8, 0x100 + index);
                    read(block + place, 4, 0x200 + turn);
                }
                enter().freed(block, size, NodeId::ROOT);
                pool.lock().expect("no thread panicked").push_back(block);
            }
        });
        assert_eq!(memory.reported(), HashSet::new(), "blocks of {size} bytes");
    }
}

/// All threads write to a block that nothing hands to them: a race in each life, and never between two lives.
#[test]
fn what_happens_to_a_block_in_one_life_is_reported() {
    for size in [64, heap::LARGE] {
        let memory = Blocks::new(size);
        let blocks = memory.addresses();
        with_threads(|index, barrier| {
            for block in &blocks {
                if index == 0 {
                    enter().allocated(*block, size, NodeId::ROOT);
                }
                barrier.wait();
                // Bytes of their own: they race with the allocation only.
                if index > 0 {
                    write(block + size - 8 + index, 1, 0x100 + index);
                }
                barrier.wait();
            }
        });
        let expected =
            blocks.iter().flat_map(|block| (1..THREADS).map(move |index| block + size - 8 + index)).collect();
        assert_eq!(memory.reported(), expected, "blocks of {size} bytes");
    }
}

/// Threads that spawn and join others at once, so that slots pass on all the time: what a child does is ordered before
/// what its parent does after the join, and not with what others do.
#[test]
fn slots_that_pass_on_at_once_lose_nothing() {
    let memory = Memory::new();
    with_threads(|index, barrier| {
        for turn in 0..100 {
            let child = registry::spawn(&mut enter(), None, NodeId::ROOT);
            let id = child.id();
            std::thread::scope(|scope| {
                let (memory, child) = (&memory, Announced(child));
                scope.spawn(move || {
                    child.begin();
                    // A byte of its own thread's, then one that all threads' children write.
                    write(memory.byte(turn, index), 1, 0x100 + index);
                    write(memory.byte(turn, 7), 1, 0x200 + index);
                    current::end();
                });
            });
            registry::join(&mut enter(), id);
            write(memory.byte(turn, index), 1, 0x300 + index);
            barrier.wait();
        }
    });
    assert_eq!(memory.reported(), (0..100).map(|turn| memory.byte(turn, 7)).collect());
}
