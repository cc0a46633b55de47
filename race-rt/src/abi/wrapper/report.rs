//! What the program learns of its races.

use std::ffi::c_void;
use std::sync::Arc;

use crate::access::AccessKind;
use crate::report::gather;
use crate::report::listener;
use crate::report::model::{AccessSide, Report};

/// One access of a race, as the crate reads it.
#[repr(C)]
#[derive(Debug)]
pub struct Side {
    kind: usize,
    address: usize,
    thread: u32,
    /// Null for a thread without a name.
    name: *const u8,
    name_size: usize,
}

impl Side {
    fn of(side: &AccessSide) -> Side {
        let kind = AccessKind::ALL.iter().position(|kind| *kind == side.kind).unwrap_or_default();
        let name = side.thread.name.as_deref();
        Side {
            kind,
            address: side.address,
            thread: side.thread.id.0,
            name: name.map_or(std::ptr::null(), str::as_ptr),
            name_size: name.map_or(0, str::len),
        }
    }
}

/// What is called for each race: with its own data, the two accesses and the text of the report. False when it panicked.
pub type Callback = extern "C" fn(*const c_void, &Side, &Side, *const u8, usize) -> bool;

struct Listener {
    callback: Callback,
    data: *const c_void,
}

// SAFETY: the data is good on every thread, by the promise of who gave it.
unsafe impl Send for Listener {}
// SAFETY: as above.
unsafe impl Sync for Listener {}

impl Listener {
    fn tell(&self, report: &Report, text: &str) {
        let (current, previous) = (Side::of(&report.current), Side::of(&report.previous));
        if !(self.callback)(self.data, &current, &previous, text.as_ptr(), text.len()) {
            listener::note_panic();
        }
    }
}

/// How many races were reported.
#[unsafe(no_mangle)]
pub extern "C" fn __race_report_count() -> u64 {
    gather::count()
}

/// From now on `callback` is called with `data` for each race.
///
/// # Safety
/// The data is good for the callback on every thread, for ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __race_on_report(callback: Callback, data: *const c_void) {
    let listener = Listener { callback, data };
    listener::listen(Arc::new(move |report: &Report, text: &str| listener.tell(report, text)));
}
