//! Atomic operations, found by address: release sequences and fences as in C++20.
//!
//! Naively, with `variable` for what the present value of the atomic carries:
//!
//! ```text
//! load          acquire: thread.acquire(variable)              relaxed: set aside for an acquire fence
//! store         release: variable = thread.release()           relaxed: variable = the last release fence's, or nothing
//! read-modify-write: a load, then
//!               release: variable = join(variable, thread.release())   relaxed: join(variable, last release fence's)
//! ```
//!
//! so a read-modify-write of any thread continues a release sequence and a plain relaxed store ends it. The operation
//! on the program's memory is done here too, under the granule's lock, so that what a load learns belongs to the value
//! it returns. A load that has nothing to learn and nothing to record takes no lock.
//!
//! Orderings are those of `std::sync::atomic::Ordering`; `SeqCst` is `AcqRel` here: its total order adds no
//! happens-before.

use super::atomic_cell::{AtomicCell, AtomicCells};
use crate::access::AccessKind;
use crate::clock::{Epoch, Heads};
use crate::counters::COUNTERS;
use crate::shadow::Mask;
use crate::shadow::granule::{self, Granule};
use crate::shadow::map;
use crate::sys::atomic::{Ordering, fence};
use crate::thread::context::NodeId;
use crate::thread::{Hot, Thread};
use crate::trace;
use crate::trace::event::Event;

/// Where an atomic operation works: the variable's address and size in bytes (1, 2, 4, 8 or 16), and from where in the
/// program.
#[derive(Clone, Copy, Debug)]
pub struct AtomicPlace {
    /// Address of the variable.
    pub address: usize,
    /// Its size in bytes.
    pub size: usize,
    /// The operation's call stack; `None` when the operation needs no recording.
    pub site: Option<NodeId>,
}

impl AtomicPlace {
    /// A place of an operation that is `kind` at most. `site` is asked for unless the thread's present step has such an
    /// access of the variable already.
    #[inline(always)]
    pub fn of(
        thread: &mut Thread,
        address: usize,
        size: usize,
        kind: AccessKind,
        site: impl FnOnce(&mut Thread) -> NodeId,
    ) -> AtomicPlace {
        let in_one_granule = (address & 7) + size <= 8;
        let is_recorded =
            in_one_granule && granule::is_repeated(address, thread.epoch(), kind, Mask::new(address, size));
        AtomicPlace { address, size, site: (!is_recorded).then(|| site(thread)) }
    }
}

fn acquires(order: Ordering) -> bool {
    matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst)
}

fn releases(order: Ordering) -> bool {
    matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst)
}

impl Thread {
    /// An atomic load that teaches nothing and is recorded already; `None` when there is more to do. Changes nothing.
    #[inline(always)]
    pub fn atomic_load_repeated<T>(
        &self,
        address: usize,
        size: usize,
        order: Ordering,
        load: impl Fn() -> T,
    ) -> Option<T> {
        let epoch = self.hot.epoch.load(Ordering::Relaxed);
        if epoch & (Hot::SOLO | Hot::STEP) != 0
            || !map::is_covered(address)
            || (address & 7) + size > 8
            || trace::is_on()
        {
            return None;
        }
        let mask = Mask::new(address, size);
        if !granule::is_repeated(address, Epoch::from_bits(epoch), AccessKind::AtomicRead, mask) {
            return None;
        }
        self.load_known(address, order, load)
    }

    /// An atomic load, without the lock where it teaches nothing and is recorded already or can be recorded so. `site` is
    /// asked for when it has to be recorded.
    #[inline]
    pub fn atomic_load_from<T>(
        &mut self,
        address: usize,
        size: usize,
        order: Ordering,
        site: impl FnOnce(&mut Thread) -> NodeId,
        load: impl Fn() -> T,
    ) -> T {
        let (kind, in_one_granule) = (AccessKind::AtomicRead, (address & 7) + size <= 8);
        if !in_one_granule || trace::is_on() {
            let place = AtomicPlace::of(self, address, size, kind, site);
            return self.atomic_load(place, order, load);
        }
        let (epoch, mask) = (self.epoch(), Mask::new(address, size));
        let is_recorded = self.is_ignoring(kind) || granule::is_repeated(address, epoch, kind, mask);
        let site = (!is_recorded).then(|| site(self));
        let site = site.filter(|site| !granule::refresh(address, epoch, kind, mask, *site));
        if site.is_none()
            && let Some(value) = self.load_known(address, order, &load)
        {
            return value;
        }
        self.atomic_load(AtomicPlace { address, size, site }, order, load)
    }

    /// A load without the lock; `None` when the value changed meanwhile or carries what the thread does not know.
    #[inline(always)]
    fn load_known<T>(&self, address: usize, order: Ordering, load: impl Fn() -> T) -> Option<T> {
        let Some(cell) = granule::find_atomic(address) else {
            // No value of the variable ever carried anything. Who is the first to release holds the lock while it stores,
            // and leaves the cell behind: neither is there after a load that did not see that store.
            let value = load();
            fence(Ordering::Acquire);
            return granule::is_without_atomic(address).then_some(value);
        };
        let (value, carried) = cell.read_consistent(load)?;
        let known = carried == 0 || (carried != Heads::MANY && self.has_taken(Epoch::from_bits(carried), order));
        known.then_some(value)
    }

    /// Whether a load with this ordering learns nothing of that release: it is known, or set aside already.
    #[inline(always)]
    fn has_taken(&self, release: Epoch, order: Ordering) -> bool {
        self.clock().knows(release) || (!acquires(order) && self.is_set_aside(release))
    }

    /// An atomic load, in full.
    pub fn atomic_load<T>(&mut self, place: AtomicPlace, order: Ordering, load: impl Fn() -> T) -> T {
        self.operate(place, |thread, granule| {
            let value = load();
            if let Some(cell) = granule.atomic(place.address) {
                cell.look(|heads| thread.learn_from(heads, order, place));
            }
            thread.record_atomic(granule, place, AccessKind::AtomicRead);
            value
        })
    }

    /// An atomic store.
    pub fn atomic_store(&mut self, place: AtomicPlace, order: Ordering, store: impl FnOnce()) {
        self.operate(place, |thread, granule| {
            thread.record_atomic(granule, place, AccessKind::AtomicWrite);
            let carries = releases(order) || thread.release_fence().is_some();
            if trace::is_on() && (carries || granule.atomic(place.address).is_some()) {
                thread.record(&Event::Store { address: place.address, releases: releases(order) });
            }
            match thread.cell_for(granule, place.address, carries) {
                Some(cell) => cell.change(|heads| {
                    store();
                    if releases(order) {
                        thread.step_over(heads);
                    } else if let Some(head) = thread.release_fence() {
                        heads.replace(head.clone());
                    } else {
                        heads.clear();
                    }
                }),
                None => store(),
            }
        });
    }

    /// An atomic read-modify-write that always stores.
    pub fn atomic_update<T>(&mut self, place: AtomicPlace, order: Ordering, update: impl FnOnce() -> T) -> T {
        let (Ok(old) | Err(old)) = self.atomic_exchange(place, order, Ordering::Relaxed, || Ok(update()));
        old
    }

    /// A compare-and-exchange: `exchange` gives the old value, and `Err` of it when it stored nothing, in which case
    /// the operation was a load with the `failure` ordering.
    pub fn atomic_exchange<T>(
        &mut self,
        place: AtomicPlace,
        success: Ordering,
        failure: Ordering,
        exchange: impl FnOnce() -> Result<T, T>,
    ) -> Result<T, T> {
        self.operate(place, |thread, granule| {
            let carries = releases(success) || thread.release_fence().is_some();
            match thread.cell_for(granule, place.address, carries) {
                // One change for the value and what it carries: readers without the lock must not see the new value with
                // the old heads.
                Some(cell) => cell.change(|heads| {
                    let result = exchange();
                    thread.learn_from(heads, if result.is_ok() { success } else { failure }, place);
                    thread.record_exchange(granule, place, &result);
                    if result.is_ok() {
                        thread.continue_sequence(heads, success, place);
                    }
                    result
                }),
                None => {
                    let result = exchange();
                    thread.record_exchange(granule, place, &result);
                    result
                }
            }
        })
    }

    /// An atomic fence.
    pub fn atomic_fence(&mut self, order: Ordering) {
        if acquires(order) {
            self.fence_acquire();
        }
        if releases(order) {
            self.fence_release();
        }
    }

    #[inline(always)]
    fn operate<R>(&mut self, place: AtomicPlace, operation: impl FnOnce(&mut Thread, &mut Granule) -> R) -> R {
        debug_assert!(map::is_covered(place.address));
        let mut granule = Granule::lock(place.address);
        // Before a cell is hung on it, after which the granule would pass for touched.
        self.begin_life(&mut granule, place.address);
        operation(self, &mut granule)
    }

    #[inline(always)]
    fn record_atomic(&mut self, granule: &mut Granule, place: AtomicPlace, kind: AccessKind) {
        let Some(site) = place.site else { return };
        if self.is_ignoring(kind) {
            return;
        }
        let in_first = place.size.min(8 - (place.address & 7));
        let mask = Mask::new(place.address, in_first);
        self.add_to(granule, place.address, self.epoch(), kind, mask, site);
        if place.size > in_first {
            // A 16-byte variable: its edges hang on the first granule, the access counts in both. Granules are locked in
            // the order of their addresses.
            self.access(place.address + in_first, place.size - in_first, kind, site);
        }
    }

    #[inline(always)]
    fn record_exchange<T>(&mut self, granule: &mut Granule, place: AtomicPlace, result: &Result<T, T>) {
        let kind = if result.is_ok() { AccessKind::AtomicWrite } else { AccessKind::AtomicRead };
        self.record_atomic(granule, place, kind);
    }

    #[inline(always)]
    fn learn_from(&mut self, heads: &Heads, order: Ordering, place: AtomicPlace) {
        if !heads.iter().all(|head| self.has_taken(head.epoch, order)) {
            self.learn_anew(heads, order, place);
        }
    }

    #[inline(never)]
    fn learn_anew(&mut self, heads: &Heads, order: Ordering, place: AtomicPlace) {
        if trace::is_on() {
            self.record(&Event::Load { address: place.address, acquires: acquires(order) });
        }
        if acquires(order) { self.learn(heads) } else { self.acquire_later(heads) }
    }

    #[inline(always)]
    fn continue_sequence(&mut self, heads: &mut Heads, order: Ordering, place: AtomicPlace) {
        if trace::is_on() {
            self.record(&Event::Update { address: place.address, releases: releases(order) });
        }
        if releases(order) {
            self.step_into(heads);
        } else if let Some(head) = self.release_fence() {
            heads.merge(head);
        }
    }

    /// The variable's cell; a new one when there is something to carry.
    #[inline]
    fn cell_for(&mut self, granule: &mut Granule, address: usize, create: bool) -> Option<&'static AtomicCell> {
        let found = granule.atomic(address);
        if found.is_some() || !create { found } else { self.new_cell(granule, address) }
    }

    #[inline(never)]
    fn new_cell(&mut self, granule: &mut Granule, address: usize) -> Option<&'static AtomicCell> {
        let created = AtomicCells::create(address, granule.first_atomic());
        let hung = created.filter(|(id, _)| granule.set_first_atomic(*id, &mut self.records));
        if hung.is_none() {
            COUNTERS.edges_lost.increment();
        }
        hung.map(|(_, cell)| cell)
    }
}
