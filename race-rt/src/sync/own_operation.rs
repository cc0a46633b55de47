//! Atomic operations on a thread's own variables, straight: nearly all that a thread does again and again to the same lock,
//! count or flag. Beside them those that have nothing to do with others: no value of the variable ever carried anything,
//! nor will this one, and the present step has stored to it before.
//!
//! Naively each is what [`super::atomics`] does, with a look for the variable's cell and at the granule's entries, and with a
//! release and an acquire in full. Equal to it, for a variable whose entry and cell are at hand
//! ([`own_variables`](super::own_variables)):
//!
//! ```text
//! its list is in the state in which the thread knows its entry: the entry is moved on   (see own_entry)
//! it carries nothing, or one release, which the thread knows: there is nothing to learn
//! it carries this thread's last release, after which it has learned nothing: that becomes a later one
//! what changes nothing of what is carried needs no new version of the cell: readers may find either value with it
//! ```
//!
//! What else there is to learn or to publish is learned and published in full. An operation that cannot be done here is handed
//! back to who called, with nothing changed.

use std::mem;

use super::atomic_cell::{AtomicCell, AtomicCellId, Carried, Change};
use super::recording::{AtomicPlace, CallSite};
use crate::access::AccessKind;
use crate::clock::{Epoch, Heads};
use crate::shadow::granule::Granule;
use crate::shadow::map::{self, GRANULE};
use crate::shadow::own_entry::OwnEntry;
use crate::shadow::{Mask, Word};
use crate::sys::atomic::Ordering;
use crate::sys::prefetch;
use crate::thread::Thread;
use crate::thread::context::NodeId;

/// One of the thread's own variables, its granule locked.
struct OwnOperation<'a> {
    granule: Granule,
    entry: &'a mut OwnEntry,
    /// The entry as it is to be, and from where.
    wanted: Word,
    site: NodeId,
    cell: &'static AtomicCell,
}

impl OwnOperation<'_> {
    /// Whether the present step has recorded such an operation before.
    #[inline(always)]
    fn is_recorded(&self) -> bool {
        self.entry.word() == self.wanted
    }

    /// Records the operation. The granule goes on without the thread's memory of the variable.
    #[inline(always)]
    fn record(mut self) -> Granule {
        if !self.is_recorded() {
            self.granule.move_own(self.entry, self.wanted, self.site);
        }
        self.granule
    }
}

impl Thread {
    /// An atomic load of one of the thread's own variables, in the `present` step, in which it has not loaded it yet;
    /// `None` when it is another. Who has loaded it already waits for nobody's lock ([`super::unlocked_load`]).
    #[inline(always)]
    pub fn own_load_in_new_step<T>(
        &mut self,
        present: Epoch,
        place: AtomicPlace<impl Into<CallSite> + Copy>,
        order: impl FnOnce() -> Ordering,
        load: impl Fn() -> T,
    ) -> Option<T> {
        let entry = self.own_variable(place.address, place.size, AccessKind::AtomicRead)?.entry.as_ref()?;
        if entry.is_of_step(present) { None } else { self.own_load(present, place, order, load).ok() }
    }

    /// An atomic load of one of the thread's own variables, in the `present` step; handed back when it is none.
    #[inline(always)]
    pub(super) fn own_load<T, F: Fn() -> T>(
        &mut self,
        present: Epoch,
        place: AtomicPlace<impl Into<CallSite> + Copy>,
        order: impl FnOnce() -> Ordering,
        load: F,
    ) -> Result<T, F> {
        let Some(own) = self.open_own(present, place, AccessKind::AtomicRead) else { return Err(load) };
        let cell = own.cell;
        let value = load();
        let _granule = own.record();
        self.learn_of(present, cell, order, place.address);
        Ok(value)
    }

    /// An atomic store to one of the thread's own variables, in the `present` step; handed back when it is none.
    #[inline(always)]
    pub fn own_store<F: FnOnce()>(
        &mut self,
        present: Epoch,
        place: AtomicPlace<impl Into<CallSite> + Copy>,
        releases: bool,
        store: F,
    ) -> Result<(), F> {
        if !releases && self.release_fence().is_some() {
            return Err(store);
        }
        let Some(own) = self.open_own(present, place, AccessKind::AtomicWrite) else {
            return if releases { Err(store) } else { self.operate_uncarried(present, place, store) };
        };
        let cell = own.cell;
        let _granule = own.record();
        if !releases && cell.release() == Carried::NOTHING {
            store();
            return Ok(());
        }
        let change = cell.begin_change();
        store();
        if releases {
            self.publish_in(present, change, Thread::step_over);
        } else {
            change.end_with(Heads::clear);
        }
        Ok(())
    }

    /// A compare-and-exchange as of [`Thread::atomic_exchange`], or a read-modify-write that always stores, of one of the
    /// thread's own variables, in the `present` step; handed back when it is none. `order` is that of one that stored, or
    /// did not.
    #[inline(always)]
    pub fn own_exchange<T, F: FnOnce() -> Result<T, T>>(
        &mut self,
        present: Epoch,
        place: AtomicPlace<impl Into<CallSite> + Copy>,
        releases: bool,
        order: impl Fn(bool) -> Ordering,
        exchange: F,
    ) -> Result<Result<T, T>, F> {
        if !releases && self.release_fence().is_some() {
            return Err(exchange);
        }
        let Some(own) = self.open_own(present, place, AccessKind::AtomicWrite) else {
            return if releases { Err(exchange) } else { self.operate_uncarried(present, place, exchange) };
        };
        let cell = own.cell;
        let change = releases.then(|| cell.begin_change());
        let result = exchange();
        if result.is_err() {
            change.into_iter().for_each(Change::end);
            // A store of the present step says as much as a load.
            let is_recorded = own.is_recorded();
            let granule = own.granule;
            self.learn_of(present, cell, || order(false), place.address);
            if !is_recorded {
                // Handed over by its address, so that the straight way keeps all it has in registers.
                mem::forget(granule);
                self.record_failed(place.address, place.size, place.from);
            }
            return Ok(result);
        }
        let _granule = own.record();
        self.learn_of(present, cell, || order(true), place.address);
        if let Some(change) = change {
            self.publish_in(present, change, Thread::step_into);
        }
        Ok(result)
    }

    /// An operation that gives the variable nothing to carry, on one that carries nothing and that the present step has
    /// stored to before: there is neither anything to learn nor to record. Handed back when it is another.
    #[inline(always)]
    fn operate_uncarried<T, F: FnOnce() -> T>(
        &mut self,
        present: Epoch,
        place: AtomicPlace<impl Into<CallSite> + Copy>,
        operation: F,
    ) -> Result<T, F> {
        let AtomicPlace { address, size, .. } = place;
        if (address & (GRANULE - 1)) + size > GRANULE || self.is_ignoring_anything() || !map::is_covered(address) {
            return Err(operation);
        }
        let mask = Mask::new(address, size);
        // SAFETY: the address is covered, and the shadow reserved.
        prefetch::to_write(unsafe { map::word_of(address) } as *const _ as usize);
        let granule = Granule::lock_own(address);
        prefetch::to_write(address);
        let newest = granule.newest();
        let is_recorded = newest.repeats(present, AccessKind::AtomicWrite, mask) && !newest.is_listed()
            || newest.is_listed() && is_recorded_uncarried(address, present, mask);
        if is_recorded { Ok(operation()) } else { Err(operation) }
    }

    /// Locks one of the thread's own variables, for an operation of that kind.
    #[inline(always)]
    fn open_own(
        &mut self,
        present: Epoch,
        place: AtomicPlace<impl Into<CallSite> + Copy>,
        kind: AccessKind,
    ) -> Option<OwnOperation<'_>> {
        let AtomicPlace { address, size, from } = place;
        if size > GRANULE || self.is_ignoring_anything() {
            return None;
        }
        let own = self.own_variables.get_mut(address, size, kind)?;
        let (entry, cell, site) = (own.entry.as_mut()?, own.cell?, &mut own.site);
        let mut wanted = entry.in_step(present)?;
        if wanted != entry.word() {
            match from.into() {
                CallSite::Recorded => wanted = entry.word(),
                CallSite::Call(pc) if self.holds.are_none() && self.hot.calls.is_site(*site, pc) => {}
                from => *site = from.stack_by(&mut self.hot.calls, &mut self.nodes, &mut self.holds),
            }
        }
        // SAFETY: the address is covered, since it has been recorded, and the shadow reserved.
        prefetch::to_write(unsafe { map::word_of(address) } as *const _ as usize);
        let granule = Granule::lock_own(address);
        // What other threads that operate on the variable have written to, all at once.
        prefetch::to_write(address);
        prefetch::to_write(cell as *const _ as usize);
        // Whether it is stands where the variable's other threads write: it is looked at under the lock alone.
        entry.is_current().then_some(OwnOperation { granule, entry, site: *site, wanted, cell })
    }

    /// Records an operation by moving the thread's own entry on; false when it has none there. The granule is locked.
    pub(super) fn record_own(&mut self, granule: &mut Granule, place: AtomicPlace, kind: AccessKind) -> bool {
        if place.size > GRANULE {
            return false;
        }
        let present = self.epoch();
        let Some(own) = self.own_variables.get_mut(place.address, place.size, kind) else { return false };
        let Some(entry) = own.entry.as_mut().filter(|entry| entry.is_current()) else { return false };
        let Some(wanted) = entry.in_step(present) else { return false };
        own.site = place.from.stack_by(&mut self.hot.calls, &mut self.nodes, &mut self.holds);
        granule.move_own(entry, wanted, own.site);
        true
    }

    /// Records a compare-and-exchange that did not store, on a granule that is locked, and opens it.
    #[inline(never)]
    fn record_failed(&mut self, address: usize, size: usize, from: impl Into<CallSite>) {
        let place = AtomicPlace { address, size, from: from.into() };
        self.record_atomic(&mut Granule::resume(address), place, AccessKind::AtomicRead);
    }

    /// Learns what the variable carries.
    #[inline(always)]
    fn learn_of(&mut self, present: Epoch, cell: &AtomicCell, order: impl FnOnce() -> Ordering, address: usize) {
        if !cell.is_known_to(present, self.clock()) {
            self.learn_of_others(cell, order(), address);
        }
    }

    #[cold]
    #[inline(never)]
    fn learn_of_others(&mut self, cell: &AtomicCell, order: Ordering, address: usize) {
        cell.look(|heads| self.learn_from(heads, order, address));
    }

    /// Publishes all that the thread did and knows as what the variable carries; by `release`, where it does not carry the
    /// thread's last release alone.
    #[inline(always)]
    fn publish_in(&mut self, present: Epoch, change: Change<'_>, release: fn(&mut Thread, &mut Heads)) {
        if self.clock().has_published(change.known()) {
            change.end_renewed(present);
            self.step_on();
        } else {
            self.publish_anew(change, release);
        }
    }

    #[cold]
    #[inline(never)]
    fn publish_anew(&mut self, change: Change<'_>, release: fn(&mut Thread, &mut Heads)) {
        change.end_with(|heads| release(self, heads));
    }
}

/// Whether a step has stored to the variable in a granule that is locked and has several entries, and nobody has released
/// there.
#[inline(never)]
fn is_recorded_uncarried(address: usize, present: Epoch, mask: Mask) -> bool {
    // Stays locked for who asks.
    let granule = mem::ManuallyDrop::new(Granule::resume(address));
    granule.first_atomic() == AtomicCellId::NONE && granule.repeats(present, AccessKind::AtomicWrite, mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::Pc;
    use crate::start;
    use crate::sys::atomic::AtomicU64;
    use crate::thread::{context, registry};

    const FIRST: Pc = Pc(0x14_0001);
    const OTHER: Pc = Pc(0x14_0002);

    fn place(variable: &AtomicU64, pc: Pc) -> AtomicPlace {
        AtomicPlace { address: variable as *const _ as usize, size: 8, from: CallSite::Call(pc) }
    }

    fn update(thread: &mut Thread, variable: &AtomicU64, order: Ordering, pc: Pc) {
        thread.atomic_update(place(variable, pc), order, || ());
    }

    /// A thread that comes back to the variable from the first place.
    fn owner(variable: &AtomicU64) -> Box<Thread> {
        start::ensure();
        let mut owner = registry::adopt(false);
        let address = variable as *const _ as usize;
        owner.forget(address, address + 8);
        for _ in 0..4 {
            update(&mut owner, variable, Ordering::Release, FIRST);
        }
        assert!(owner.is_own_variable(address, 8, AccessKind::AtomicWrite));
        owner
    }

    /// Where the entries of atomic stores and loads are from.
    fn places(variable: &AtomicU64) -> Vec<(AccessKind, Vec<Pc>)> {
        let entries = Granule::lock(variable as *const _ as usize).entries();
        entries.iter().map(|entry| (entry.word.kind(), context::stack(entry.site))).collect()
    }

    #[test]
    fn an_exchange_that_fails_is_a_load_from_its_own_place() {
        let variable = AtomicU64::new(0);
        let mut owner = owner(&variable);
        let fail = |owner: &mut Thread| {
            let failed = owner
                .atomic_exchange(place(&variable, OTHER), Ordering::AcqRel, Ordering::Relaxed, || Err::<(), _>(()));
            assert!(failed.is_err());
        };
        fail(&mut owner);
        let both = [(AccessKind::AtomicWrite, vec![FIRST]), (AccessKind::AtomicRead, vec![OTHER])];
        assert_eq!(places(&variable), both);
        update(&mut owner, &variable, Ordering::Acquire, FIRST);
        let recorded = places(&variable);
        assert!(recorded.contains(&both[0]));
        fail(&mut owner);
        assert_eq!(places(&variable), recorded, "the step's store says as much");
        update(&mut owner, &variable, Ordering::Release, OTHER);
        update(&mut owner, &variable, Ordering::Relaxed, OTHER);
        assert!(places(&variable).contains(&(AccessKind::AtomicWrite, vec![OTHER])));
        registry::finish(owner);
    }

    #[test]
    fn what_is_carried_is_the_last_release_and_ends_with_a_relaxed_store() {
        let variable = AtomicU64::new(0);
        let mut owner = owner(&variable);
        let mut reader = registry::adopt(false);
        let learn = |reader: &mut Thread| reader.atomic_load(place(&variable, OTHER), Ordering::Acquire, || ());
        for _ in 0..3 {
            let before = owner.epoch();
            update(&mut owner, &variable, Ordering::Release, FIRST);
            update(&mut owner, &variable, Ordering::Relaxed, FIRST);
            learn(&mut reader);
            assert!(reader.clock().knows(before) && !reader.clock().knows(owner.epoch()));
        }
        let before = owner.epoch();
        owner.atomic_store(place(&variable, FIRST), Ordering::Release, || ());
        owner.atomic_store(place(&variable, FIRST), Ordering::Relaxed, || ());
        learn(&mut reader);
        assert!(!reader.clock().knows(before));
        [owner, reader].into_iter().for_each(registry::finish);
    }

    #[test]
    fn what_carries_nothing_is_operated_on_as_it_is_once_the_step_has_recorded_it() {
        let variable = AtomicU64::new(0);
        start::ensure();
        let mut threads = [(); 2].map(|()| registry::adopt(false));
        let address = &raw const variable as usize;
        threads[0].forget(address, address + 8);
        // The one that came second takes the step before for known.
        threads[0].release();
        let is_straight = |thread: &mut Thread| {
            let present = thread.epoch();
            thread
                .own_exchange(present, place(&variable, FIRST), false, |_| Ordering::Relaxed, || Ok::<_, ()>(()))
                .is_ok()
        };
        for thread in &mut threads {
            assert!(!is_straight(thread));
            update(thread, &variable, Ordering::Relaxed, FIRST);
            assert!(is_straight(thread));
        }
        assert!(threads.iter_mut().all(|thread| is_straight(thread)), "each has an entry");
        threads[0].release();
        assert!(!is_straight(&mut threads[0]), "a step later it has to be recorded");
        update(&mut threads[1], &variable, Ordering::Release, FIRST);
        update(&mut threads[0], &variable, Ordering::Relaxed, FIRST);
        assert!(!is_straight(&mut threads[0]), "there is something to put aside");
        threads.into_iter().for_each(registry::finish);
    }
}
