//! What the program learns of its races.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::abi::{self, Side};
use crate::report::{AccessKind, Report, ReportedAccess};

/// How many races were reported.
pub(crate) fn report_count() -> u64 {
    abi::__race_report_count()
}

/// From now on `callback` is called for each race.
pub(crate) fn listen<F: Fn(&Report) + Send + Sync + 'static>(callback: F) {
    let data = Box::into_raw(Box::new(callback)).cast_const();
    // SAFETY: the callback lives for ever, and is good on every thread by its type.
    unsafe { abi::__race_on_report(tell::<F>, data.cast()) };
}

extern "C" fn tell<F: Fn(&Report)>(
    callback: *const c_void,
    current: &Side,
    previous: &Side,
    text: *const u8,
    size: usize,
) -> bool {
    let told = || {
        // SAFETY: `listen` has given this with this function.
        let callback = unsafe { &*callback.cast::<F>() };
        // SAFETY: the runtime passes text.
        let text = unsafe { text_of(text, size) };
        callback(&Report { current: view(current), previous: view(previous), text });
    };
    catch_unwind(AssertUnwindSafe(told)).is_ok()
}

/// The runtime's kinds, by number.
const KINDS: [AccessKind; 8] = [
    AccessKind::Read,
    AccessKind::Write,
    AccessKind::AtomicRead,
    AccessKind::AtomicWrite,
    AccessKind::VolatileRead,
    AccessKind::VolatileWrite,
    AccessKind::Allocate,
    AccessKind::Free,
];

fn view(side: &Side) -> ReportedAccess {
    // SAFETY: null, or text.
    let thread_name = (!side.name.is_null()).then(|| unsafe { text_of(side.name, side.name_size) });
    ReportedAccess { kind: KINDS[side.kind], address: side.address, thread: side.thread, thread_name }
}

/// # Safety
/// The bytes are text and live through the call.
unsafe fn text_of(start: *const u8, size: usize) -> String {
    // SAFETY: the caller's promise.
    unsafe { str::from_utf8_unchecked(std::slice::from_raw_parts(start, size)) }.to_owned()
}
