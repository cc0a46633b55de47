//! What C code tells a race detector, told from Rust: orders, locks of its own making, regions and places not to look at,
//! the guards of C++'s static variables.

use std::ffi::{c_char, c_int, c_long, c_uint};
use std::ptr::null;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::case::{Place, cases, in_order, side_by_side};

cases! {
    clean_announced_release race_announced_release_elsewhere clean_happens_before race_happens_before_other_way
    clean_announced_mutex race_announced_mutexes race_under_announced_read_locks clean_announced_reader_then_writer
    race_announced_failed_try_lock race_inside_of_announced_lock_orders_nothing clean_announced_divert
    clean_announced_read_write_lock race_announced_read_locks
    clean_ignored_writes race_ignored_reads_only race_ignored_no_more race_ignored_synchronisation
    clean_benign_race race_beside_benign_race race_benign_place_used_anew
    clean_new_memory race_external clean_external_reads
    clean_static_guard clean_static_guard_failed race_before_static_guard
}

unsafe extern "C" {
    safe fn __tsan_acquire(object: usize);
    safe fn __tsan_release(object: usize);
    safe fn __tsan_mutex_create(lock: usize, flags: c_uint);
    safe fn __tsan_mutex_pre_lock(lock: usize, flags: c_uint);
    safe fn __tsan_mutex_post_lock(lock: usize, flags: c_uint, levels: c_int);
    safe fn __tsan_mutex_pre_unlock(lock: usize, flags: c_uint) -> c_int;
    safe fn __tsan_mutex_post_unlock(lock: usize, flags: c_uint);
    safe fn __tsan_mutex_pre_divert(lock: usize, flags: c_uint);
    safe fn __tsan_mutex_post_divert(lock: usize, flags: c_uint);
    fn __tsan_external_read(object: usize, caller: usize, tag: usize);
    fn __tsan_external_write(object: usize, caller: usize, tag: usize);
    safe fn AnnotateHappensBefore(file: *const c_char, line: c_int, object: usize);
    safe fn AnnotateHappensAfter(file: *const c_char, line: c_int, object: usize);
    safe fn AnnotateRWLockAcquired(file: *const c_char, line: c_int, lock: usize, writes: c_long);
    safe fn AnnotateRWLockReleased(file: *const c_char, line: c_int, lock: usize, writes: c_long);
    safe fn AnnotateIgnoreReadsBegin(file: *const c_char, line: c_int);
    safe fn AnnotateIgnoreReadsEnd(file: *const c_char, line: c_int);
    safe fn AnnotateIgnoreWritesBegin(file: *const c_char, line: c_int);
    safe fn AnnotateIgnoreWritesEnd(file: *const c_char, line: c_int);
    safe fn AnnotateIgnoreSyncBegin(file: *const c_char, line: c_int);
    safe fn AnnotateIgnoreSyncEnd(file: *const c_char, line: c_int);
    safe fn AnnotateBenignRaceSized(file: *const c_char, line: c_int, start: usize, size: usize, why: *const c_char);
    safe fn AnnotateNewMemory(file: *const c_char, line: c_int, start: usize, size: usize);
    fn __cxa_guard_acquire(guard: *mut u64) -> c_int;
    fn __cxa_guard_release(guard: *mut u64);
    fn __cxa_guard_abort(guard: *mut u64);
}

const READ: c_uint = 1 << 3;
const TRY: c_uint = 1 << 4;
const FAILED: c_uint = 1 << 5;

static PLACE: Place<u64> = Place::new(0);
static FLAG: AtomicU32 = AtomicU32::new(0);
/// Whose addresses name what is announced.
static NAMES: [u64; 2] = [0; 2];

fn name(number: usize) -> usize {
    &raw const NAMES[number] as usize
}

fn write() {
    PLACE.write(1);
}

fn read() {
    PLACE.read();
}

fn clean_announced_release() {
    let first = || {
        write();
        __tsan_release(name(0));
    };
    let second = || {
        __tsan_acquire(name(0));
        read();
    };
    in_order(first, second);
}

fn race_announced_release_elsewhere() {
    let first = || {
        write();
        __tsan_release(name(0));
    };
    let second = || {
        __tsan_acquire(name(1));
        read();
    };
    in_order(first, second);
}

fn clean_happens_before() {
    let first = || {
        write();
        AnnotateHappensBefore(null(), 0, name(0));
    };
    let second = || {
        AnnotateHappensAfter(null(), 0, name(0));
        write();
    };
    in_order(first, second);
}

fn race_happens_before_other_way() {
    let first = || {
        write();
        AnnotateHappensAfter(null(), 0, name(0));
    };
    let second = || {
        AnnotateHappensBefore(null(), 0, name(0));
        write();
    };
    in_order(first, second);
}

/// Does `action` under a lock that is announced and, since the callers are ordered invisibly, need not be there.
fn locked(lock: usize, flags: c_uint, action: impl FnOnce()) {
    __tsan_mutex_pre_lock(name(lock), flags);
    __tsan_mutex_post_lock(name(lock), flags, 0);
    action();
    __tsan_mutex_pre_unlock(name(lock), flags);
    __tsan_mutex_post_unlock(name(lock), flags);
}

fn clean_announced_mutex() {
    __tsan_mutex_create(name(0), 0);
    in_order(|| locked(0, 0, write), || locked(0, 0, write));
}

fn race_announced_mutexes() {
    in_order(|| locked(0, 0, write), || locked(1, 0, write));
}

fn race_under_announced_read_locks() {
    in_order(|| locked(0, READ, write), || locked(0, READ, write));
}

fn clean_announced_reader_then_writer() {
    in_order(|| locked(0, READ, read), || locked(0, 0, write));
}

fn race_announced_failed_try_lock() {
    let second = || {
        __tsan_mutex_pre_lock(name(0), TRY);
        __tsan_mutex_post_lock(name(0), TRY | FAILED, 0);
        read();
    };
    in_order(|| locked(0, 0, write), second);
}

/// The atomics of which a lock is made would order more than the lock does.
fn race_inside_of_announced_lock_orders_nothing() {
    let locked = |lock: usize| {
        __tsan_mutex_pre_lock(name(lock), 0);
        FLAG.fetch_add(1, Ordering::AcqRel);
        __tsan_mutex_post_lock(name(lock), 0, 0);
        write();
        __tsan_mutex_pre_unlock(name(lock), 0);
        FLAG.fetch_sub(1, Ordering::AcqRel);
        __tsan_mutex_post_unlock(name(lock), 0);
    };
    in_order(|| locked(0), || locked(1));
}

fn clean_announced_divert() {
    let first = || {
        write();
        __tsan_mutex_pre_lock(name(0), 0);
        __tsan_mutex_pre_divert(name(0), 0);
        FLAG.store(1, Ordering::Release);
        __tsan_mutex_post_divert(name(0), 0);
        __tsan_mutex_post_lock(name(0), 0, 0);
    };
    let second = || {
        FLAG.load(Ordering::Acquire);
        write();
    };
    in_order(first, second);
}

fn read_write_locked(writes: c_long, action: impl FnOnce()) {
    AnnotateRWLockAcquired(null(), 0, name(0), writes);
    action();
    AnnotateRWLockReleased(null(), 0, name(0), writes);
}

fn clean_announced_read_write_lock() {
    in_order(|| read_write_locked(1, write), || read_write_locked(0, read));
}

fn race_announced_read_locks() {
    in_order(|| read_write_locked(0, write), || read_write_locked(0, read));
}

fn without_writes(action: impl FnOnce()) {
    AnnotateIgnoreWritesBegin(null(), 0);
    action();
    AnnotateIgnoreWritesEnd(null(), 0);
}

fn clean_ignored_writes() {
    in_order(|| without_writes(write), read);
}

fn race_ignored_reads_only() {
    let first = || {
        AnnotateIgnoreReadsBegin(null(), 0);
        write();
        AnnotateIgnoreReadsEnd(null(), 0);
    };
    in_order(first, read);
}

fn race_ignored_no_more() {
    let first = || {
        without_writes(|| ());
        AnnotateIgnoreWritesEnd(null(), 0);
        write();
    };
    in_order(first, read);
}

fn race_ignored_synchronisation() {
    let first = || {
        write();
        AnnotateIgnoreSyncBegin(null(), 0);
        FLAG.store(1, Ordering::Release);
        AnnotateIgnoreSyncEnd(null(), 0);
    };
    let second = || {
        FLAG.load(Ordering::Acquire);
        read();
    };
    in_order(first, second);
}

/// Two halves of four bytes.
static PAIR: Place<u64> = Place::new(0);

/// One half of the pair.
fn half(number: usize) -> *mut u32 {
    PAIR.address().cast::<u32>().wrapping_add(number)
}

fn write_half(number: usize) {
    // SAFETY: the pair lives; races are what the cases are about.
    unsafe { *half(number) = std::hint::black_box(1) };
}

fn clean_benign_race() {
    AnnotateBenignRaceSized(null(), 0, half(1) as usize, 4, null());
    side_by_side(|| write_half(1), || write_half(1));
    in_order(|| write_half(1), || write_half(1));
}

fn race_beside_benign_race() {
    AnnotateBenignRaceSized(null(), 0, half(1) as usize, 4, null());
    in_order(|| write_half(0), || write_half(0));
}

/// What was said of memory does not hold for its next owner.
fn race_benign_place_used_anew() {
    AnnotateBenignRaceSized(null(), 0, half(0) as usize, 8, null());
    AnnotateNewMemory(null(), 0, half(0) as usize, 8);
    in_order(|| write_half(0), || write_half(0));
}

fn clean_new_memory() {
    let second = || {
        AnnotateNewMemory(null(), 0, PLACE.address() as usize, 8);
        write();
    };
    in_order(write, second);
}

fn race_external() {
    // SAFETY: nothing is accessed.
    let external = || unsafe { __tsan_external_write(PLACE.address() as usize, race_external as fn() as usize, 0) };
    in_order(external, external);
}

fn clean_external_reads() {
    // SAFETY: nothing is accessed.
    let external = || unsafe { __tsan_external_read(PLACE.address() as usize, race_external as fn() as usize, 0) };
    in_order(external, external);
}

static GUARD: Place<u64> = Place::new(0);

/// The variable behind the guard, as a C++ function has it; `fails` says that its initialiser throws.
fn guarded(fails: bool) {
    // SAFETY: the guard is as the C++ ABI wants it.
    unsafe {
        if __cxa_guard_acquire(GUARD.address()) == 1 {
            PLACE.write(PLACE.read() + 1);
            if fails {
                __cxa_guard_abort(GUARD.address());
            } else {
                __cxa_guard_release(GUARD.address());
            }
        }
    }
}

fn clean_static_guard() {
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                guarded(false);
                assert_eq!(PLACE.read(), 1);
            });
        }
    });
}

fn clean_static_guard_failed() {
    in_order(|| guarded(true), || guarded(false));
    assert_eq!(PLACE.read(), 2);
}

fn race_before_static_guard() {
    let second = || {
        read();
        guarded(false);
    };
    in_order(|| guarded(false), second);
}
