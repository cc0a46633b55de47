//! The system refuses memory, or threads, once the program runs.

use std::ffi::{c_int, c_void};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later};
use crate::invisible;

cases! {
    race_while_memory_is_refused clean_while_memory_is_refused race_after_refused_threads clean_after_refused_threads
}

#[repr(C)]
struct Limit {
    now: u64,
    most: u64,
}

const ADDRESS_SPACE: c_int = 9;

unsafe extern "C" {
    fn getrlimit(resource: c_int, limit: *mut Limit) -> c_int;
    fn setrlimit(resource: c_int, limit: *const Limit) -> c_int;
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

static PLACE: Place<u64> = Place::new(0);
static OTHER: Place<u64> = Place::new(0);

/// Runs `action` while the kernel maps nothing more.
fn without_mappings(action: impl FnOnce()) {
    let mut limit = Limit { now: 0, most: 0 };
    // SAFETY: the place is valid.
    assert_eq!(unsafe { getrlimit(ADDRESS_SPACE, &mut limit) }, 0);
    let none = Limit { now: 0, most: limit.most };
    // SAFETY: as above.
    assert_eq!(unsafe { setrlimit(ADDRESS_SPACE, &none) }, 0);
    action();
    // SAFETY: as above.
    assert_eq!(unsafe { setrlimit(ADDRESS_SPACE, &limit) }, 0);
}

/// Runs `action` while there is no block of any size to be had.
fn without_memory(action: impl FnOnce()) {
    without_mappings(|| {
        let mut first: *mut *mut c_void = std::ptr::null_mut();
        for size in [1 << 20, 1 << 16, 1 << 12, 1 << 8, 1 << 5, 16] {
            loop {
                // SAFETY: a block is used for the address of the one before.
                unsafe {
                    let block: *mut *mut c_void = malloc(size).cast();
                    if block.is_null() {
                        break;
                    }
                    block.write(first.cast());
                    first = block;
                }
            }
        }
        action();
        while !first.is_null() {
            // SAFETY: the block is one of those above, and is freed once.
            unsafe {
                let next = *first;
                free(first.cast());
                first = next.cast();
            }
        }
    });
}

/// Releases and acquires at many places.
fn synchronise() {
    static PLACES: [AtomicU64; 4096] = [const { AtomicU64::new(0) }; 4096];
    for place in &PLACES {
        place.fetch_add(1, Ordering::AcqRel);
        place.store(2, Ordering::Release);
    }
}

/// The report of the first race, before memory is refused, reads the names of functions, which takes memory.
fn race_while_memory_is_refused() {
    in_order(
        || {
            PLACE.write(1);
            OTHER.write(1);
        },
        || {
            PLACE.read();
            without_memory(|| {
                synchronise();
                OTHER.write(2);
            });
        },
    );
}

fn clean_while_memory_is_refused() {
    static LOCK: Mutex<()> = Mutex::new(());
    thread::scope(|scope| {
        scope.spawn(|| {
            invisible::meet(2);
            without_memory(|| {
                synchronise();
                let _held = LOCK.lock();
                PLACE.write(1);
            });
            invisible::meet(4);
        });
        scope.spawn(|| {
            invisible::meet(2);
            invisible::wait(3);
            synchronise();
            let held = LOCK.lock();
            assert_eq!(PLACE.read(), 1);
            drop(held);
            invisible::advance();
        });
    });
}

/// More than the engine tells apart.
fn refuse_threads() {
    without_mappings(|| {
        for _ in 0..2000 {
            assert!(thread::Builder::new().stack_size(64 << 20).spawn(|| ()).is_err());
        }
    });
}

fn race_after_refused_threads() {
    refuse_threads();
    in_order(|| PLACE.write(1), || PLACE.write(2));
}

fn clean_after_refused_threads() {
    PLACE.write(1);
    refuse_threads();
    for turn in 1..=4 {
        assert_eq!(PLACE.read(), turn);
        thread::spawn(move || PLACE.write(turn + 1)).join().unwrap();
    }
    refuse_threads();
    let _ = (earlier(|| PLACE.read()), later(|| PLACE.read()));
}
