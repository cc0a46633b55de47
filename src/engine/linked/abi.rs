//! The functions of the runtime that `cargo race` links; `race-rt/src/abi/wrapper` has them, one file for each here.
//!
//! They are resolved as the instrumentation's own calls are: a shared library finds them in the program that loads it.

use std::ffi::c_void;

/// The engine's; pointed to only.
#[repr(C)]
pub(super) struct Opaque {
    _nothing: [u8; 0],
}

/// The engine's, in its own keeping. Null where the engine does not work for the thread that asked.
pub(super) type Handle = *const Opaque;

/// One access of a race.
#[repr(C)]
pub(super) struct Side {
    pub(super) kind: usize,
    pub(super) address: usize,
    pub(super) thread: u32,
    /// Null for a thread without a name.
    pub(super) name: *const u8,
    pub(super) name_size: usize,
}

/// What is called for each race: with its own data, the two accesses and the text of the report. False when it panicked.
pub(super) type Callback = extern "C" fn(*const c_void, &Side, &Side, *const u8, usize) -> bool;

unsafe extern "C" {
    // access
    pub(super) safe fn __race_access(address: usize, size: usize, kind: usize);
    pub(super) safe fn __race_allocated(address: usize, size: usize);
    pub(super) safe fn __race_freed(address: usize, size: usize);
    pub(super) safe fn __race_given_back(address: usize, size: usize);
    pub(super) safe fn __race_forget(address: usize, size: usize);
    // control
    pub(super) safe fn __race_release_at(address: usize);
    pub(super) safe fn __race_acquire_at(address: usize);
    pub(super) safe fn __race_ignore() -> bool;
    pub(super) safe fn __race_heed();
    pub(super) safe fn __race_seed() -> u64;
    pub(super) fn __race_schedule(room: *mut u8, size: usize) -> usize;
    pub(super) fn __race_default_options(options: *const u8, size: usize);
    // hidden
    pub(super) safe fn __race_hide() -> bool;
    pub(super) safe fn __race_show();
    pub(super) safe fn __race_reveal() -> u32;
    pub(super) safe fn __race_conceal(hidden: u32);
    pub(super) safe fn __race_serve();
    // release
    pub(super) safe fn __race_release() -> Handle;
    pub(super) fn __race_release_acquire(release: Handle);
    pub(super) fn __race_release_count(release: Handle);
    pub(super) fn __race_release_discount(release: Handle);
    // edge
    pub(super) fn __race_edge_merge(word: *const Handle);
    pub(super) fn __race_edge_acquire(word: *const Handle);
    pub(super) fn __race_edge_consume(word: *const Handle);
    pub(super) fn __race_edge_drop(object: Handle);
    // hold
    pub(super) safe fn __race_hold(lock: usize, kind: usize) -> Handle;
    pub(super) fn __race_hold_count(hold: Handle);
    pub(super) fn __race_hold_discount(hold: Handle);
    pub(super) fn __race_hold_thread(hold: Handle) -> u32;
    pub(super) fn __race_hold_end(hold: Handle);
    pub(super) fn __race_hold_is_over(hold: Handle) -> bool;
    pub(super) safe fn __race_running() -> u64;
    pub(super) safe fn __race_is_alone() -> bool;
    pub(super) fn __race_fatal(message: *const u8, size: usize, locked: Handle) -> !;
    // origin
    pub(super) safe fn __race_origin() -> Handle;
    pub(super) fn __race_origin_adopt(origin: Handle);
    pub(super) fn __race_origin_drop(origin: Handle);
    // report
    pub(super) safe fn __race_report_count() -> u64;
    pub(super) fn __race_on_report(callback: Callback, data: *const c_void);
    // test
    pub(super) fn __race_test_begin(name: *const u8, size: usize) -> u32;
    pub(super) safe fn __race_test_begin_run(test: u32, run: u32);
    pub(super) safe fn __race_test_races(test: u32) -> u64;
    pub(super) safe fn __race_test_finish(test: u32);
    pub(super) safe fn __race_begin_test_thread(test: u32, run: u32);
}
