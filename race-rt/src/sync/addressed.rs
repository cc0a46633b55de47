//! Synchronisation objects that the program names by an address: for locks and queues of its own making.
//!
//! Naively, a map from the address to a [`SyncObject`](super::object::SyncObject). Here there are several maps, so that
//! objects in different pages rarely wait for each other. An object lives until its memory is forgotten.
//!
//! Guarantees: a release happens before every later acquire of the same address, until the memory has a new life. Can
//! miss: releases add up, so an acquire learns of all of them, though the program may have meant the last one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::MutexGuard;

use crate::clock::Heads;
use crate::sys::atomic::{AtomicBool, Mutex, Ordering};
use crate::thread::Thread;

type Objects = BTreeMap<usize, Heads>;

const SHARDS: usize = 16;
const PAGE: usize = 4096;

static OBJECTS: [Mutex<Objects>; SHARDS] = [const { Mutex::new(BTreeMap::new()) }; SHARDS];
static ANY: AtomicBool = AtomicBool::new(false);

fn objects(page: usize) -> MutexGuard<'static, Objects> {
    OBJECTS[page % SHARDS].lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Whether the program has released any: else no memory needs to be forgotten here.
#[inline]
pub fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// The memory of `range` has a new life: nobody learns any more what was released there.
pub fn forget(range: Range<usize>) {
    if range.is_empty() || !any() {
        return;
    }
    let (first, last) = (range.start / PAGE, (range.end - 1) / PAGE);
    for page in first..=last.min(first + SHARDS - 1) {
        let mut objects = objects(page);
        // In a long range the shard serves several of its pages.
        while let Some(address) = objects.range(range.clone()).next().map(|(address, _)| *address) {
            objects.remove(&address);
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
        let head = self.release();
        ANY.store(true, Ordering::Relaxed);
        objects(address / PAGE).entry(address).or_default().merge_own(head, self.clock());
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
