//! The release side of an atomic variable: what a load that reads its present value learns.
//!
//! Cells belong to a granule, found through its first record, one for each address in it that an atomic operation
//! with an edge has used. They live in one reservation that is never given back, so that a reader without the lock
//! may look at a cell that is being changed or has been freed: the version tells. The record through which he came to it
//! may have passed to another granule on the way, so a cell is known by its variable's whole address.

use std::cell::UnsafeCell;
use std::io;

use crate::clock::{Epoch, Heads, ThreadClock};
use crate::shadow::own_entry::KeptState;
use crate::shadow::stock::{Common, Numbered, Stock};
use crate::sys::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sys::atomic::{AtomicU32, AtomicU64, AtomicUsize, fence};
use crate::sys::memory;
use crate::sys::spin::Spin;

/// The number of a cell; zero is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtomicCellId(pub u32);

impl AtomicCellId {
    /// No cell.
    pub const NONE: AtomicCellId = AtomicCellId(0);
}

/// What one atomic variable carries.
#[repr(C, align(64))]
#[derive(Debug)]
pub struct AtomicCell {
    /// Odd while a thread changes variable and heads; moves on with each change.
    version: AtomicU32,
    /// The granule's next cell.
    next: AtomicU32,
    /// Where the variable is.
    address: AtomicUsize,
    /// What the heads are to readers without the lock. Of an only head this is the epoch, which it may lag behind.
    release: AtomicU64,
    known: AtomicU64,
    /// The state of the granule's list, in the granule's first cell.
    list: KeptState,
    heads: UnsafeCell<Heads>,
}

const _: () = assert!(size_of::<AtomicCell>() == 64);

/// What a variable carries, as far as two words say it, which readers without the lock compare.
#[derive(Clone, Copy, Debug)]
pub struct Carried {
    release: u64,
    known: u64,
}

impl Carried {
    /// The release of a variable that carries none.
    pub const NOTHING: u64 = 0;
    /// That of one that carries several.
    pub const MANY: u64 = u64::MAX;

    #[inline]
    fn of(heads: &Heads) -> Carried {
        match heads.only() {
            Some(head) => Carried { release: head.epoch.bits(), known: head.known.id() },
            None if heads.is_empty() => Carried { release: Carried::NOTHING, known: 0 },
            None => Carried { release: Carried::MANY, known: 0 },
        }
    }

    /// Whether all of it is known.
    #[inline(always)]
    pub(super) fn is_known_to(self, clock: &ThreadClock) -> bool {
        let release = Epoch::from_bits(self.release);
        // Nothing is the beginning of a slot, which everybody knows.
        release.bits() == self.release && clock.knows(release)
    }

    /// The epoch of the only release; [`Carried::NOTHING`], or [`Carried::MANY`].
    #[inline(always)]
    pub fn release(self) -> u64 {
        self.release
    }

    /// The identity of what the only releaser knew of the others; zero, nobody's, when there is not one release.
    #[inline(always)]
    pub fn known(self) -> u64 {
        self.known
    }
}

// SAFETY: the heads are reached only under the granule's lock, everything else is atomic.
unsafe impl Sync for AtomicCell {}

static BASE: AtomicUsize = AtomicUsize::new(0);

impl Numbered for AtomicCell {
    /// 16 GiB of cells.
    const LIMIT: u32 = 1 << 28;

    fn common() -> &'static Spin<Common<AtomicCell>> {
        static COMMON: Spin<Common<AtomicCell>> = Spin::new(Common::ALL);
        &COMMON
    }

    #[inline(always)]
    fn next(number: u32) -> &'static AtomicU32 {
        &cell(AtomicCellId(number)).next
    }
}

/// Reserves room for the cells.
///
/// # Errors
/// What the system said when it refused the address space.
pub fn reserve() -> io::Result<()> {
    BASE.store(memory::reserve(AtomicCell::LIMIT as usize * size_of::<AtomicCell>())?, Relaxed);
    Ok(())
}

/// Bytes of memory that cells take: those that were ever in use.
pub(crate) fn taken() -> usize {
    AtomicCell::common().lock().touched() * size_of::<AtomicCell>()
}

#[inline]
fn cell(id: AtomicCellId) -> &'static AtomicCell {
    // SAFETY: the reservation has room for `LIMIT` cells and is never given back. Untouched cells are all zero, which
    // no one looks into before `AtomicCells::create` has made the heads.
    unsafe { &*(BASE.load(Relaxed) as *const AtomicCell).add(id.0 as usize) }
}

/// The cells of a granule, as a list.
#[derive(Debug)]
pub struct AtomicCells;

impl AtomicCells {
    /// The cell for the variable at `address`, in the list that starts with `first`.
    #[inline]
    pub fn find(first: AtomicCellId, address: usize) -> Option<&'static AtomicCell> {
        let mut id = first;
        while id != AtomicCellId::NONE {
            let found = cell(id);
            if found.address.load(Relaxed) == address {
                return Some(found);
            }
            id = AtomicCellId(found.next.load(Relaxed));
        }
        None
    }

    /// The state of the list of the granule whose first cell this is; of none, which has none.
    #[inline(always)]
    pub fn state_of(first: AtomicCellId) -> &'static KeptState {
        &cell(first).list
    }

    /// A new cell for the variable at `address`, to be followed by `next`; `None` when all are in use.
    pub fn create(
        address: usize,
        next: AtomicCellId,
        stock: &mut Stock<AtomicCell>,
    ) -> Option<(AtomicCellId, &'static AtomicCell)> {
        let id = AtomicCellId(stock.take()?);
        let new = cell(id);
        // SAFETY: the cell is off the free list and not yet in a granule: this thread's own. Freed cells were left
        // with empty heads and untouched ones hold nothing, so nothing is leaked.
        unsafe { new.heads.get().write(Heads::new()) };
        new.release.store(Carried::NOTHING, Relaxed);
        new.list.end();
        new.address.store(address, Relaxed);
        new.next.store(next.0, Relaxed);
        Some((id, new))
    }

    /// Frees a granule's whole list, under its lock.
    pub fn free(first: AtomicCellId, stock: &mut Stock<AtomicCell>) {
        let mut id = first;
        while id != AtomicCellId::NONE {
            let old = cell(id);
            old.change(|heads| *heads = Heads::new());
            old.list.end();
            let next = AtomicCellId(old.next.load(Relaxed));
            stock.give(id.0);
            id = next;
        }
    }
}

impl AtomicCell {
    /// Runs `change`, which may also operate on the variable, while readers without the lock stay away.
    ///
    /// The caller holds the lock of the cell's granule.
    #[inline]
    pub fn change<R>(&self, change: impl FnOnce(&mut Heads) -> R) -> R {
        self.begin_change().end_with(change)
    }

    /// Readers without the lock stay away until the change is ended. The caller holds the lock of the cell's granule until
    /// then.
    #[inline(always)]
    pub(super) fn begin_change(&self) -> Change<'_> {
        let version = self.version.load(Relaxed);
        self.version.store(version.wrapping_add(1), Relaxed);
        fence(Release);
        Change { cell: self, version }
    }

    /// The epoch of the only release; [`Carried::NOTHING`], or [`Carried::MANY`]. The caller holds the lock of the cell's
    /// granule.
    #[inline(always)]
    pub(super) fn release(&self) -> u64 {
        self.release.load(Relaxed)
    }

    /// Whether a thread in this step, which has its slot to itself, knows what is carried. The caller holds the lock of the
    /// cell's granule.
    #[inline(always)]
    pub(super) fn is_known_to(&self, present: Epoch, clock: &ThreadClock) -> bool {
        let bits = self.release();
        let release = Epoch::from_bits(bits);
        // Nothing is the beginning of a slot, which everybody knows.
        release.bits() == bits && (release.has_slot_of(present) || clock.knows(release))
    }

    /// Runs `look` on the heads. The caller holds the lock of the cell's granule.
    #[inline]
    pub fn look<R>(&self, look: impl FnOnce(&Heads) -> R) -> R {
        // SAFETY: the granule's lock, which the caller holds, gives the heads to one thread at a time.
        look(unsafe { self.heads() })
    }

    /// The heads, the only one brought up to date.
    ///
    /// # Safety
    /// The caller holds the lock of the cell's granule and does not use what an earlier call gave any more.
    #[expect(clippy::mut_from_ref, reason = "the lock that gives them lies elsewhere")]
    #[inline]
    unsafe fn heads(&self) -> &mut Heads {
        // SAFETY: the caller's promise.
        let heads = unsafe { &mut *self.heads.get() };
        heads.renew_only(Epoch::from_bits(self.release.load(Relaxed)));
        heads
    }

    /// Runs `load` on the variable without the lock and returns its value with what that value carries; `None` when the
    /// variable changed meanwhile.
    #[inline]
    pub fn read_consistent<T>(&self, load: impl FnOnce() -> T) -> Option<(T, Carried)> {
        let version = self.version.load(Acquire);
        if version & 1 != 0 {
            return None;
        }
        let carried = Carried { release: self.release.load(Relaxed), known: self.known.load(Relaxed) };
        let value = load();
        fence(Acquire);
        (self.version.load(Relaxed) == version).then_some((value, carried))
    }
}

/// A change to what a variable carries, and to the variable, under way.
#[must_use = "readers wait for its end"]
pub(super) struct Change<'a> {
    cell: &'a AtomicCell,
    version: u32,
}

impl Change<'_> {
    /// The identity of what the only releaser knew before; zero, nobody's, when there is not one release.
    #[inline(always)]
    pub fn known(&self) -> u64 {
        self.cell.known.load(Relaxed)
    }

    /// The variable carries what it did.
    #[inline(always)]
    pub fn end(self) {
        self.cell.version.store(self.version.wrapping_add(2), Release);
    }

    /// The variable carries what `change` makes of it.
    #[inline]
    pub fn end_with<R>(self, change: impl FnOnce(&mut Heads) -> R) -> R {
        // SAFETY: the granule's lock, which who began the change holds, gives the heads to one thread at a time.
        let heads = unsafe { self.cell.heads() };
        let result = change(heads);
        let carried = Carried::of(heads);
        self.cell.release.store(carried.release, Relaxed);
        self.cell.known.store(carried.known, Relaxed);
        self.end();
        result
    }

    /// The variable carries one release, and the same slot's later one at `epoch` in place of it, before which its thread has
    /// learned nothing.
    #[inline(always)]
    pub fn end_renewed(self, epoch: Epoch) {
        self.cell.release.store(epoch.bits(), Relaxed);
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start;

    #[test]
    fn who_comes_to_the_list_of_another_granule_finds_nothing() {
        start::ensure();
        const VARIABLE: usize = 0x1000;
        let mut stock = Stock::EMPTY;
        let (first, cell) = AtomicCells::create(VARIABLE, AtomicCellId::NONE, &mut stock).expect("few are in use");
        assert!(std::ptr::eq(AtomicCells::find(first, VARIABLE).expect("it is there"), cell));
        assert!(AtomicCells::find(first, VARIABLE + 4).is_none());
        assert!(AtomicCells::find(first, VARIABLE + 8).is_none(), "the same byte of another granule");
        AtomicCells::free(first, &mut stock);
        stock.give_all();
    }
}
