//! How atomic operations are recorded: as any access, by the rule of [`granule`], but for two shortcuts under the lock, each
//! exact.
//!
//! 1. The present step has made such an access already.
//! 2. The variable is one of the thread's own ([`own_entry`](crate::shadow::own_entry)): its entry is moved on, without a look
//!    at the others ([`super::own_operation`]).
//!
//! [`granule`]: crate::shadow::granule

use super::atomic_cell::AtomicCellId;
use super::own_variables::OwnVariable;
use crate::access::AccessKind;
use crate::clock::Epoch;
use crate::report::model::Pc;
use crate::shadow::Mask;
use crate::shadow::granule::{self, Granule, NewAccess};
use crate::shadow::map::{self, GRANULE};
use crate::shadow::own_entry::OwnEntry;
use crate::sys::atomic::{Ordering, fence};
use crate::thread::call_stack::CallStack;
use crate::thread::context::{NodeCache, NodeId};
use crate::thread::holds::Holds;
use crate::thread::{Thread, registry};
use crate::trace;

/// Where an atomic operation works: the variable's address and size in bytes (1, 2, 4, 8 or 16), and from where in the
/// program.
#[derive(Clone, Copy, Debug)]
pub struct AtomicPlace<From = CallSite> {
    /// Address of the variable.
    pub address: usize,
    /// Its size in bytes.
    pub size: usize,
    /// From where.
    pub from: From,
}

/// Where in the program an atomic operation is.
#[derive(Clone, Copy, Debug)]
pub enum CallSite {
    /// Not asked for: the operation is recorded already.
    Recorded,
    /// Its call stack.
    Stack(NodeId),
    /// A call that returns to there, by whose stack the operation is known if it has to be recorded anew.
    Call(Pc),
}

impl From<Pc> for CallSite {
    #[inline(always)]
    fn from(pc: Pc) -> CallSite {
        CallSite::Call(pc)
    }
}

impl CallSite {
    #[inline(never)]
    pub(super) fn stack(self, thread: &mut Thread) -> NodeId {
        match self {
            CallSite::Recorded => NodeId::ROOT,
            CallSite::Stack(site) => site,
            CallSite::Call(pc) => thread.site(pc),
        }
    }

    /// [`CallSite::stack`] for who has these parts of the thread at hand.
    #[inline(never)]
    pub(super) fn stack_by(self, calls: &mut CallStack, nodes: &mut NodeCache, holds: &mut Holds) -> NodeId {
        match self {
            CallSite::Recorded => NodeId::ROOT,
            CallSite::Stack(site) => site,
            CallSite::Call(pc) => {
                let caller = calls.node(nodes);
                let stack = nodes.child(caller, pc);
                holds.site(nodes, stack)
            }
        }
    }
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
        let is_recorded = thread.has_recorded(address, size, thread.epoch(), kind);
        let from = if is_recorded { CallSite::Recorded } else { CallSite::Stack(site(thread)) };
        AtomicPlace { address, size, from }
    }
}

impl Thread {
    /// So many entries of each thread, and more, may stay in a list though later ones make them needless: two for each of two
    /// variables.
    const ENTRIES_PER_THREAD: usize = 4;

    /// What the thread remembers of the variable.
    #[inline(always)]
    pub(super) fn own_variable(&self, address: usize, size: usize, kind: AccessKind) -> Option<&OwnVariable> {
        if size > GRANULE {
            return None;
        }
        self.own_variables.get(address, size, kind)
    }

    /// Whether the thread knows where its entry for the variable is.
    #[inline(always)]
    pub(super) fn is_own_variable(&self, address: usize, size: usize, kind: AccessKind) -> bool {
        let own = self.own_variable(address, size, kind);
        own.and_then(|own| own.entry.as_ref()).is_some_and(|entry| self.is_own(entry))
    }

    /// Whether the entry is where it was, and the thread's as before.
    #[inline(always)]
    fn is_own(&self, entry: &OwnEntry) -> bool {
        entry.is_current() && entry.in_step(self.epoch()).is_some()
    }

    /// Locks a variable's granule.
    #[inline]
    pub(super) fn open(&mut self, address: usize) -> Granule {
        debug_assert!(map::is_covered(address));
        let mut granule = Granule::lock(address);
        // Before a cell is hung on it, after which the granule would pass for touched.
        self.begin_life(&mut granule, address);
        granule
    }

    /// Records an operation on any variable.
    #[inline(always)]
    pub(super) fn record_atomic(&mut self, granule: &mut Granule, place: AtomicPlace, kind: AccessKind) {
        let AtomicPlace { address, size, from } = place;
        let is_repeated = || {
            let in_one_granule = (address & (GRANULE - 1)) + size <= GRANULE;
            in_one_granule && granule.newest().repeats(self.epoch(), kind, Mask::new(address, size))
        };
        if !matches!(from, CallSite::Recorded) && !is_repeated() {
            self.record_beside_newest(granule, place, kind);
        }
    }

    /// Records an operation that the newest entry does not make pointless.
    #[inline(never)]
    fn record_beside_newest(&mut self, granule: &mut Granule, place: AtomicPlace, kind: AccessKind) {
        if self.is_ignoring(kind) {
            return;
        }
        if self.record_own(granule, place, kind) {
            return;
        }
        let in_first = place.size.min(GRANULE - (place.address & (GRANULE - 1)));
        let mask = Mask::new(place.address, in_first);
        let site = self.record_anew(granule, place, kind, mask);
        if place.size > in_first {
            // A 16-byte variable: its edges hang on the first granule, the access counts in both. Granules are locked in
            // the order of their addresses.
            self.access(place.address + in_first, place.size - in_first, kind, site);
        }
    }

    /// Records an operation by a look at all entries, and remembers where its own stands then. Says where it is from.
    #[inline(never)]
    pub(super) fn record_anew(
        &mut self,
        granule: &mut Granule,
        place: AtomicPlace,
        kind: AccessKind,
        mask: Mask,
    ) -> NodeId {
        let AtomicPlace { address, size, from } = place;
        let (site, epoch) = (from.stack(self), self.epoch());
        let is_whole = size <= GRANULE && Mask::new(address, size).0.count_ones() as usize == size;
        if trace::is_on() || self.shares_slot || !is_whole || granule.first_atomic() == AtomicCellId::NONE {
            self.add_to(granule, address, epoch, kind, mask, site);
            return site;
        }
        if !self.own_variables.visit(address, size, kind) {
            self.add_to(granule, address, epoch, kind, mask, site);
            return site;
        }
        let most = Thread::ENTRIES_PER_THREAD * (1 + registry::live_hint());
        let (clock, records) = self.clock_and_records();
        let own = granule.own_entry(NewAccess { clock, epoch, kind, mask, site }, most, records);
        if own.is_none() {
            self.add_to(granule, address, epoch, kind, mask, site);
        }
        let cell = granule.atomic(address);
        self.own_variables.remember(address, size, kind, own, cell);
        site
    }

    /// Whether the present step has made an access by which this one needs no recording. Takes no lock and writes nothing.
    #[inline(always)]
    pub(super) fn has_recorded(&self, address: usize, size: usize, present: Epoch, kind: AccessKind) -> bool {
        if (address & (GRANULE - 1)) + size > GRANULE {
            return false;
        }
        let mask = Mask::new(address, size);
        let by_own = |own_kind| {
            let entry = self.own_variable(address, size, own_kind)?.entry.as_ref()?;
            let repeats = entry.word().repeats(present, kind, mask);
            fence(Ordering::Acquire);
            entry.is_current().then_some(repeats)
        };
        match by_own(kind) {
            // A store says as much as a load.
            Some(false) if !kind.writes() => by_own(AccessKind::AtomicWrite) == Some(true),
            Some(repeats) => repeats,
            None => granule::is_repeated(address, present, kind, mask),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;
    use crate::sys::atomic::AtomicU64;

    const KIND: AccessKind = AccessKind::AtomicWrite;

    #[test]
    fn threads_that_take_turns_keep_their_entries_until_the_bytes_are_touched_otherwise() {
        start::ensure();
        let memory = [const { AtomicU64::new(0) }; 2];
        let variable = &raw const memory as usize;
        let mut threads = [(); 3].map(|()| registry::adopt(false));
        threads[0].forget(variable, variable + size_of_val(&memory));
        let update_at = |thread: &mut Thread, address, size| {
            let place = AtomicPlace { address, size, from: CallSite::Stack(NodeId::ROOT) };
            thread.atomic_update(place, Ordering::AcqRel, || ());
        };
        let update = |thread: &mut Thread| update_at(thread, variable, 4);
        let turns =
            |threads: &mut [Box<Thread>]| (0..4).for_each(|_| threads.iter_mut().for_each(|thread| update(thread)));
        let have_own = |threads: &[Box<Thread>]| threads.iter().all(|thread| thread.is_own_variable(variable, 4, KIND));
        turns(&mut threads);
        assert!(have_own(&threads));
        threads[1].access(variable + 4, 4, AccessKind::Write, NodeId::ROOT);
        assert!(have_own(&threads), "those are other bytes");
        update_at(&mut threads[1], variable + 3, 1);
        assert!(!threads.iter().any(|thread| thread.is_own_variable(variable, 4, KIND)));
        turns(&mut threads);
        assert!(have_own(&threads));
        threads[0].forget(variable, variable + 8);
        assert!(!threads.iter().any(|thread| thread.is_own_variable(variable, 4, KIND)));
        threads.into_iter().for_each(registry::finish);
    }
}
