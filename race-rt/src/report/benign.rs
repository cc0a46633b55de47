//! Memory whose races the program has declared harmless: they are not reported.
//!
//! Guarantees: a race is passed over only if all its bytes lie in declared memory; a declaration ends with the life of the
//! memory, when it is allocated anew or forgotten.

use std::ops::Range;

use crate::shadow::Mask;
use crate::shadow::map::GRANULE;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicBool, Mutex};
use crate::trace;
use crate::trace::event::Event;

static RANGES: Mutex<Vec<Range<usize>>> = Mutex::new(Vec::new());
static ANY: AtomicBool = AtomicBool::new(false);

fn with<R>(action: impl FnOnce(&mut Vec<Range<usize>>) -> R) -> R {
    action(&mut RANGES.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// Races on the `size` bytes from `start` on are harmless.
pub fn add(start: usize, size: usize) {
    let end = start.saturating_add(size);
    with(|ranges| {
        if trace::is_on() {
            trace::tell_of(&Event::Benign { start, end, harmless: true });
        }
        ranges.push(start..end);
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
            cut(ranges, &dead);
        });
    }
}

#[cold]
fn cut(ranges: &mut Vec<Range<usize>>, dead: &Range<usize>) {
    let before = |range: &Range<usize>| range.start..range.end.min(dead.start);
    let after = |range: &Range<usize>| range.start.max(dead.end)..range.end;
    let left = ranges.iter().flat_map(|range| [before(range), after(range)]);
    *ranges = left.filter(|range| !range.is_empty()).collect();
}

/// Whether races on all `bytes` of the granule of `address` are harmless.
pub fn covers(address: usize, bytes: Mask) -> bool {
    let granule = address & !(GRANULE - 1);
    let mut raced = (0..GRANULE).filter(|byte| bytes.0 & (1 << byte) != 0).map(|byte| granule + byte);
    ANY.load(Relaxed) && with(|ranges| raced.all(|address| ranges.iter().any(|range| range.contains(&address))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dies_is_cut_out() {
        let mut ranges = vec![10..20, 30..40];
        cut(&mut ranges, &(15..35));
        assert_eq!(ranges, [10..15, 35..40]);
        cut(&mut ranges, &(11..12));
        assert_eq!(ranges, [10..11, 12..15, 35..40]);
        cut(&mut ranges, &(0..100));
        assert!(ranges.is_empty());
    }
}
