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

/// The running thread works for a run of a test from now on.
#[unsafe(no_mangle)]
pub extern "C" fn __race_work_for(test: u32, run: u32) {
    if let Some(thread) = current::enter() {
        registry::work_for(thread.id(), Trial { test: TestId::of_number(test), run });
    }
}
