//! Synchronisation objects that the program names by an address: for locks and queues of its own making.
//!
//! Naively, a map from the address to a [`SyncObject`](super::object::SyncObject). Here there are several maps, so that
//! objects in different pages rarely wait for each other. An object lives until its memory is forgotten. Each block of the
//! heap is, as it is allocated, and hardly any has an object: so the objects are counted by page, and a page without is not
//! looked for in its map.
//!
//! Guarantees: a release happens before every later acquire of the same address, until the memory has a new life. Can
//! miss: releases add up, so an acquire learns of all of them, though the program may have meant the last one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::MutexGuard;

use crate::clock::Heads;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicU32, Mutex};
use crate::sys::memory::PAGE;
use crate::thread::Thread;
use crate::trace;

type Objects = BTreeMap<usize, Heads>;

const SHARDS: usize = 16;
/// Pages that are counted as one lie so many apart, and have one shard, under whose lock their count changes.
const COUNTS: usize = 1024;

static OBJECTS: [Mutex<Objects>; SHARDS] = [const { Mutex::new(BTreeMap::new()) }; SHARDS];
static NUMBERS: [AtomicU32; COUNTS] = [const { AtomicU32::new(0) }; COUNTS];

fn objects(page: usize) -> MutexGuard<'static, Objects> {
    const { assert!(COUNTS.is_multiple_of(SHARDS)) };
    OBJECTS[page % SHARDS].lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// How many objects there are in a page, and in those that are counted with it.
#[inline(always)]
fn number(page: usize) -> &'static AtomicU32 {
    &NUMBERS[page % COUNTS]
}

/// Whether there may be an object in `range`, which is to be [forgotten](forget) then. Who asks comes after all who released
/// there, as who gives memory a new life does.
#[inline(always)]
pub fn may_be_in(range: &Range<usize>) -> bool {
    let (first, last) = (range.start / PAGE, range.end.wrapping_sub(1) / PAGE);
    if last.wrapping_sub(first) > 1 {
        return may_be_in_pages(first, last);
    }
    number(first).load(Relaxed) | number(last).load(Relaxed) != 0
}

#[inline(never)]
fn may_be_in_pages(first: usize, last: usize) -> bool {
    (first..=last).take(COUNTS).any(|page| number(page).load(Relaxed) != 0)
}

/// The memory of `range` has a new life: nobody learns any more what was released there.
#[inline]
pub fn forget(range: Range<usize>) {
    if may_be_in(&range) {
        forget_in(range);
    }
}

#[inline(never)]
fn forget_in(range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    let (first, last) = (range.start / PAGE, (range.end - 1) / PAGE);
    for page in first..=last.min(first + SHARDS - 1) {
        let mut objects = objects(page);
        // In a long range the shard serves several of its pages.
        while let Some(address) = objects.range(range.clone()).next().map(|(address, _)| *address) {
            objects.remove(&address);
            number(address / PAGE).fetch_sub(1, Relaxed);
        }
    }
}

impl Thread {
    /// All that the thread did so far happens before whatever acquires this address from now on, beside what others
    /// released there.
    pub fn release_at(&mut self, address: usize) {
        if self.is_ignoring_synchronisation() {
            return;
        }
        if self.release_again_at(address) {
            return;
        }
        let head = self.release();
        let page = address / PAGE;
        let mut objects = objects(page);
        let heads = objects.entry(address).or_insert_with(|| {
            number(page).fetch_add(1, Relaxed);
            Heads::new()
        });
        heads.merge_own(head, self.clock());
    }

    /// [`Thread::release_at`] where the thread has released there before and learned nothing since, as one alone with a
    /// lock has: that release becomes this one. False when it has not.
    #[inline]
    fn release_again_at(&mut self, address: usize) -> bool {
        if self.shares_slot || trace::is_on() {
            return false;
        }
        let present = self.epoch();
        let is_renewed =
            objects(address / PAGE).get_mut(&address).is_some_and(|heads| self.clock().release_again(present, heads));
        if is_renewed {
            self.step_on();
        }
        is_renewed
    }

    /// Whatever was released at this address happens before what the thread does from now on.
    pub fn acquire_at(&mut self, address: usize) {
        if !self.is_ignoring_synchronisation()
            && let Some(heads) = objects(address / PAGE).get(&address)
        {
            self.acquire(heads);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thread::context::NodeId;
    use crate::thread::{current, registry};

    /// Nobody's memory.
    const HERE: usize = 0x3000_0000_0000;

    #[test]
    fn an_object_is_counted_until_it_is_forgotten() {
        crate::start::ensure();
        let mut parent = current::enter().expect("the engine is idle");
        let mut thread = registry::spawn(&mut parent, None, NodeId::ROOT);
        for address in [HERE, HERE, HERE + 1, HERE + 40 * PAGE - 1] {
            thread.release_at(address);
        }
        let all = HERE..HERE + 40 * PAGE;
        for range in [HERE..HERE + 1, HERE - 8..HERE + 8, all.clone(), HERE + 39 * PAGE..usize::MAX] {
            assert!(may_be_in(&range), "{range:x?}");
        }
        for pages in [1..2, 1..3, 1..39] {
            assert!(!may_be_in(&(HERE + pages.start * PAGE..HERE + pages.end * PAGE)), "{pages:?}");
        }
        forget(HERE..HERE + 1);
        assert!(objects(HERE / PAGE).contains_key(&(HERE + 1)) && may_be_in(&(HERE + 1..HERE + 2)));
        forget(all.clone());
        assert!(!may_be_in(&all));
        registry::finish(thread);
    }
}
