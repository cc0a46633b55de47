//! Where in a granule's list a thread's own atomic access stands, so that its next one of the kind finds it at once.
//!
//! A variable that many threads operate on has an entry of each. Naively a thread whose step has gone on walks the list,
//! compares its new access with every entry, and moves its own one on:
//!
//! ```text
//! for each entry: if it conflicts and is not known to the thread: a race
//! the thread's own entry of the same kind and bytes: now of the present step, from the present place
//! ```
//!
//! A list has a state: a number that no other list has or had. It loses it by every change to the bytes of an entry that
//! somebody remembers, except that one. While a list is in the state in which a thread has walked it, what the thread found is
//! still so: its entry is where it was, what it knew it knows, and what others moved on since is atomic and conflicts with
//! nothing atomic. So the walk is left out, however many threads there are.
//!
//! For that each of them needs an entry that stays. A thread that comes back to a variable again and again leaves the entries
//! of others alone, though they are known to it and it could take their place. It does so in lists up to a length only, so
//! that ended threads leave nothing for long.
//!
//! Who asks without the lock believes what he read if the list is in that state afterwards: no state comes back, and of the
//! thread's present step nobody else makes entries.
//!
//! The state is kept by the granule's first atomic cell: granules without one are left to the rule ([`super::list`]), and
//! so are threads that share their slot, whose entries do not tell whose they are.

use super::granule::{Entry, Granule, NewAccess};
use super::map;
use super::record::{Record, RecordCache, RecordId, record};
use super::word::{Mask, Word};
use crate::clock::Epoch;
use crate::sync::atomic_cell::{AtomicCellId, AtomicCells};
use crate::sys::atomic::Ordering::Relaxed;
use crate::sys::atomic::{AtomicU32, AtomicU64};
use crate::sys::spin::wait_while;
use crate::thread::context::NodeId;

/// A state of one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ListState(u64);

impl ListState {
    fn next() -> ListState {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        ListState(NEXT.fetch_add(1, Relaxed))
    }
}

/// A list's state, as its first atomic cell keeps it, with the bytes whose entries somebody remembers:
///
/// ```text
/// bits 0..8   the bytes
/// bits 8..64  the state's number
/// ```
#[derive(Debug)]
pub struct KeptState(AtomicU64);

impl KeptState {
    const NUMBER_SHIFT: u32 = 8;

    /// Nobody remembers the list any more. Under the granule's lock.
    #[inline]
    pub fn end(&self) {
        self.0.store(0, Relaxed);
    }

    /// The entries of these bytes change. Under the granule's lock.
    #[inline]
    pub fn end_of(&self, bytes: Mask) {
        if Mask(self.0.load(Relaxed) as u8).meets(bytes) {
            self.end();
        }
    }

    /// The list's state, in which an entry of `bytes` is remembered from now on. Under the granule's lock.
    fn remember(&self, bytes: Mask) -> ListState {
        let kept = self.0.load(Relaxed);
        let state = if kept == 0 { ListState::next() } else { ListState(kept >> KeptState::NUMBER_SHIFT) };
        self.0.store(state.0 << KeptState::NUMBER_SHIFT | u64::from(kept as u8 | bytes.0), Relaxed);
        state
    }
}

/// A place in a list.
#[derive(Clone, Copy, Debug)]
struct Place {
    word: &'static AtomicU64,
    site: &'static AtomicU32,
}

impl Place {
    fn of(part: &'static Record, index: usize) -> Place {
        Place { word: &part.words[index], site: &part.sites[index] }
    }
}

/// Where a thread's own entry stands while the list is in a state.
#[derive(Clone, Copy, Debug)]
pub struct OwnEntry {
    place: Place,
    /// What it says. Kept here as well, where nobody else writes: who waits for a variable in a loop leaves the list alone.
    access: Word,
    state: ListState,
    kept: &'static KeptState,
}

impl OwnEntry {
    /// What the entry says in that step; `None` when the thread has another slot now.
    #[inline(always)]
    pub fn in_step(&self, present: Epoch) -> Option<Word> {
        self.access.epoch().has_slot_of(present).then(|| self.access.in_step(present))
    }

    /// What the entry says. True if [`OwnEntry::is_current`] says so afterwards, or under the granule's lock.
    #[inline(always)]
    pub fn word(&self) -> Word {
        self.access
    }

    /// Whether it is of that step. True as [`OwnEntry::word`] is.
    #[inline(always)]
    pub fn is_of_step(&self, present: Epoch) -> bool {
        self.access.epoch() == present
    }

    /// Whether the list is still in the state in which the entry stands there, and so has been all along.
    #[inline(always)]
    pub fn is_current(&self) -> bool {
        self.kept.0.load(Relaxed) >> KeptState::NUMBER_SHIFT == self.state.0
    }
}

impl Granule {
    /// The list's entries of these bytes change.
    #[inline]
    pub(super) fn end_state_of(&self, bytes: Mask) {
        let first = self.first_atomic();
        if first != AtomicCellId::NONE {
            AtomicCells::state_of(first).end_of(bytes);
        }
    }

    /// Locks the granule at `address`, whose shadow has been used.
    #[inline(always)]
    pub fn lock_own(address: usize) -> Granule {
        loop {
            if let Some(granule) = Granule::try_lock(address) {
                return granule;
            }
            wait_for(address);
        }
    }

    /// Moves `own`, which is current, on to `wanted`, from `site`.
    #[inline(always)]
    pub fn move_own(&mut self, own: &mut OwnEntry, wanted: Word, site: NodeId) {
        own.access = wanted;
        own.place.site.store(site.0, Relaxed);
        own.place.word.store(wanted.bits(), Relaxed);
        self.content = wanted.listed();
    }

    /// Adds an atomic access to a list with atomics by walking it, and says where the entry stands from now on. `None` when the
    /// rule is due: the access races with an entry, or its own would be one more than `most`, and some may be needless.
    pub fn own_entry(&mut self, new: NewAccess<'_>, most: usize, records: &mut RecordCache) -> Option<OwnEntry> {
        let wanted = Word::new(new.epoch, new.kind, new.mask);
        let (mut own, mut vacant) = (None, None);
        let mut entries = 0;
        let mut id = self.first_record();
        while id != RecordId::NONE {
            let part = record(id);
            for (index, word) in part.words.iter().enumerate() {
                let place = Place::of(part, index);
                let old = Word::from_bits(word.load(Relaxed));
                if old == Word::EMPTY {
                    vacant = vacant.or(Some(place));
                    continue;
                }
                entries += 1;
                if old.is_same_access(wanted) {
                    own = Some(place);
                } else if old.mask().meets(new.mask) {
                    let conflicts = old.conflicts_with(new.kind) && !new.clock.knows(old.epoch());
                    if conflicts || old.repeats(new.epoch, new.kind, new.mask) {
                        return None;
                    }
                }
            }
            id = RecordId(part.next.load(Relaxed));
        }
        let kept = AtomicCells::state_of(self.first_atomic());
        let place = match own {
            Some(place) => place,
            None if entries >= most => return None,
            None => {
                let place = match vacant {
                    Some(place) => place,
                    None => {
                        let added = Entry { word: wanted, site: new.site };
                        Place::of(record(self.add_record(added, records)?), 0)
                    }
                };
                kept.end_of(new.mask);
                place
            }
        };
        let site = if place.word.load(Relaxed) == wanted.bits() { NodeId(place.site.load(Relaxed)) } else { new.site };
        let mut own = OwnEntry { place, access: wanted, state: kept.remember(new.mask), kept };
        self.move_own(&mut own, wanted, site);
        Some(own)
    }
}

#[cold]
#[inline(never)]
fn wait_for(address: usize) {
    // SAFETY: as for `Granule::lock`.
    let word = unsafe { map::word_of(address) };
    wait_while(|| Word::from_bits(word.load(Relaxed)).is_locked());
}
