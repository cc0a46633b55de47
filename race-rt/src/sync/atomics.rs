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
//! it returns. A load that has next to nothing to learn and nothing to record takes no lock ([`super::unlocked_load`]).
//!
//! Orderings are those of `std::sync::atomic::Ordering`; `SeqCst` is `AcqRel` here: its total order adds no
//! happens-before.

use super::atomic_cell::{AtomicCell, AtomicCells};
pub use super::recording::{AtomicPlace, CallSite};
use crate::access::AccessKind;
use crate::clock::Heads;
use crate::counters::COUNTERS;
use crate::shadow::granule::Granule;
use crate::sys::atomic::Ordering;
use crate::thread::Thread;
use crate::trace;
use crate::trace::event::Event;

/// Whether it is one of those three, by a bit of its number: asked in every operation.
#[inline(always)]
pub(super) fn acquires(order: Ordering) -> bool {
    const ACQUIRING: u32 = 1 << Ordering::Acquire as u32 | 1 << Ordering::AcqRel as u32 | 1 << Ordering::SeqCst as u32;
    ACQUIRING >> order as u32 & 1 != 0
}

#[inline(always)]
pub(super) fn releases(order: Ordering) -> bool {
    const RELEASING: u32 = 1 << Ordering::Release as u32 | 1 << Ordering::AcqRel as u32 | 1 << Ordering::SeqCst as u32;
    RELEASING >> order as u32 & 1 != 0
}

impl Thread {
    /// An atomic load, in full.
    pub fn atomic_load<T>(&mut self, place: AtomicPlace, order: Ordering, load: impl Fn() -> T) -> T {
        let load = match self.own_load(self.epoch(), place, || order, load) {
            Ok(value) => return value,
            Err(load) => load,
        };
        self.load_any(place, order, load, |thread, granule| {
            thread.record_atomic(granule, place, AccessKind::AtomicRead)
        })
    }

    /// An atomic load of a variable that is none of the thread's own.
    #[inline(always)]
    pub(super) fn load_any<T>(
        &mut self,
        place: AtomicPlace,
        order: Ordering,
        load: impl Fn() -> T,
        record: impl FnOnce(&mut Thread, &mut Granule),
    ) -> T {
        let mut granule = self.open(place.address);
        let value = load();
        if let Some(cell) = granule.atomic(place.address) {
            cell.look(|heads| self.learn_from(heads, order, place.address));
        }
        record(self, &mut granule);
        value
    }

    /// An atomic store.
    #[inline]
    pub fn atomic_store(&mut self, place: AtomicPlace, order: Ordering, store: impl FnOnce()) {
        if let Err(store) = self.own_store(self.epoch(), place, releases(order), store) {
            self.store_to_any(place, order, store);
        }
    }

    /// An atomic store to a variable that may be none of the thread's own.
    pub(crate) fn store_to_any(&mut self, place: AtomicPlace, order: Ordering, store: impl FnOnce()) {
        let carries = releases(order) || self.release_fence().is_some();
        let mut granule = self.open(place.address);
        self.record_atomic(&mut granule, place, AccessKind::AtomicWrite);
        if trace::is_on() && (carries || granule.atomic(place.address).is_some()) {
            self.record(&Event::Store { address: place.address, releases: releases(order) });
        }
        let Some(cell) = self.cell_for(&mut granule, place.address, carries) else { return store() };
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
    #[inline]
    pub fn atomic_update<T>(&mut self, place: AtomicPlace, order: Ordering, update: impl FnOnce() -> T) -> T {
        let (Ok(old) | Err(old)) = self.atomic_exchange(place, order, Ordering::Relaxed, || Ok(update()));
        old
    }

    /// A compare-and-exchange: `exchange` gives the old value, and `Err` of it when it stored nothing, in which case
    /// the operation was a load with the `failure` ordering.
    #[inline]
    pub fn atomic_exchange<T>(
        &mut self,
        place: AtomicPlace,
        success: Ordering,
        failure: Ordering,
        exchange: impl FnOnce() -> Result<T, T>,
    ) -> Result<T, T> {
        let order = |stored| if stored { success } else { failure };
        match self.own_exchange(self.epoch(), place, releases(success), order, exchange) {
            Ok(result) => result,
            Err(exchange) => self.exchange_any(place, success, failure, exchange),
        }
    }

    /// [`Thread::atomic_exchange`] of a variable that may be none of the thread's own.
    pub(crate) fn exchange_any<T>(
        &mut self,
        place: AtomicPlace,
        success: Ordering,
        failure: Ordering,
        exchange: impl FnOnce() -> Result<T, T>,
    ) -> Result<T, T> {
        let carries = releases(success) || self.release_fence().is_some();
        let mut granule = self.open(place.address);
        let Some(cell) = self.cell_for(&mut granule, place.address, carries) else {
            let result = exchange();
            self.record_exchange(&mut granule, place, &result);
            return result;
        };
        // One change for the value and what it carries: readers without the lock must not see the new value with the old
        // heads.
        cell.change(|heads| {
            let result = exchange();
            self.learn_from(heads, if result.is_ok() { success } else { failure }, place.address);
            self.record_exchange(&mut granule, place, &result);
            if result.is_ok() {
                self.continue_sequence(heads, success, place);
            }
            result
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
    fn record_exchange<T>(&mut self, granule: &mut Granule, place: AtomicPlace, result: &Result<T, T>) {
        let kind = if result.is_ok() { AccessKind::AtomicWrite } else { AccessKind::AtomicRead };
        self.record_atomic(granule, place, kind);
    }

    #[inline(always)]
    pub(super) fn learn_from(&mut self, heads: &Heads, order: Ordering, address: usize) {
        if (self.shares_slot || !heads.are_of(self.epoch().slot()))
            && !heads.iter().all(|head| self.has_taken(head.epoch, order))
        {
            self.learn_anew(heads, order, address);
        }
    }

    #[inline(never)]
    fn learn_anew(&mut self, heads: &Heads, order: Ordering, address: usize) {
        if trace::is_on() {
            self.record(&Event::Load { address, acquires: acquires(order) });
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
        let created = AtomicCells::create(address, granule.first_atomic(), &mut self.records.atomics);
        let hung = created.filter(|(id, _)| granule.set_first_atomic(*id, &mut self.records));
        if hung.is_none() {
            COUNTERS.edges_lost.increment();
        }
        hung.map(|(_, cell)| cell)
    }
}
