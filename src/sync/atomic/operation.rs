//! One atomic operation, told to the engine while std carries it out.
//!
//! The engine runs the operation under a lock of its own, so it must not panic there: orderings that std refuses are
//! handed to std before, which panics as it always does.

use std::sync::atomic::Ordering;

use race_rt::access::AccessKind;
use race_rt::perturb;
use race_rt::shadow::map;
use race_rt::sync::atomics::{AtomicPlace, CallSite};
use race_rt::thread::Thread;
use race_rt::thread::current::{self, Inside};

use crate::engine::{HERE, before_synchronisation};

/// Where a variable lies.
#[derive(Clone, Copy)]
pub(super) struct Variable {
    address: usize,
    size: usize,
}

impl Variable {
    #[inline]
    pub(super) fn of<T>(variable: *const T) -> Variable {
        Variable { address: variable as usize, size: size_of::<T>() }
    }

    #[inline]
    fn enter(self) -> Option<Inside> {
        if map::is_covered(self.address) { current::enter() } else { None }
    }

    fn place(self, thread: &mut Inside) -> AtomicPlace {
        AtomicPlace::of(thread, self.address, self.size, AccessKind::AtomicWrite, |thread| thread.site(HERE))
    }

    /// A load, carried out by `load`.
    #[inline]
    pub(super) fn load<T>(self, order: Ordering, load: impl Fn() -> T) -> T {
        if matches!(order, Ordering::Release | Ordering::AcqRel) {
            return load();
        }
        disturb(order);
        let repeated = |thread: &Thread| thread.atomic_load_repeated(self.address, self.size, order, &load);
        if let Some(value) = current::at_rest().and_then(repeated) {
            return value;
        }
        let Some(mut thread) = self.enter() else { return load() };
        thread.atomic_load_from(self.address, self.size, order, |thread| CallSite::Stack(thread.site(HERE)), load)
    }

    /// A store, carried out by `store`.
    pub(super) fn store(self, order: Ordering, store: impl FnOnce()) {
        if matches!(order, Ordering::Acquire | Ordering::AcqRel) {
            return store();
        }
        disturb(order);
        let Some(mut thread) = self.enter() else { return store() };
        let place = self.place(&mut thread);
        thread.atomic_store(place, order, store);
    }

    /// A read-modify-write that always stores, carried out by `update`.
    pub(super) fn update<T>(self, order: Ordering, update: impl FnOnce() -> T) -> T {
        disturb(order);
        let Some(mut thread) = self.enter() else { return update() };
        let place = self.place(&mut thread);
        thread.atomic_update(place, order, update)
    }

    /// A compare-exchange, carried out by `exchange`.
    pub(super) fn exchange<T>(
        self,
        success: Ordering,
        failure: Ordering,
        exchange: impl FnOnce() -> Result<T, T>,
    ) -> Result<T, T> {
        if matches!(failure, Ordering::Release | Ordering::AcqRel) {
            return exchange();
        }
        disturb(success);
        let Some(mut thread) = self.enter() else { return exchange() };
        let place = self.place(&mut thread);
        thread.atomic_exchange(place, success, failure, exchange)
    }
}

/// Before an operation that may order something.
#[inline]
fn disturb(order: Ordering) {
    if perturb::is_full() && order != Ordering::Relaxed {
        before_synchronisation();
    }
}

/// A decrement by one with release ordering drops a reference count, as a rule: the moment at which a schedule hides
/// races.
pub(super) fn before_decrement(by_one: bool, order: Ordering) {
    if by_one && order == Ordering::Release {
        perturb::before_reference_drop(HERE);
    }
}

/// [`std::sync::atomic::fence`].
///
/// # Panics
/// When the ordering is `Relaxed`.
pub fn fence(order: Ordering) {
    before_synchronisation();
    std::sync::atomic::fence(order);
    if let Some(mut thread) = current::enter() {
        thread.atomic_fence(order);
    }
}
