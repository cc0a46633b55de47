//! The heap: many small blocks, and a large one.

use std::hint::black_box;

use race::thread;

use crate::threads::numbers;

pub fn allocate() {
    let mut kept: Vec<Box<[u64; 4]>> = Vec::new();
    for number in numbers(4_000_000) {
        let boxed = Box::new([number; 4]);
        if kept.len() < 1000 {
            kept.push(boxed);
        } else {
            kept[(number % 1000) as usize] = boxed;
        }
    }
    black_box(kept);
}

/// What `touch_once` writes.
pub const LARGE: usize = 256 << 20;

/// Each of two threads writes half of a large heap, once.
pub fn touch_once() {
    let words = LARGE / size_of::<u64>();
    let mut heap: Vec<u64> = Vec::with_capacity(words);
    thread::scope(|scope| {
        for half in heap.spare_capacity_mut()[..words].chunks_mut(words / 2) {
            scope.spawn(move || {
                for (place, number) in half.iter_mut().zip(1_u64..) {
                    place.write(black_box(number));
                }
            });
        }
    });
    black_box(heap);
}
