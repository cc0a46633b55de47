//! How much memory the engine may take, where the program was given a limit: beyond it accesses are forgotten.
//!
//! Counted is what grows with what the program accesses: the regions of its memory whose shadow was touched, second
//! entries, records, cells of atomics and call stacks. Regions stand in a queue in the order in which they were first
//! touched. Who touches another one when the limit is reached [forgets](Region::forget) the first ones of the queue.
//!
//! Guarantees: what is forgotten is accesses, oldest region first, so that races are missed and none is made up; it is counted.
//! Costs nothing where a granule has been touched before. Can miss the limit: [`FLOOR`] regions stay whatever else there
//! is, regions that cannot be forgotten stay, and clocks and the states of threads are not counted.

use std::io;

use super::region::{Outcome, Region};
use super::{map, record, second};
use crate::counters::COUNTERS;
use crate::sync::atomic_cell;
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicU64, AtomicUsize};
use crate::sys::memory;
use crate::sys::spin::Spin;
use crate::thread::context;

/// Regions that are not forgotten, the newest ones: 1.5 MiB of shadow.
const FLOOR: usize = 128;
/// So many of the oldest regions are looked at when another one is touched.
const TRIED: usize = 4;

/// In bytes; zero is none.
static LIMIT: AtomicUsize = AtomicUsize::new(0);
/// Where the links of the queue are, one for each region that there may be.
static LINKS: AtomicUsize = AtomicUsize::new(0);
static QUEUE: Spin<Queue> = Spin::new(Queue { oldest: None, newest: None, length: 0 });

/// Regions in the order in which they came. A region's link is zero while it is not in here, [`Queue::END`] while it is
/// the newest, else the next region's number and one.
struct Queue {
    oldest: Option<Region>,
    newest: Option<Region>,
    length: usize,
}

impl Queue {
    const END: u64 = u64::MAX;

    /// Adds a region, if it is not in here.
    fn push(&mut self, region: Region) {
        if link(region).load(Relaxed) != 0 {
            return;
        }
        link(region).store(Queue::END, Relaxed);
        match self.newest.replace(region) {
            Some(before) => link(before).store(region.0 as u64 + 1, Relaxed),
            None => self.oldest = Some(region),
        }
        self.length += 1;
    }

    fn pop(&mut self) -> Option<Region> {
        let oldest = self.oldest?;
        let next = link(oldest).swap(0, Relaxed);
        self.oldest = (next != Queue::END).then(|| Region(next as usize - 1));
        if self.oldest.is_none() {
            self.newest = None;
        }
        self.length -= 1;
        Some(oldest)
    }
}

fn link(region: Region) -> &'static AtomicU64 {
    // SAFETY: the reservation has room for a link of every region below the end of the shadow's addresses, is never given
    // back, and nobody comes here before it is made.
    unsafe { &*(LINKS.load(Relaxed) as *const AtomicU64).add(region.0) }
}

/// From now on the engine takes at most so many bytes, if it can.
///
/// # Errors
/// What the system said when it refused the address space.
pub fn limit_to(bytes: usize) -> io::Result<()> {
    if LINKS.load(Relaxed) == 0 {
        let links = memory::reserve(Region::of(map::END).0 * size_of::<AtomicU64>())?;
        LINKS.store(links, Relaxed);
    }
    LIMIT.store(bytes, Relaxed);
    Ok(())
}

/// Whether there is a limit.
#[inline(always)]
pub(super) fn is_limited() -> bool {
    LIMIT.load(Relaxed) != 0
}

/// A granule that was not touched is about to be: the caller has it locked.
#[inline]
pub(super) fn touched(address: usize) {
    if is_limited() {
        touched_in(Region::of(address));
    }
}

#[cold]
#[inline(never)]
fn touched_in(region: Region) {
    if link(region).load(Relaxed) == 0 {
        QUEUE.lock().push(region);
        keep_to(LIMIT.load(Relaxed));
    }
}

fn taken(regions: usize) -> usize {
    regions * Region::SHADOW + second::taken() + record::taken() + atomic_cell::taken() + context::taken()
}

/// Forgets the oldest regions if more than `limit` is taken.
fn keep_to(limit: usize) {
    for _ in 0..TRIED {
        let oldest = {
            let mut queue = QUEUE.lock();
            if queue.length <= FLOOR || taken(queue.length) <= limit {
                return;
            }
            queue.pop()
        };
        let Some(oldest) = oldest else { return };
        match oldest.forget() {
            Outcome::Forgotten => COUNTERS.shadow_forgotten.add(Region::SHADOW as u64),
            Outcome::WasEmpty => {}
            Outcome::Kept => QUEUE.lock().push(oldest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regions of memory that nobody has.
    const SOME: [Region; 3] = [Region(3), Region(1), Region(2)];

    #[test]
    fn regions_leave_in_the_order_in_which_they_came_and_once() {
        limit_to(usize::MAX).expect("there is address space");
        let mut queue = Queue { oldest: None, newest: None, length: 0 };
        for round in 1..=2 {
            let [first, second, third] = SOME;
            for region in [first, second, first, third, second, third] {
                queue.push(region);
            }
            assert_eq!(queue.length, SOME.len(), "round {round}");
            let left: Vec<Region> = std::iter::from_fn(|| queue.pop()).collect();
            assert_eq!(left, SOME, "round {round}");
            assert_eq!((queue.oldest, queue.newest, queue.length), (None, None, 0), "round {round}");
        }
    }
}
