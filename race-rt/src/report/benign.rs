//! Memory whose races the program has declared harmless: they are not reported.
//!
//! Guarantees: a race is passed over only if all its bytes lie in declared memory; a declaration ends with the life of the
//! memory, when it is allocated anew or forgotten.

use std::ops::Range;

use super::ranges::Ranges;
use crate::shadow::Mask;
use crate::shadow::map::GRANULE;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicBool, Mutex};
use crate::trace;
use crate::trace::event::Event;

static RANGES: Mutex<Ranges> = Mutex::new(Ranges::new());
static ANY: AtomicBool = AtomicBool::new(false);

fn with<R>(action: impl FnOnce(&mut Ranges) -> R) -> R {
    action(&mut RANGES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// Races on the `size` bytes from `start` on are harmless.
pub fn add(start: usize, size: usize) {
    let end = start.saturating_add(size);
    with(|ranges| {
        if trace::is_on() {
            trace::tell_of(&Event::Benign { start, end, harmless: true });
        }
        ranges.add(start..end);
    });
    ANY.store(true, Relaxed);
}

/// The memory of `dead` has a new life.
#[inline]
pub fn forget(dead: Range<usize>) {
    if ANY.load(Relaxed) {
        with(|ranges| {
            if trace::is_on() {
                trace::tell_of(&Event::Benign { start: dead.start, end: dead.end, harmless: false });
            }
            ranges.cut(&dead);
        });
    }
}

/// Whether races on all `bytes` of the granule of `address` are harmless.
pub fn covers(address: usize, bytes: Mask) -> bool {
    let granule = address & !(GRANULE - 1);
    let mut raced = (0..GRANULE).filter(|byte| bytes.0 & (1 << byte) != 0).map(|byte| granule + byte);
    ANY.load(Relaxed) && with(|ranges| raced.all(|address| ranges.has(address)))
}
