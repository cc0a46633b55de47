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
use super::own_variables::{OwnIndex, OwnVariable};
pub use super::recording::{AtomicPlace, CallSite};
use crate::access::AccessKind;
use crate::clock::{Epoch, Heads};
use crate::counters::COUNTERS;
use crate::shadow::Mask;
use crate::shadow::granule::{self, Granule};
use crate::shadow::map;
use crate::shadow::own_entry::OwnEntry;
use crate::sys::atomic::{Ordering, fence};
use crate::thread::{Hot, Thread};
use crate::trace;
use crate::trace::event::Event;

/// Whether it is one of those three, by a bit of its number: asked in every operation.
#[inline(always)]
fn acquires(order: Ordering) -> bool {
    const ACQUIRING: u32 = 1 << Ordering::Acquire as u32 | 1 << Ordering::AcqRel as u32 | 1 << Ordering::SeqCst as u32;
    ACQUIRING >> order as u32 & 1 != 0
}

#[inline(always)]
fn releases(order: Ordering) -> bool {
    const RELEASING: u32 = 1 << Ordering::Release as u32 | 1 << Ordering::AcqRel as u32 | 1 << Ordering::SeqCst as u32;
    RELEASING >> order as u32 & 1 != 0
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
        let (present, kind, mask) = (Epoch::from_bits(epoch), AccessKind::AtomicRead, Mask::new(address, size));
        if !granule::is_repeated_by_newest(address, present, kind, mask) {
            if let Some(own) = self.own_variable(address, size, kind)
                && let Some(entry) = &own.entry
                && entry.is_current()
            {
                return self.load_own(own, entry, present, order, load);
            }
            if !granule::is_repeated(address, present, kind, mask) {
                return None;
            }
        }
        self.load_known(address, order, load)
    }

    /// An atomic load of one of the thread's own variables, which is recorded already; `None` when there is more to do.
    #[inline(always)]
    fn load_own<T>(
        &self,
        own: &OwnVariable,
        entry: &OwnEntry,
        present: Epoch,
        order: Ordering,
        load: impl FnOnce() -> T,
    ) -> Option<T> {
        if entry.word() != entry.in_step(present)? {
            return None;
        }
        let value = match own.cell {
            Some(cell) => self.load_with(cell, order, load)?,
            None => load(),
        };
        fence(Ordering::Acquire);
        entry.is_current().then_some(value)
    }

    /// An atomic load, without the lock where it teaches nothing and is recorded already or can be recorded so. `site` is
    /// asked for when it has to be recorded.
    #[inline]
    pub fn atomic_load_from<T>(
        &mut self,
        address: usize,
        size: usize,
        order: Ordering,
        from: impl FnOnce(&mut Thread) -> CallSite,
        load: impl Fn() -> T,
    ) -> T {
        let (kind, in_one_granule) = (AccessKind::AtomicRead, (address & 7) + size <= 8);
        if !in_one_granule || trace::is_on() || self.is_own_variable(address, size, kind) {
            let place = AtomicPlace { address, size, from: from(self) };
            return self.atomic_load(place, order, load);
        }
        let (epoch, mask) = (self.epoch(), Mask::new(address, size));
        let is_recorded = self.is_ignoring(kind) || self.has_recorded(address, size, epoch, kind);
        let mut from = if is_recorded { CallSite::Recorded } else { from(self) };
        if !is_recorded && granule::is_single(address) {
            let site = from.stack(self);
            let is_moved = granule::refresh(address, epoch, kind, mask, site);
            from = if is_moved { CallSite::Recorded } else { CallSite::Stack(site) };
        }
        if matches!(from, CallSite::Recorded)
            && let Some(value) = self.load_known(address, order, &load)
        {
            return value;
        }
        self.atomic_load(AtomicPlace { address, size, from }, order, load)
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
        self.load_with(cell, order, load)
    }

    /// A load without the lock of a variable with a cell; `None` as in [`Thread::load_known`].
    #[inline(always)]
    fn load_with<T>(&self, cell: &AtomicCell, order: Ordering, load: impl FnOnce() -> T) -> Option<T> {
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
        if let Some((mut granule, own)) = self.open_own(&place, AccessKind::AtomicRead, false) {
            let value = load();
            if let Some(cell) = self.own_cell(own) {
                cell.look(|heads| self.learn_from(heads, order, place));
            }
            self.move_own(&mut granule, own, place.from);
            return value;
        }
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
        let carries = releases(order) || self.release_fence().is_some();
        if let Some((mut granule, own)) = self.open_own(&place, AccessKind::AtomicWrite, carries) {
            self.move_own(&mut granule, own, place.from);
            return match self.own_cell(own) {
                Some(cell) => self.store_into(cell, order, store),
                None => store(),
            };
        }
        self.operate(place, |thread, granule| {
            thread.record_atomic(granule, place, AccessKind::AtomicWrite);
            if trace::is_on() && (carries || granule.atomic(place.address).is_some()) {
                thread.record(&Event::Store { address: place.address, releases: releases(order) });
            }
            match thread.cell_for(granule, place.address, carries) {
                Some(cell) => thread.store_into(cell, order, store),
                None => store(),
            }
        });
    }

    #[inline(always)]
    fn store_into(&mut self, cell: &AtomicCell, order: Ordering, store: impl FnOnce()) {
        cell.change(|heads| {
            store();
            if releases(order) {
                self.step_over(heads);
            } else if let Some(head) = self.release_fence() {
                heads.replace(head.clone());
            } else {
                heads.clear();
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
        let carries = releases(success) || self.release_fence().is_some();
        if let Some((mut granule, own)) = self.open_own(&place, AccessKind::AtomicWrite, carries) {
            let Some(cell) = self.own_cell(own) else {
                let result = exchange();
                self.record_own_exchange(&mut granule, own, place, &result);
                return result;
            };
            return cell.change(|heads| {
                let result = exchange();
                self.learn_from(heads, if result.is_ok() { success } else { failure }, place);
                self.record_own_exchange(&mut granule, own, place, &result);
                if result.is_ok() {
                    self.continue_sequence(heads, success, place);
                }
                result
            });
        }
        self.operate(place, |thread, granule| {
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
    fn record_own_exchange<T>(
        &mut self,
        granule: &mut Granule,
        own: OwnIndex,
        place: AtomicPlace,
        result: &Result<T, T>,
    ) {
        match result {
            Ok(_) => self.move_own(granule, own, place.from),
            Err(_) => self.record_atomic(granule, place, AccessKind::AtomicRead),
        }
    }

    #[inline(always)]
    fn record_exchange<T>(&mut self, granule: &mut Granule, place: AtomicPlace, result: &Result<T, T>) {
        let kind = if result.is_ok() { AccessKind::AtomicWrite } else { AccessKind::AtomicRead };
        self.record_atomic(granule, place, kind);
    }

    #[inline(always)]
    fn learn_from(&mut self, heads: &Heads, order: Ordering, place: AtomicPlace) {
        if (self.shares_slot || !heads.are_of(self.epoch().slot()))
            && !heads.iter().all(|head| self.has_taken(head.epoch, order))
        {
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
