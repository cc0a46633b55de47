//! The C ABI of the whole-program tier: calls with sizes of zero, odd and huge ones, and places that are null, unaligned,
//! unmapped, the shadow itself, no addresses at all, or so near an end that the range goes around.
//!
//! Three fibers take turns, so that what one does meets what the others did. Each input has fibers of its own: calls that
//! should come in pairs may come in any number. What the program could not be doing is left out: calls that themselves access
//! memory are about memory that is there, and so are the plain accesses of up to eight bytes, before which the compiler puts a
//! call and which look into the shadow without asking whether there is one; the lives of heap blocks are real.
//!
//! Forgetting memory takes time that grows with the memory, also where nothing was ever touched: no range here is long enough to
//! matter and still lies in one of the two that have a shadow.
//!
//! The bytes are calls, of four bytes each: which, where, how far from there, how much.

use std::ffi::{c_char, c_int, c_long, c_uint, c_void};
use std::sync::Once;

use race_rt as _;

unsafe extern "C" {
    fn __tsan_read1(address: usize);
    fn __tsan_read8(address: usize);
    fn __tsan_write4(address: usize);
    fn __tsan_write8(address: usize);
    fn __tsan_read16(address: usize);
    fn __tsan_write16(address: usize);
    fn __tsan_unaligned_read2(address: usize);
    fn __tsan_unaligned_write8(address: usize);
    fn __tsan_unaligned_write16(address: usize);
    fn __tsan_unaligned_volatile_read4(address: usize);
    fn __tsan_volatile_write16(address: usize);
    fn __tsan_read_range(address: usize, size: usize);
    fn __tsan_write_range(address: usize, size: usize);
    fn __tsan_func_entry(pc: usize);
    fn __tsan_func_exit();
    fn __tsan_acquire(object: usize);
    fn __tsan_release(object: usize);
    fn __tsan_ignore_thread_begin();
    fn __tsan_ignore_thread_end();
    fn __tsan_external_read(object: usize, caller: usize, tag: usize);
    fn __tsan_external_write(object: usize, caller: usize, tag: usize);
    fn __tsan_atomic64_exchange(object: *mut u64, value: u64, order: c_int) -> u64;
    fn __tsan_atomic32_load(object: *const u32, order: c_int) -> u32;
    fn __tsan_atomic8_store(object: *mut u8, value: u8, order: c_int);
    fn __tsan_atomic_thread_fence(order: c_int);
    fn __tsan_mutex_create(mutex: usize, flags: c_uint);
    fn __tsan_mutex_destroy(mutex: usize, flags: c_uint);
    fn __tsan_mutex_pre_lock(mutex: usize, flags: c_uint);
    fn __tsan_mutex_post_lock(mutex: usize, flags: c_uint, recursion: c_int);
    fn __tsan_mutex_pre_unlock(mutex: usize, flags: c_uint) -> c_int;
    fn __tsan_mutex_post_unlock(mutex: usize, flags: c_uint);
    fn __tsan_memcpy(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void;
    fn __tsan_memmove(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void;
    fn __tsan_memset(to: *mut c_void, byte: c_int, size: usize) -> *mut c_void;
    fn __tsan_get_current_fiber() -> *mut c_void;
    fn __tsan_create_fiber(flags: c_uint) -> *mut c_void;
    fn __tsan_destroy_fiber(fiber: *mut c_void);
    fn __tsan_switch_to_fiber(fiber: *mut c_void, flags: c_uint);
    fn AnnotateHappensBefore(file: *const c_char, line: c_int, object: usize);
    fn AnnotateHappensAfter(file: *const c_char, line: c_int, object: usize);
    fn AnnotateIgnoreReadsBegin(file: *const c_char, line: c_int);
    fn AnnotateIgnoreReadsEnd(file: *const c_char, line: c_int);
    fn AnnotateIgnoreSyncBegin(file: *const c_char, line: c_int);
    fn AnnotateIgnoreSyncEnd(file: *const c_char, line: c_int);
    fn AnnotateRWLockAcquired(file: *const c_char, line: c_int, lock: usize, writes: c_long);
    fn AnnotateRWLockReleased(file: *const c_char, line: c_int, lock: usize, writes: c_long);
    fn AnnotateBenignRaceSized(file: *const c_char, line: c_int, start: usize, size: usize, why: *const c_char);
    fn AnnotateNewMemory(file: *const c_char, line: c_int, start: usize, size: usize);
    fn __race_forget(address: usize, size: usize);
}

/// Bytes of memory that is there.
const OWN: usize = 1 << 16;
/// Calls of an input at most.
const CALLS: usize = 128;
/// A switch that orders nothing.
const UNORDERED: c_uint = 1;

/// Where calls are about, beside the own memory.
const PLACES: [usize; 14] = [
    0,
    0x1000,
    0x0000_03ff_ffff_fff8, // the end of the lower range that has a shadow
    0x0000_0500_0000_0000,
    0x0000_1000_0000_0000, // the sites of the shadow
    0x0000_3000_0000_0000, // its words
    0x0000_54ff_ffff_fff8, // before the upper range
    0x0000_5500_0000_0000,
    0x0000_6000_0000_0000, // unmapped
    0x0000_7fff_ffff_fff8, // the end of what programs have
    0x0000_8000_0000_0000,
    0x00de_adbe_ef00_0000,
    0xffff_8000_0000_0000,
    usize::MAX - 7,
];

const SIZES: [usize; 22] = [
    0,
    1,
    2,
    3,
    5,
    7,
    8,
    9,
    15,
    16,
    17,
    63,
    65,
    4095,
    4096,
    65535,
    (1 << 20) + 1,
    (1 << 26) + 1,
    1 << 30,
    1 << 47,
    isize::MAX as usize,
    usize::MAX,
];

/// Makes the calls.
///
/// # Panics
/// A call does what it must not.
pub fn run(bytes: &[u8]) {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        race_rt::start::default_to("exitcode=0 atexit_sleep_ms=0 perturb=off max_reports=50", "the fuzz target");
        // A thread that is alone is not watched.
        std::thread::spawn(|| {
            loop {
                std::thread::park();
            }
        });
    });
    let mut own = vec![0_u64; OWN / 8];
    let start = own.as_mut_ptr() as usize;
    // SAFETY: none of these has preconditions but that what is switched to exists.
    let (before, fibers) = unsafe { (__tsan_get_current_fiber(), [(); 3].map(|()| __tsan_create_fiber(0))) };
    for call in bytes.as_chunks::<4>().0.iter().take(CALLS) {
        make(*call, start, &fibers);
    }
    // SAFETY: the fiber that ran at first still exists, and the others do not run any more.
    unsafe {
        __tsan_switch_to_fiber(before, UNORDERED);
        fibers.into_iter().for_each(|fiber| __tsan_destroy_fiber(fiber));
    }
    std::hint::black_box(own);
}

fn make([which, place, distance, size]: [u8; 4], start: usize, fibers: &[*mut c_void; 3]) {
    let (distance, order) = (usize::from(distance), c_int::from(size % 6));
    let size = SIZES[usize::from(size) % SIZES.len()];
    // In memory that is there, with room for whatever is accessed by one call.
    let own = start + usize::from(place) * 64 + distance;
    let own_size = size.min(start + OWN - own);
    let (object, aligned) = (own as *mut c_void, own & !7);
    // Behind the own memory lies the rest of the heap, which may be any size.
    let (any, size) = match PLACES.get(usize::from(place)) {
        Some(place) => (place.wrapping_add(distance).wrapping_sub(16), size),
        None => (own, own_size),
    };
    let (file, why) = (c"file".as_ptr(), c"why".as_ptr());
    let flags = c_uint::from(place) << 4 | distance as c_uint;
    // SAFETY: what is accessed by the calls themselves lies in memory that is there; the fibers exist.
    unsafe {
        match which % 47 {
            0 => __tsan_read1(own),
            1 => __tsan_read8(own),
            2 => __tsan_write4(own),
            3 => __tsan_write8(own),
            4 => __tsan_read16(any),
            5 => __tsan_write16(any),
            6 => __tsan_unaligned_read2(any),
            7 => __tsan_unaligned_write8(any),
            8 => __tsan_unaligned_write16(any),
            9 => __tsan_unaligned_volatile_read4(any),
            10 => __tsan_volatile_write16(any),
            11 => __tsan_read_range(any, size),
            12 => __tsan_write_range(any, size),
            13 => __tsan_func_entry(any),
            14 => __tsan_func_exit(),
            15 => __tsan_acquire(any),
            16 => __tsan_release(any),
            17 => __tsan_ignore_thread_begin(),
            18 => __tsan_ignore_thread_end(),
            19 => __tsan_external_read(any, size, distance),
            20 => __tsan_external_write(any, size, distance),
            21 => drop(__tsan_atomic64_exchange(aligned as *mut u64, 1, order)),
            22 => drop(__tsan_atomic32_load(aligned as *const u32, order)),
            23 => __tsan_atomic8_store(own as *mut u8, 1, order),
            24 => __tsan_atomic_thread_fence(order),
            25 => __tsan_mutex_create(any, flags),
            26 => __tsan_mutex_destroy(any, flags),
            27 => __tsan_mutex_pre_lock(any, flags),
            28 => __tsan_mutex_post_lock(any, flags, order),
            29 => drop(__tsan_mutex_pre_unlock(any, flags)),
            30 => __tsan_mutex_post_unlock(any, flags),
            31 => drop(__tsan_memcpy(object, start as *const c_void, own_size.min(own - start))),
            32 => drop(__tsan_memmove(object, start as *const c_void, own_size)),
            33 => drop(__tsan_memset(object, order, own_size)),
            34 => AnnotateHappensBefore(file, order, any),
            35 => AnnotateHappensAfter(file, order, any),
            36 => AnnotateIgnoreReadsBegin(file, order),
            37 => AnnotateIgnoreReadsEnd(file, order),
            38 => AnnotateIgnoreSyncBegin(file, order),
            39 => AnnotateIgnoreSyncEnd(file, order),
            40 => AnnotateRWLockAcquired(file, order, any, distance as c_long),
            41 => AnnotateRWLockReleased(file, order, any, distance as c_long),
            42 => AnnotateBenignRaceSized(file, order, any, size, why),
            43 => AnnotateNewMemory(file, order, any, size),
            44 => __race_forget(any, size),
            45 => mapped(any, size, distance),
            _ => __tsan_switch_to_fiber(fibers[distance % fibers.len()], c_uint::from(place) & UNORDERED),
        }
    }
}

/// Maps a page where it is wished, or demanded, and what cannot be; allocates what there is no room for.
fn mapped(address: usize, size: usize, how: usize) {
    const PAGE: usize = 4096;
    let place = (address & !(PAGE - 1)) as *mut c_void;
    let flags =
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | if how.is_multiple_of(2) { 0 } else { libc::MAP_FIXED_NOREPLACE };
    // SAFETY: a mapping that replaces none is nobody's, and is given back; so is a block.
    unsafe {
        let mapping = libc::mmap(place, PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        if mapping != libc::MAP_FAILED {
            __tsan_write8(mapping as usize);
            mapping.cast::<u64>().write(1);
            assert_eq!(libc::munmap(mapping, PAGE), 0);
        }
        let block = libc::realloc(libc::malloc(how), size.min(1 << 20));
        libc::free(block);
        if size > 1 << 40 {
            // The compiler takes a block that nobody uses for given.
            let blocks = std::hint::black_box([libc::malloc(size), libc::calloc(size, how + 2)]);
            assert!(blocks.iter().all(|block| block.is_null()));
        }
        let mut aligned = std::ptr::null_mut();
        let reason = libc::posix_memalign(&raw mut aligned, how, 64);
        assert!(how.is_power_of_two() && how.is_multiple_of(8) || reason == libc::EINVAL, "{how} {reason}");
        if reason == 0 {
            libc::free(aligned);
        }
    }
}
