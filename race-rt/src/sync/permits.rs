//! Counting semaphores that the program names by an address.
//!
//! A semaphore that begins with `n` permits lets its wait number `n + k` return only after `k` posts, which therefore
//! happen before it: the queue of releases is handed out in the order of the posts. In which order waits that overlap
//! returned is not seen; each of them learns of all posts that the waits begun so far can have needed.
//!
//! Guarantees: no post is missing that a wait's return proves. Can miss: of waits that overlap the early one learns of
//! the other's post too. A semaphore whose beginning was not seen, a named one for instance, gives all posts to all waits.

use std::collections::{HashMap, VecDeque};
use std::sync::MutexGuard;

use crate::clock::{Head, Heads};
use crate::sys::atomic::Mutex;
use crate::thread::Thread;

#[derive(Debug, Default)]
struct Permits {
    /// The permits that it began with; `None` when that was not seen.
    fresh: Option<u64>,
    /// Waits that have returned with a permit or still may.
    waits: u64,
    /// Posts that have moved from `queued` to `given`.
    fed: u64,
    queued: VecDeque<Head>,
    given: Heads,
}

static ALL: Mutex<Option<HashMap<usize, Permits>>> = Mutex::new(None);

type All = Option<HashMap<usize, Permits>>;

fn all() -> MutexGuard<'static, All> {
    ALL.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn at(all: &mut All, address: usize) -> &mut Permits {
    all.get_or_insert_default().entry(address).or_default()
}

impl Permits {
    fn post(&mut self, head: Head) {
        match self.fresh {
            Some(_) => self.queued.push_back(head),
            None => self.given.merge(&head),
        }
    }

    /// What a wait that has just returned learns of.
    fn take(&mut self) -> &Heads {
        let proven = self.waits.saturating_sub(self.fresh.unwrap_or_default());
        while self.fed < proven
            && let Some(head) = self.queued.pop_front()
        {
            self.given.merge(&head);
            self.fed += 1;
        }
        &self.given
    }
}

/// The semaphore begins, with so many permits that nobody posted.
pub fn begin(address: usize, fresh: u64) {
    *at(&mut all(), address) = Permits { fresh: Some(fresh), ..Permits::default() };
}

/// The semaphore ends.
pub fn forget(address: usize) {
    if let Some(all) = all().as_mut() {
        all.remove(&address);
    }
}

/// A wait begins.
pub fn begin_wait(address: usize) {
    at(&mut all(), address).waits += 1;
}

/// A wait that began returns without a permit.
pub fn give_up_wait(address: usize) {
    let mut all = all();
    let permits = at(&mut all, address);
    permits.waits = permits.waits.saturating_sub(1);
}

impl Thread {
    /// All that the thread did so far happens before the wait that is fed by this post.
    ///
    /// Counts also where synchronisation is ignored, for the sake of the other threads' waits.
    pub fn post_permit(&mut self, address: usize) {
        let head = self.release();
        at(&mut all(), address).post(head);
    }

    /// A wait that began returns with a permit.
    pub fn take_permit(&mut self, address: usize) {
        let mut all = all();
        let heads = at(&mut all, address).take();
        if !self.is_ignoring_synchronisation() {
            self.acquire(heads);
        }
    }
}
