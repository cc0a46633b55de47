//! Atomic loads that take no lock: of what teaches nothing, or no more than the time of a release, and is recorded already or
//! can be recorded so.
//!
//! Naively each is [`Thread::atomic_load`] under the granule's lock. Equal to it: what is carried belongs to the value, since
//! a variable and its cell change under one version; what the present step has recorded stays recorded; and a granule's
//! list that is in the state it was in still has the entry ([`own_entry`](crate::shadow::own_entry)).
//!
//! Who waits for another thread loads in a loop, and each place that he looks at the other one has to fetch back before he can
//! write to it. So a repeated load of one of the thread's own variables looks at the variable and its cell, which are one line
//! of the cache each, and at nothing else that others write to. It learns of a new release there too, if the releaser has
//! learned nothing since one that is known: that release carries no more than its time.

use super::atomic_cell::{AtomicCell, Carried};
use super::atomics::acquires;
use super::own_variables::OwnVariable;
use super::recording::{AtomicPlace, CallSite};
use crate::access::AccessKind;
use crate::clock::Epoch;
use crate::shadow::Mask;
use crate::shadow::few::Few;
use crate::shadow::granule;
use crate::shadow::map;
use crate::shadow::own_entry::OwnEntry;
use crate::shadow::shortcut;
use crate::sys::atomic::{Ordering, fence};
use crate::sys::spin;
use crate::thread::Thread;
use crate::trace;

impl Thread {
    /// [`Thread::atomic_load_repeated`] where that takes no more than a look: at the variable and its cell, if it is one of the
    /// thread's own, and at the granule's entries, if there are two at most.
    #[inline(always)]
    pub fn atomic_load_at_once<T>(&self, address: usize, size: usize, load: impl Fn() -> T) -> Option<T> {
        let (present, kind) = (self.hot.present.get(), AccessKind::AtomicRead);
        let (is_plain, present) = (present.is_plain(), present.epoch());
        if !is_plain || (address & 7) + size > 8 || !map::is_covered(address) {
            return None;
        }
        if let Some(own) = self.own_variable(address, size, kind)
            && let (Some(entry), Some(cell)) = (&own.entry, own.cell)
            && entry.is_of_step(present)
        {
            let (value, carried) = cell.read_consistent(load)?;
            fence(Ordering::Acquire);
            return (entry.is_current() && carried.is_known_to(self.clock())).then_some(value);
        }
        let (seen, mask) = (shortcut::newest_of(address), Mask::new(address, size));
        if seen.is_listed() {
            return load_of_few(address, present, mask, load);
        }
        if seen.is_locked() || !seen.repeats(present, kind, mask) {
            return None;
        }
        // There is no cell as long as there is one entry, see `Few`.
        let value = load();
        fence(Ordering::Acquire);
        (shortcut::newest_of(address) == seen).then_some(value)
    }

    /// An atomic load that teaches nothing and is recorded already; `None` when there is more to do. Changes nothing.
    #[inline(always)]
    pub fn atomic_load_repeated<T>(
        &self,
        address: usize,
        size: usize,
        order: Ordering,
        load: impl Fn() -> T,
    ) -> Option<T> {
        let present = self.hot.present.get();
        if !present.is_plain() || !map::is_covered(address) || (address & 7) + size > 8 || trace::is_on() {
            return None;
        }
        let (present, kind, mask) = (present.epoch(), AccessKind::AtomicRead, Mask::new(address, size));
        let own =
            self.own_variable(address, size, kind).filter(|own| own.entry.is_some_and(|entry| entry.is_current()));
        // First without a look at the granule, which who waits in a loop for another thread leaves to that one.
        if let Some(own) = own
            && let Some(entry) = &own.entry
            && entry.is_of_step(present)
        {
            return self.load_own(own, entry, order, load);
        }
        let is_repeated = granule::is_repeated_by_newest(address, present, kind, mask)
            || own.is_none() && granule::is_repeated(address, present, kind, mask);
        if is_repeated { self.load_known(address, order, load) } else { None }
    }

    /// An atomic load of one of the thread's own variables, which is recorded already; `None` when it teaches something.
    #[inline(always)]
    fn load_own<T>(&self, own: &OwnVariable, entry: &OwnEntry, order: Ordering, load: impl FnOnce() -> T) -> Option<T> {
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
            if in_one_granule
                && !trace::is_on()
                && let Some(value) = self.load_and_learn(address, size, order, &load)
            {
                return value;
            }
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
        let place = AtomicPlace { address, size, from };
        self.load_any(place, order, load, |thread, granule| {
            // Nobody else makes entries of the thread's present step: it was asked already whether there is one.
            if !matches!(from, CallSite::Recorded) {
                thread.record_anew(granule, place, kind, mask);
            }
        })
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
        let known = match carried.release() {
            Carried::NOTHING => true,
            Carried::MANY => false,
            release => self.has_taken(Epoch::from_bits(release), order),
        };
        known.then_some(value)
    }

    /// An atomic load of one of the thread's own variables, which the present step has recorded already, without the lock: it
    /// may read one new release of a thread that had learned nothing since one that is known. `None` when there is more
    /// to do.
    #[inline]
    fn load_and_learn<T>(&mut self, address: usize, size: usize, order: Ordering, load: impl Fn() -> T) -> Option<T> {
        /// So often a change that is under way is waited for, which another thread makes under the lock.
        const PATIENCE: u32 = 64;
        let own = self.own_variable(address, size, AccessKind::AtomicRead)?;
        let (entry, cell) = (own.entry?, own.cell?);
        if self.shares_slot || !entry.is_of_step(self.epoch()) {
            return None;
        }
        for _ in 0..PATIENCE {
            let Some((value, carried)) = cell.read_consistent(&load) else {
                spin::wait_a_moment();
                continue;
            };
            // Before anything is learned: the cell may have been freed meanwhile, and be another variable's.
            fence(Ordering::Acquire);
            return (entry.is_current() && self.take_known(carried, order)).then_some(value);
        }
        None
    }

    /// Learns of what is carried, where that takes no more than the time of a release; false, with nothing learned, when it
    /// takes more.
    #[inline]
    fn take_known(&mut self, carried: Carried, order: Ordering) -> bool {
        match carried.release() {
            Carried::NOTHING => true,
            Carried::MANY => false,
            release => {
                let release = Epoch::from_bits(release);
                self.has_taken(release, order) || self.learn_time(release, carried.known(), acquires(order))
            }
        }
    }

    /// Whether a load with this ordering learns nothing of that release: it is known, or set aside already.
    #[inline(always)]
    pub(super) fn has_taken(&self, release: Epoch, order: Ordering) -> bool {
        self.clock().knows(release) || (!acquires(order) && self.is_set_aside(release))
    }
}

/// An atomic load that a step has recorded among two entries at most; `None` when it has not, or when there are more.
#[inline(never)]
fn load_of_few<T>(address: usize, present: Epoch, mask: Mask, load: impl Fn() -> T) -> Option<T> {
    let few = Few::of(address).filter(|few| few.repeats(present, AccessKind::AtomicRead, mask))?;
    let value = load();
    few.are_still().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;
    use crate::sys::atomic::AtomicU64;
    use crate::thread::context::NodeId;
    use crate::thread::registry;

    /// A thread that releases to the variable at `address`, and one that comes back to it.
    fn with_own_variable(address: usize, order: Ordering) -> [Box<Thread>; 2] {
        start::ensure();
        let mut threads = [(); 2].map(|()| registry::adopt(false));
        let [releaser, reader] = &mut threads;
        releaser.forget(address, address + 8);
        for _ in 0..4 {
            release(releaser, address);
            reader.release();
            load(reader, address, order);
        }
        assert!(reader.is_own_variable(address, 8, AccessKind::AtomicRead));
        threads
    }

    fn release(thread: &mut Thread, address: usize) {
        let place = AtomicPlace { address, size: 8, from: CallSite::Stack(NodeId::ROOT) };
        thread.atomic_update(place, Ordering::Release, || ());
    }

    fn load(thread: &mut Thread, address: usize, order: Ordering) {
        thread.atomic_load_from(address, 8, order, |_| CallSite::Stack(NodeId::ROOT), || ());
    }

    #[test]
    fn a_later_release_that_carries_no_more_is_learned_of_without_the_lock() {
        let variable = AtomicU64::new(0);
        let address = &raw const variable as usize;
        for order in [Ordering::Acquire, Ordering::Relaxed] {
            let [mut releaser, mut reader] = with_own_variable(address, order);
            for _ in 0..3 {
                let before = releaser.epoch();
                release(&mut releaser, address);
                assert!(!reader.clock().knows(before));
                assert!(reader.load_and_learn(address, 8, order, || ()).is_some());
                assert_eq!(reader.clock().knows(before), order == Ordering::Acquire, "relaxed not before the fence");
                assert!(reader.has_taken(before, order) && !reader.has_taken(releaser.epoch(), order));
            }
            let last = releaser.epoch();
            release(&mut releaser, address);
            load(&mut reader, address, order);
            reader.fence_acquire();
            assert!(reader.clock().knows(last));
            assert!(!reader.clock().knows(releaser.epoch()), "what follows the release is not carried");
            [releaser, reader].into_iter().for_each(registry::finish);
        }
    }

    #[test]
    fn a_release_after_something_was_learned_brings_that_as_well() {
        let variable = AtomicU64::new(0);
        let address = &raw const variable as usize;
        for order in [Ordering::Acquire, Ordering::Relaxed] {
            let [mut releaser, mut reader] = with_own_variable(address, order);
            let mut third = registry::adopt(false);
            let before = third.epoch();
            let head = third.release();
            releaser.acquire_head(&head);
            release(&mut releaser, address);
            assert!(reader.load_and_learn(address, 8, order, || ()).is_none());
            load(&mut reader, address, order);
            reader.fence_acquire();
            assert!(reader.clock().knows(before));
            [releaser, reader, third].into_iter().for_each(registry::finish);
        }
    }
}
