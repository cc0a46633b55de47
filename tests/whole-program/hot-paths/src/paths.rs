//! What is counted.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::iter;

use crate::probe::Probe;

/// Orderings as the instrumented code passes them.
const ACQUIRE: usize = 2;
const RELEASE: usize = 3;
const ACQUIRE_RELEASE: usize = 4;
const RELAXED: usize = 0;

unsafe extern "C" {
    fn __tsan_read8(address: *mut c_void);
    fn __tsan_write1(address: *mut c_void);
    fn __tsan_write4(address: *mut c_void);
    fn __tsan_write8(address: *mut c_void);
    fn __tsan_write16(address: *mut c_void);
    fn __tsan_func_entry(pc: *mut c_void);
    fn __tsan_func_exit();
    fn __tsan_atomic64_load(address: *const u64, order: i32) -> u64;
    fn __tsan_atomic64_store(address: *mut u64, value: u64, order: i32);
    fn __tsan_atomic64_fetch_add(address: *mut u64, value: u64, order: i32) -> u64;
    fn __tsan_atomic32_compare_exchange_val(address: *mut u32, old: u32, new: u32, order: i32, failing: i32) -> u32;
    fn __tsan_atomic32_exchange(address: *mut u32, value: u32, order: i32) -> u32;
    fn pthread_mutex_lock(mutex: *mut c_void) -> i32;
    fn pthread_mutex_unlock(mutex: *mut c_void) -> i32;
    fn malloc(size: usize) -> *mut c_void;
    fn free(block: *mut c_void);
}

/// Granules of their own, so that one path does not change another's.
#[repr(C, align(64))]
struct Place(UnsafeCell<[u64; 8]>);

/// What the paths work on.
pub struct Places {
    own: Place,
    sixteen: Place,
    turns: Place,
    halves: Place,
    shared: Place,
    few: Place,
    many: Place,
    bytes: Place,
    beside: Place,
    loaded: Place,
    stored: Place,
    added: Place,
    word: Place,
    mutex: Place,
}

// SAFETY: but for those that are only read, the places are the main thread's.
unsafe impl Sync for Places {}

impl Places {
    pub const fn new() -> Self {
        Self {
            own: Place::new(),
            sixteen: Place::new(),
            turns: Place::new(),
            halves: Place::new(),
            shared: Place::new(),
            few: Place::new(),
            many: Place::new(),
            bytes: Place::new(),
            beside: Place::new(),
            loaded: Place::new(),
            stored: Place::new(),
            added: Place::new(),
            word: Place::new(),
            mutex: Place::new(),
        }
    }

    /// What both threads do.
    pub fn read_shared(&self) {
        // SAFETY: the place lives.
        unsafe { Probe::idle().call(__tsan_read8 as *const () as usize, [self.shared.address(), 0, 0, 0, 0]) };
    }

    /// What one of the readers does.
    pub fn read_as(&self, reader: u32) {
        let is_one_of_few = reader < Self::READERS_OF_FEW;
        for place in iter::once(&self.many).chain(is_one_of_few.then_some(&self.few)) {
            // SAFETY: the place lives.
            unsafe { Probe::idle().call(__tsan_read8 as *const () as usize, [place.address(), 0, 0, 0, 0]) };
        }
    }

    /// Threads that read the place of many, and have ended.
    pub const READERS: u32 = 8;
    const READERS_OF_FEW: u32 = 2;
}

impl Place {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; 8]))
    }

    fn address(&self) -> usize {
        self.0.get() as usize
    }
}

/// One path.
pub struct Path {
    pub name: &'static str,
    pub run: fn(&Places, Probe),
}

/// Calls `$function` with `$argument`s, the first of which is the address of a place.
macro_rules! call {
    ($probe:expr, $function:ident $(, $argument:expr)*) => {{
        let mut arguments = [0_usize; 5];
        let given: &[usize] = &[$($argument),*];
        arguments[..given.len()].copy_from_slice(given);
        // SAFETY: the arguments are those that the function takes; the places live.
        unsafe { $probe.call($function as *const () as usize, arguments) }
    }};
}

pub const PATHS: &[Path] = &[
    // Before the first release, which begins a new step.
    Path { name: "read_shared_again", run: |places, probe| _ = call!(probe, __tsan_read8, places.shared.address()) },
    Path { name: "write_again", run: |places, probe| _ = call!(probe, __tsan_write8, places.own.address()) },
    Path { name: "read_again", run: |places, probe| _ = call!(probe, __tsan_read8, places.own.address()) },
    Path {
        name: "write_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_write8, places.own.address());
        },
    },
    Path {
        name: "write_in_new_step_of_new_call",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(Probe::idle(), __tsan_func_entry, __tsan_write8 as *const () as usize);
            call!(probe, __tsan_write8, places.own.address());
            call!(Probe::idle(), __tsan_func_exit);
        },
    },
    Path {
        name: "write_16_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_write16, places.sixteen.address());
        },
    },
    // Beside what was written in an earlier step.
    Path {
        name: "read_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_read8, places.own.address());
        },
    },
    // Each in a step of its own.
    Path {
        name: "read_after_write",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_write8, places.turns.address());
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_read8, places.turns.address());
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
        },
    },
    Path {
        name: "write_after_read",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_read8, places.turns.address());
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_write8, places.turns.address());
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
        },
    },
    // Two members of one word, which have an entry each.
    Path {
        name: "write_of_a_half_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(Probe::idle(), __tsan_write4, places.halves.address());
            call!(probe, __tsan_write4, places.halves.address() + 4);
        },
    },
    // Beside what two other threads read, and eight.
    Path {
        name: "read_beside_two_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_read8, places.few.address());
        },
    },
    Path {
        name: "read_beside_eight_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_read8, places.many.address());
        },
    },
    // Of what was written byte by byte, each in a step of its own.
    Path {
        name: "read_of_bytes_in_new_step",
        run: |places, probe| {
            for byte in 0..3 {
                call!(Probe::idle(), __tsan_write1, places.bytes.address() + byte);
                call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            }
            call!(probe, __tsan_read8, places.bytes.address());
        },
    },
    // A lock and its data in one word.
    Path {
        name: "write_beside_atomic_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic32_exchange, places.beside.address(), 0, RELEASE);
            call!(probe, __tsan_write1, places.beside.address() + 4);
        },
    },
    Path {
        name: "function_entry",
        run: |_, probe| {
            call!(probe, __tsan_func_entry, __tsan_read8 as *const () as usize);
            call!(Probe::idle(), __tsan_func_exit);
        },
    },
    Path {
        name: "function_exit",
        run: |_, probe| {
            call!(Probe::idle(), __tsan_func_entry, __tsan_read8 as *const () as usize);
            call!(probe, __tsan_func_exit);
        },
    },
    Path {
        name: "load_relaxed",
        run: |places, probe| _ = call!(probe, __tsan_atomic64_load, places.loaded.address(), RELAXED),
    },
    Path {
        name: "load_acquire",
        run: |places, probe| _ = call!(probe, __tsan_atomic64_load, places.loaded.address(), ACQUIRE),
    },
    Path {
        name: "store_release",
        run: |places, probe| _ = call!(probe, __tsan_atomic64_store, places.stored.address(), 1, RELEASE),
    },
    Path {
        name: "add_relaxed",
        run: |places, probe| _ = call!(probe, __tsan_atomic64_fetch_add, places.added.address(), 1, RELAXED),
    },
    Path {
        name: "add_acquire_release",
        run: |places, probe| _ = call!(probe, __tsan_atomic64_fetch_add, places.added.address(), 1, ACQUIRE_RELEASE),
    },
    // As std's mutex does it.
    Path {
        name: "mutex_lock",
        run: |places, probe| {
            call!(probe, __tsan_atomic32_compare_exchange_val, places.word.address(), 0, 1, ACQUIRE, RELAXED);
            call!(Probe::idle(), __tsan_atomic32_exchange, places.word.address(), 0, RELEASE);
        },
    },
    Path {
        name: "mutex_unlock",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic32_compare_exchange_val, places.word.address(), 0, 1, ACQUIRE, RELAXED);
            call!(probe, __tsan_atomic32_exchange, places.word.address(), 0, RELEASE);
        },
    },
    Path {
        name: "pthread_mutex_lock",
        run: |places, probe| {
            call!(probe, pthread_mutex_lock, places.mutex.address());
            call!(Probe::idle(), pthread_mutex_unlock, places.mutex.address());
        },
    },
    Path {
        name: "pthread_mutex_unlock",
        run: |places, probe| {
            call!(Probe::idle(), pthread_mutex_lock, places.mutex.address());
            call!(probe, pthread_mutex_unlock, places.mutex.address());
        },
    },
    Path {
        name: "malloc",
        run: |_, probe| {
            let block = call!(probe, malloc, 32);
            call!(Probe::idle(), free, block);
        },
    },
    Path {
        name: "free",
        run: |_, probe| {
            let block = call!(Probe::idle(), malloc, 32);
            call!(probe, free, block);
        },
    },
    // Of what was read in another step than it was allocated in, as who gets a block from another thread does.
    Path {
        name: "free_of_read",
        run: |places, probe| {
            let block = call!(Probe::idle(), malloc, 32);
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            for word in 0..4 {
                call!(Probe::idle(), __tsan_read8, block + 8 * word);
            }
            call!(probe, free, block);
        },
    },
    Path {
        name: "load_acquire_in_new_step",
        run: |places, probe| {
            call!(Probe::idle(), __tsan_atomic64_store, places.stored.address(), 1, RELEASE);
            call!(probe, __tsan_atomic64_load, places.added.address(), ACQUIRE);
        },
    },
    // Of variables that the thread has not met, in memory that it has just got.
    Path {
        name: "first_release_of_new_variable",
        run: |_, probe| {
            let block = call!(Probe::idle(), malloc, 32);
            call!(probe, __tsan_atomic64_fetch_add, block, 1, ACQUIRE_RELEASE);
        },
    },
    Path {
        name: "second_release_of_new_variable",
        run: |_, probe| {
            let block = call!(Probe::idle(), malloc, 32);
            call!(Probe::idle(), __tsan_atomic64_fetch_add, block, 1, ACQUIRE_RELEASE);
            call!(probe, __tsan_atomic64_fetch_add, block, 1, ACQUIRE_RELEASE);
        },
    },
    Path {
        name: "first_load_of_new_variable",
        run: |_, probe| {
            let block = call!(Probe::idle(), malloc, 32);
            call!(Probe::idle(), __tsan_atomic64_fetch_add, block, 1, ACQUIRE_RELEASE);
            call!(probe, __tsan_atomic64_load, block, ACQUIRE);
        },
    },
    // The next round has another block: this one is taken again.
    Path {
        name: "free_of_atomic",
        run: |_, probe| {
            let block = call!(Probe::idle(), malloc, 32);
            call!(Probe::idle(), __tsan_atomic64_fetch_add, block, 1, ACQUIRE_RELEASE);
            call!(probe, free, block);
            call!(Probe::idle(), malloc, 32);
        },
    },
];
