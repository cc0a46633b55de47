//! Accesses of C against those of Rust and of C, in threads of Rust and of C.

use std::ffi::{c_int, c_long, c_void};

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::invisible;

cases! {
    race_rust_write_c_read race_c_write_rust_read race_c_write_c_write clean_c_read_rust_read
    race_c_copy race_c_copied race_c_copied_bytes race_c_copied_constant_bytes race_c_clear clean_copies_of_halves race_c_compound_write
    clean_c_volatile race_c_volatile_against_plain
    clean_c_publishes_to_c clean_c_publishes_by_fence clean_c_consumes_by_exchange race_c_publishes_relaxed
    clean_c_mutex race_c_mutex_on_one_side clean_c_spin_lock
    clean_threads_of_c race_threads_of_c
    clean_c_in_thread_of_rust
}

/// Eight numbers, as C declares them.
type Several = [c_long; 8];

unsafe extern "C" {
    safe fn c_is_instrumented() -> c_int;
    fn c_write(place: *mut c_long);
    fn c_read(place: *const c_long) -> c_long;
    fn c_add(place: *mut c_long);
    fn c_volatile_write(place: *mut c_long);
    fn c_copy(to: *mut Several, from: *const Several);
    fn c_copy_bytes(to: *mut Several, from: *const Several, size: usize);
    fn c_copy_all_bytes(to: *mut Several, from: *const Several);
    fn c_clear(place: *mut Several);
    safe fn c_publish(value: c_long);
    safe fn c_publish_relaxed(value: c_long);
    safe fn c_publish_by_fence(value: c_long);
    safe fn c_consume() -> c_long;
    safe fn c_consume_by_exchange() -> c_long;
    fn c_locked_add(place: *mut c_long);
    fn c_spin_locked_add(place: *mut c_long);
    fn c_run_in_threads(one: Body, other: Body, place: *mut c_void);
}

type Body = unsafe extern "C" fn(*mut c_void) -> *mut c_void;

static PLACE: Place<c_long> = Place::new(0);
static ONE: Place<Several> = Place::new([0; 8]);
static OTHER: Place<Several> = Place::new([0; 8]);

pub fn is_instrumented() -> bool {
    c_is_instrumented() == 1
}

fn c(access: unsafe extern "C" fn(*mut c_long)) {
    // SAFETY: the place lives; races are what the cases are about.
    unsafe { access(PLACE.address()) }
}

fn read_by_c() {
    // SAFETY: as in `c`.
    unsafe { c_read(PLACE.address()) };
}

fn copy_by_c(to: &Place<Several>, from: &Place<Several>) {
    // SAFETY: as in `c`.
    unsafe { c_copy(to.address(), from.address()) }
}

/// Number `index` of `place`.
fn number(place: &Place<Several>, index: usize) -> *mut c_long {
    place.address().cast::<c_long>().wrapping_add(index)
}

fn race_rust_write_c_read() {
    in_order(|| PLACE.write(1), read_by_c);
}

fn race_c_write_rust_read() {
    in_order(
        || c(c_write),
        || {
            PLACE.read();
        },
    );
}

fn race_c_write_c_write() {
    in_order(|| c(c_write), || c(c_write));
}

fn clean_c_read_rust_read() {
    in_order(read_by_c, || {
        PLACE.read();
    });
}

fn race_c_copy() {
    // SAFETY: as in `c`.
    in_order(|| copy_by_c(&ONE, &OTHER), || unsafe { *number(&ONE, 7) = 1 });
}

fn race_c_copied() {
    // SAFETY: as in `c`.
    in_order(|| unsafe { *number(&OTHER, 7) = 1 }, || copy_by_c(&ONE, &OTHER));
}

fn race_c_copied_bytes() {
    let size = std::hint::black_box(64);
    // SAFETY: as in `c`.
    in_order(|| unsafe { *number(&OTHER, 7) = 1 }, || unsafe { c_copy_bytes(ONE.address(), OTHER.address(), size) });
}

fn race_c_copied_constant_bytes() {
    // SAFETY: as in `c`.
    in_order(|| unsafe { *number(&ONE, 7) = 1 }, || unsafe { c_copy_all_bytes(ONE.address(), OTHER.address()) });
}

fn race_c_clear() {
    // SAFETY: as in `c`.
    in_order(|| unsafe { c_clear(ONE.address()) }, || unsafe { *number(&ONE, 7) = 1 });
}

fn clean_copies_of_halves() {
    static BESIDE: Place<[Several; 2]> = Place::new([[0; 8]; 2]);
    let half = |index: usize| BESIDE.address().cast::<Several>().wrapping_add(index);
    // SAFETY: as in `c`; the two write to different halves.
    let copy = |index: usize| unsafe { c_copy(half(index), OTHER.address()) };
    in_order(|| copy(0), || copy(1));
}

fn race_c_compound_write() {
    in_order(|| c(c_add), read_by_c);
}

fn clean_c_volatile() {
    in_order(|| c(c_volatile_write), || c(c_volatile_write));
}

fn race_c_volatile_against_plain() {
    in_order(|| c(c_volatile_write), read_by_c);
}

fn clean_c_publishes_to_c() {
    side_by_side(|| c_publish(5), || assert_eq!(c_consume(), 5));
}

fn clean_c_publishes_by_fence() {
    side_by_side(|| c_publish_by_fence(5), || assert_eq!(c_consume(), 5));
}

fn clean_c_consumes_by_exchange() {
    side_by_side(|| c_publish(5), || assert_eq!(c_consume_by_exchange(), 5));
}

fn race_c_publishes_relaxed() {
    in_order(|| c_publish_relaxed(5), || assert_eq!(c_consume(), 5));
}

fn clean_c_mutex() {
    let work = || (0..100).for_each(|_| c(c_locked_add));
    side_by_side(work, work);
    assert_eq!(PLACE.read(), 200);
}

fn race_c_mutex_on_one_side() {
    in_order(|| c(c_locked_add), || PLACE.write(1));
}

fn clean_c_spin_lock() {
    let work = || (0..100).for_each(|_| c(c_spin_locked_add));
    side_by_side(work, work);
    assert_eq!(PLACE.read(), 200);
}

fn clean_threads_of_c() {
    unsafe extern "C" fn body(place: *mut c_void) -> *mut c_void {
        // SAFETY: the place lives.
        unsafe { c_locked_add(place.cast()) };
        std::ptr::null_mut()
    }
    // SAFETY: the function is of the type that C wants.
    unsafe { c_run_in_threads(body, body, PLACE.address().cast()) };
    assert_eq!(PLACE.read(), 2);
}

fn race_threads_of_c() {
    unsafe extern "C" fn one(place: *mut c_void) -> *mut c_void {
        // SAFETY: the place lives; the race is what the case is about.
        earlier(|| unsafe { c_write(place.cast()) });
        invisible::meet(2);
        std::ptr::null_mut()
    }
    unsafe extern "C" fn other(place: *mut c_void) -> *mut c_void {
        invisible::wait(1);
        // SAFETY: as above.
        later(|| unsafe { c_write(place.cast()) });
        invisible::advance();
        std::ptr::null_mut()
    }
    // SAFETY: the functions are of the type that C wants.
    unsafe { c_run_in_threads(one, other, PLACE.address().cast()) };
}

fn clean_c_in_thread_of_rust() {
    let handle = std::thread::spawn(|| c(c_write));
    handle.join().unwrap();
    read_by_c();
}
