//! Memory that is nobody's for now: stacks of threads that have ended, and small mappings that are gone.
//!
//! It was forgotten, so its shadow says nothing any more. Such memory is mostly used again soon. The C library gives a
//! stack to a thread that begins later; or back to the kernel, of which it tells nobody, and maps the next one elsewhere.
//! So the shadow of what became vacant last is left for its next owner, and that of the rest goes back to the kernel.

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccessKind;
    use crate::shadow::map::{self, GRANULE};
    use crate::shadow::region::Region;
    use crate::start;
    use crate::sys::memory;
    use crate::thread::context::NodeId;
    use crate::thread::registry;

    fn has_shadow(range: &Range<usize>) -> bool {
        let words = map::words_of(range.clone());
        let mut has = false;
        memory::for_each_resident(words.start, words.len(), |_, _| has = true);
        has
    }

    #[test]
    fn the_shadow_of_what_became_vacant_first_goes_back_unless_it_has_an_owner_again() {
        const ALL: usize = KEPT + 8;
        start::ensure();
        let mut thread = registry::adopt(false);
        let reserved = memory::reserve((ALL + 1) * Region::SIZE).expect("there is address space");
        let start = reserved.next_multiple_of(Region::SIZE);
        let ranges = (0..ALL).map(|index| start + index * Region::SIZE).map(|start| start..start + Region::SIZE);
        let ranges: Vec<Range<usize>> = ranges.collect();
        for (index, range) in ranges.iter().enumerate() {
            thread.access(range.start, GRANULE, AccessKind::Write, NodeId::ROOT);
            thread.forget(range.start, range.end);
            leave(range.clone());
            if index == 1 {
                take(range);
            }
        }
        assert!(!has_shadow(&ranges[0]));
        assert!(has_shadow(&ranges[1]), "it has an owner");
        assert!(has_shadow(&ranges[ALL - 1]), "it may be used again soon");
        registry::finish(thread);
    }
}
