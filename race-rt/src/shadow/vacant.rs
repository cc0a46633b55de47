//! Memory that is nobody's for now: stacks of threads that have ended, and small mappings that are gone.
//!
//! It was forgotten, so its shadow says nothing any more. Such memory is mostly used again soon. The C library gives a stack to a
//! thread that begins later; or back to the kernel, of which it tells nobody, and maps the next one elsewhere. So the shadow
//! of what became vacant last is left for its next owner, and that of the rest goes back to the kernel.

use std::mem;
use std::ops::Range;

use super::region;
use crate::sys::spin::Spin;

/// So many ranges' shadow is left as it is. Each thread leaves two; its stack is not used again before it is joined.
const KEPT: usize = 256;

/// A ring: the next place is that of the range that became vacant first.
struct Vacant {
    ranges: [Range<usize>; KEPT],
    next: usize,
}

static VACANT: Spin<Vacant> = Spin::new(Vacant { ranges: [const { 0..0 }; KEPT], next: 0 });

/// The memory of `range` has no owner any more, and was forgotten.
pub(crate) fn leave(range: Range<usize>) {
    let oldest = {
        let mut vacant = VACANT.lock();
        let place = vacant.next;
        vacant.next = (place + 1) % KEPT;
        mem::replace(&mut vacant.ranges[place], range)
    };
    region::give_back(oldest.start, oldest.end);
}

/// The memory of `range` has an owner again.
pub(crate) fn take(range: &Range<usize>) {
    let mut vacant = VACANT.lock();
    if let Some(same) = vacant.ranges.iter_mut().find(|vacant| *vacant == range) {
        *same = 0..0;
    }
}
