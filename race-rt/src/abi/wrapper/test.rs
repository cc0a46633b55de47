//! Tests that say that they begin and end; see [`crate::report::attribution`].

use super::text;
use crate::report::attribution::{TestId, Trial};
use crate::thread::{current, registry};

/// A test begins. What is returned is its number.
///
/// # Safety
/// The bytes are text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_test_begin(name: *const u8, size: usize) -> u32 {
    // SAFETY: the caller's promise.
    TestId::begin(unsafe { text(name, size) }).number()
}

/// A run of the test begins.
#[unsafe(no_mangle)]
pub extern "C" fn __race_test_begin_run(test: u32, run: u32) {
    TestId::of_number(test).begin_run(run);
}

/// How many races the test has been charged with.
#[unsafe(no_mangle)]
pub extern "C" fn __race_test_races(test: u32) -> u64 {
    TestId::of_number(test).races()
}

/// The test is over.
#[unsafe(no_mangle)]
pub extern "C" fn __race_test_finish(test: u32) {
    TestId::of_number(test).finish();
}

/// The running thread is the one that a run of a test begins in, and is called by the test's name: that the C library
/// knows is cut short.
#[unsafe(no_mangle)]
pub extern "C" fn __race_begin_test_thread(test: u32, run: u32) {
    if let Some(thread) = current::enter() {
        let test = TestId::of_number(test);
        registry::work_for(thread.id(), Trial { test, run });
        registry::set_name(thread.id(), &test.name());
    }
}
