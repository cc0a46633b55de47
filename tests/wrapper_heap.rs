//! The lives of heap blocks: giving memory back is a write of it, getting it starts afresh, and what a reference count of
//! std orders, unseen, is not held against anybody.

#![cfg(feature = "race")]

mod wrapper_case;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;

use race::alloc::Tracked;
use race::sync::RwLock;
use race::sync::atomic::{AtomicBool, Ordering};
use race::thread;

use wrapper_case::{Place, Steps, one_then_other};

/// A pointer that goes from thread to thread, rightly or not.
#[derive(Clone, Copy)]
struct Pointer(*mut Place);

// SAFETY: it is not safe; the accesses through it are ordered in time by `Steps`.
unsafe impl Send for Pointer {}
// SAFETY: as above.
unsafe impl Sync for Pointer {}

impl Pointer {
    fn new() -> Pointer {
        Pointer(Box::into_raw(Box::new(Place::new())))
    }

    fn place(&self) -> &Place {
        // SAFETY: the cases that use it after it was freed read memory that the allocator still has.
        unsafe { &*self.0 }
    }

    fn free(&self) {
        // SAFETY: each case frees once.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

/// What one thread has of a block that another one frees.
static STEPS: Steps = Steps::new();
static READY: AtomicBool = AtomicBool::new(false);

cases! {
    fn race_free_after_use() {
        let shared = Pointer::new();
        one_then_other(|| shared.place().write(1), || shared.free());
    }

    /// What a lock remembers of its readers is memory of the engine's own, of which nobody said that it was handed out.
    fn clean_end_of_a_lock_that_remembers_in_freed_memory() {
        let lock = Box::into_raw(Box::new(RwLock::new(()))).expose_provenance();
        let lock = || std::ptr::with_exposed_provenance_mut::<RwLock<()>>(lock);
        // SAFETY: the lock is there until it is freed once, in the last step.
        let read = || drop(unsafe { &*lock() }.read());
        thread::scope(|scope| {
            scope.spawn(|| {
                read();
                STEPS.take();
                STEPS.wait_for(2);
                // SAFETY: nobody uses the lock any more, by the order in time.
                drop(unsafe { Box::from_raw(lock()) });
            });
            scope.spawn(|| {
                STEPS.wait_for(1);
                let blocks = (1..8 * 8).map(|block| (0..=block / 8).map(|_| Place::new()).collect::<Box<[Place]>>());
                let blocks: Vec<Box<[Place]>> = blocks.collect();
                blocks.iter().flatten().for_each(|place| place.write(1));
                drop(blocks);
                read();
                STEPS.take();
            });
        });
    }

    fn clean_free_after_use() {
        let shared = Pointer::new();
        one_then_other(
            || {
                shared.place().write(1);
                READY.store(true, Ordering::Release);
            },
            || {
                assert!(READY.load(Ordering::Acquire));
                shared.free();
            },
        );
    }

    /// The release is relaxed, as in a hand-made reference count that forgot its ordering.
    fn race_free_after_relaxed_release() {
        let shared = Pointer::new();
        one_then_other(
            || {
                shared.place().read();
                READY.store(true, Ordering::Relaxed);
            },
            || {
                assert!(READY.load(Ordering::Acquire));
                shared.free();
            },
        );
    }

    fn race_use_after_free() {
        let shared = Pointer::new();
        shared.place().write(1);
        one_then_other(|| shared.free(), || assert_ne!(shared.place().read(), u64::MAX));
    }

    fn race_realloc_after_use() {
        let mut places: Vec<Place> = (0..4).map(|_| Place::new()).collect();
        let first = Pointer(places.as_mut_ptr());
        one_then_other(|| first.place().write(1), move || places.reserve_exact(1000));
    }

    fn clean_realloc_by_the_user() {
        let mut places: Vec<Place> = (0..4).map(|_| Place::new()).collect();
        thread::spawn(move || {
            places.iter().for_each(|place| place.write(1));
            places.resize_with(1000, Place::new);
            places.iter().for_each(|place| place.write(2));
        })
        .join()
        .unwrap();
    }

    /// The count of std's `Arc` orders the two, which is not seen and must not be missed.
    fn clean_last_owner_frees() {
        let shared = Arc::new((Place::new(), vec![Box::new(Place::new())]));
        let other = shared.clone();
        one_then_other(
            move || {
                shared.0.write(1);
                shared.1[0].write(1);
            },
            move || drop(other),
        );
    }

    fn clean_weak_owner_frees() {
        let shared = Arc::new(Place::new());
        let other = Arc::downgrade(&shared);
        one_then_other(
            move || {
                shared.write(1);
                drop(shared);
            },
            move || drop(other),
        );
    }

    /// One thread frees, another one gets the memory: the allocator orders the two.
    fn clean_reuse_by_another() {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for turn in 0..2000 {
                        let place = Box::new(Place::new());
                        place.write(turn);
                        let place = Pointer(Box::into_raw(place));
                        // Handed to another thread by a lock that orders it.
                        let mut slot = SLOT.lock().unwrap();
                        let before = slot.replace(place);
                        drop(slot);
                        if let Some(before) = before {
                            before.place().read();
                            before.free();
                        }
                    }
                });
            }
        });
    }

    /// A block that one thread freed and another got has no past.
    fn clean_reused() {
        let (old, thread) = written_and_freed(2001);
        let places = places(2001);
        assert_eq!(places[0].pointer(), old, "the allocator hands the block out again");
        places.iter().for_each(|place| place.write(2));
        thread.join().unwrap();
    }

    /// A block may be larger than was asked for, and what lies there had a life too.
    fn clean_rest_of_a_block() {
        let (old, thread) = written_and_freed(2001);
        let places = places(2000);
        assert_eq!(places[0].pointer(), old, "the allocator hands the block out again");
        drop(places);
        thread.join().unwrap();
    }

    /// The twin of reuse: the block was not freed.
    fn race_shared() {
        static ADDRESS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let thread = thread::spawn(|| {
            let place = Box::new(Place::new());
            place.write(1);
            ADDRESS.store(Box::into_raw(place) as usize, std::sync::atomic::Ordering::SeqCst);
            STEPS.take();
        });
        STEPS.wait_for(1);
        // SAFETY: the pointer came from `Box::into_raw` and its thread has forgotten it.
        let place = unsafe { Box::from_raw(ADDRESS.load(std::sync::atomic::Ordering::SeqCst) as *mut Place) };
        place.write(2);
        thread.join().unwrap();
    }

    /// Growing in place: what lies behind a block was another's.
    fn clean_grown() {
        let mut places: Vec<Place> = Vec::with_capacity(4000);
        let behind = Box::new([const { Place::new() }; 2000]);
        let (start, end) = (behind[0].pointer() as usize, behind[1999].pointer() as usize);
        assert!(start > places.as_ptr() as usize);
        let thread = thread::spawn(|| {
            STEPS.wait_for(1);
            behind.iter().for_each(|place| place.write(1));
            drop(behind);
            STEPS.take();
        });
        STEPS.take();
        STEPS.wait_for(2);
        let old = places.as_ptr();
        places.reserve_exact(5000);
        assert_eq!(places.as_ptr(), old, "the allocator grows the block in place");
        places.resize_with(5000, Place::new);
        assert!(places[4999].pointer() as usize > start && end > start);
        places.iter().for_each(|place| place.write(2));
        thread.join().unwrap();
    }

    /// An allocator of the program's own, over memory that it keeps.
    fn race_tracked_allocator() {
        tracked(false);
    }

    fn clean_tracked_allocator() {
        tracked(true);
    }

    /// The same memory, given to one thread after the other by an allocator that says so.
    fn clean_tracked_reuse() {
        let layout = Layout::new::<Place>();
        for turn in 0..2 {
            let thread = thread::spawn(move || {
                STEPS.wait_for(turn);
                // SAFETY: the layout has a size.
                let block = unsafe { ONE_BLOCK.alloc(layout) };
                Pointer(block.cast()).place().write(1);
                // SAFETY: the block is the allocator's.
                unsafe { ONE_BLOCK.dealloc(block, layout) };
                STEPS.take();
            });
            drop(thread);
        }
        STEPS.wait_for(2);
    }
}

/// So many places in a block of their own.
fn places(count: usize) -> Box<[Place]> {
    (0..count).map(|_| Place::new()).collect()
}

/// The address of a block that another thread has written to and freed. It is too large for a thread's own store of free
/// blocks.
fn written_and_freed(count: usize) -> (*mut u64, thread::JoinHandle<()>) {
    let places = places(count);
    let address = places[0].pointer();
    let thread = thread::spawn(|| {
        STEPS.wait_for(1);
        places.iter().for_each(|place| place.write(1));
        drop(places);
        STEPS.take();
    });
    // Creating a thread allocates, which is over now.
    STEPS.take();
    STEPS.wait_for(2);
    (address, thread)
}

static SLOT: race::sync::Mutex<Option<Pointer>> = race::sync::Mutex::new(None);

/// An allocator with one block, which the C library is never asked for.
struct OneBlock;

static BLOCK: Place = Place::new();

// SAFETY: who uses it has one block at a time, which fits the layout that the cases use.
unsafe impl GlobalAlloc for OneBlock {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        assert!(layout.size() <= size_of::<Place>());
        BLOCK.pointer().cast()
    }

    unsafe fn dealloc(&self, _block: *mut u8, _layout: Layout) {}
}

static ONE_BLOCK: Tracked<OneBlock> = Tracked::new(OneBlock);
static TRACKED: Tracked<System> = Tracked::new(System);

fn tracked(ordered: bool) {
    let layout = Layout::new::<Place>();
    // SAFETY: the layout has a size.
    let shared = Pointer(unsafe { TRACKED.alloc_zeroed(layout) }.cast());
    one_then_other(
        || {
            shared.place().write(1);
            READY.store(true, if ordered { Ordering::Release } else { Ordering::Relaxed });
        },
        || {
            assert!(READY.load(Ordering::Acquire));
            // SAFETY: the block is the allocator's, and given back once.
            unsafe { TRACKED.dealloc(shared.place().pointer().cast(), layout) };
        },
    );
}
