//! Blocks of an allocator that says so itself: the program's global one is `Tracked`.

use crate::case::{Shared, cases, in_order};
use crate::invisible::Word;

cases! { race_free_after_read race_unpublished clean_reuse }

static BLOCK: Word = Word::new();

fn publish() {
    BLOCK.set(Box::into_raw(Box::new(std::hint::black_box(5u64))) as usize);
}

fn block() -> *mut u64 {
    BLOCK.get() as *mut u64
}

fn race_free_after_read() {
    let block = Shared::new(Box::into_raw(Box::new(5u64)));
    in_order(
        // SAFETY: the other thread frees it later.
        move || assert_eq!(std::hint::black_box(unsafe { *block.get() }), 5),
        // SAFETY: it came from a box, and its reader has read it.
        move || drop(unsafe { Box::from_raw(block.get()) }),
    );
}

/// An allocation is a write.
fn race_unpublished() {
    // SAFETY: the block is there.
    in_order(publish, || assert_eq!(std::hint::black_box(unsafe { *block() }), 5));
}

fn clean_reuse() {
    let work = || (0..1000u64).for_each(|number| drop(std::hint::black_box(Box::new(number))));
    in_order(work, work);
}
