//! The free slots of a channel with a bound, and what happened before each was freed.

use std::collections::VecDeque;

use super::past::Past;

pub(super) struct Slots {
    /// Those that no message was ever in. They are taken first.
    fresh: usize,
    /// The others, as they were freed.
    freed: VecDeque<Past>,
}

impl Slots {
    pub(super) fn new(count: usize) -> Slots {
        Slots { fresh: count, freed: VecDeque::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fresh == 0 && self.freed.is_empty()
    }

    pub(super) fn take(&mut self) -> Past {
        if self.fresh > 0 {
            self.fresh -= 1;
            return Past::default();
        }
        self.freed.pop_front().unwrap_or_default()
    }

    pub(super) fn free(&mut self, past: Past) {
        self.freed.push_back(past);
    }
}
