//! Granules with one entry or two, which nearly all are.
//!
//! The rule in full is [`Granule::record_in_few`]. [`Granule::renew_few`] equals it where the access races with nothing, there
//! is room for what has to be remembered, and no more than two entries are left: without a call.
//!
//! Of two entries the newer is the first, except where an access adds bytes to the other.

use super::granule::{Conflicts, Entry, Granule, NewAccess, can_merge, left_of, meet};
use super::record::{RecordCache, RecordId};
use super::second::Second;
use super::word::{Mask, Word};
use crate::counters::COUNTERS;
use crate::sys::atomic::AtomicU32;
use crate::sys::atomic::Ordering::Relaxed;
use crate::thread::context::NodeId;

impl Granule {
    /// The place for the second entry.
    #[inline(always)]
    pub(super) fn second(&self) -> Second {
        Second::of(self.address)
    }

    /// Whether the entries are in records.
    #[inline(always)]
    pub(super) fn is_list(&self) -> bool {
        self.content.is_listed() && RecordId::of_site(self.site.load(Relaxed)).is_some()
    }

    /// The first entry of one or two.
    #[inline(always)]
    pub(super) fn first(&self) -> Entry {
        Entry { word: self.content.access(), site: NodeId(self.site.load(Relaxed)) }
    }

    /// The second entry, if there are just two.
    #[inline(always)]
    pub(super) fn other(&self) -> Option<Entry> {
        (self.content.is_listed() && !self.is_list()).then(|| self.second().entry())
    }

    /// The granule has just these two entries. `second` has room.
    #[inline(always)]
    fn set_pair(&mut self, newest: Entry, other: Entry, second: Second) {
        second.set(other);
        self.site.store(newest.site.0, Relaxed);
        self.content = newest.word.listed();
    }

    /// The granule has just these two entries, of which `newest` is the newer.
    pub(super) fn become_pair(&mut self, newest: Entry, other: Entry) {
        match Second::make(self.address) {
            Some(second) => self.set_pair(newest, other, second),
            None => {
                COUNTERS.entries_lost.increment();
                self.set_single(newest);
            }
        }
    }

    /// An access joins one entry or two.
    pub(super) fn record_in_few(&mut self, new: NewAccess<'_>, records: &mut RecordCache, conflicts: &mut Conflicts) {
        let added = Entry { word: Word::new(new.epoch, new.kind, new.mask), site: new.site };
        // The older first: of several races of one access the first is told, and the others may be no news then.
        let mut kept: [Option<Entry>; 2] = [self.other(), Some(self.first())];
        for place in &mut kept {
            *place = place.and_then(|old| {
                let word = meet(old, &new, conflicts);
                (word.mask().0 != 0).then_some(Entry { word, site: old.site })
            });
        }
        let repeats = |entry: &Entry| entry.word.repeats(new.epoch, new.kind, new.mask);
        let present = kept.iter().position(|entry| entry.is_some_and(|entry| repeats(&entry)));
        let merged = || kept.iter().position(|entry| entry.is_some_and(|entry| can_merge(entry, added)));
        let (newest, others) = match present.or_else(merged) {
            Some(place) => {
                // One that says as much has these bytes already.
                let newest = kept[place].map_or(added, |old| Entry { word: old.word.with(new.mask), site: old.site });
                (newest, [kept[1 - place], None])
            }
            None => (added, kept),
        };
        match others {
            [None, None] => self.set_single(newest),
            [Some(other), None] | [None, Some(other)] => self.become_pair(newest, other),
            [Some(one), Some(other)] => self.become_list(newest, [one, other], records),
        }
    }

    /// [`Granule::record_in_few`] where that takes no more than a look at the entries. False, with nothing changed, when it
    /// does not.
    #[inline(always)]
    pub(super) fn renew_few(&mut self, new: &NewAccess<'_>) -> bool {
        let renewed = renew(self.address, self.content, self.site, new);
        self.content = renewed.unwrap_or(self.content);
        renewed.is_some()
    }
}

/// [`Granule::renew_few`] for the granule at `address`, which is locked and has one or two entries, of which the newest is
/// `newest` with its site in `place`: the word to open it with. `None`, with nothing changed, when there is more to do.
#[inline(always)]
pub(super) fn renew(address: usize, newest: Word, place: &AtomicU32, new: &NewAccess<'_>) -> Option<Word> {
    let added = Word::new(new.epoch, new.kind, new.mask);
    // First what is asked for most.
    if !newest.is_listed() && new.leaves_nothing_of(newest) {
        place.store(new.site.0, Relaxed);
        return Some(added);
    }
    let (first, second, site) = (newest.access(), Second::of(address), NodeId(place.load(Relaxed)));
    let left = left_of(first, new)?;
    let merges =
        |left: Word, site: NodeId| can_merge(Entry { word: left, site }, Entry { word: added, site: new.site });
    if !newest.is_listed() {
        if merges(left, site) {
            return Some(left.with(new.mask));
        }
        return put_before(second, Entry { word: left, site }, place, added, new.site);
    }
    let other = second.word();
    let left_of_other = left_of(other, new)?;
    match (left.mask() != Mask::NONE, left_of_other.mask() != Mask::NONE) {
        (false, false) => {
            place.store(new.site.0, Relaxed);
            Some(added)
        }
        (false, true) if merges(left_of_other, second.site()) => {
            place.store(new.site.0, Relaxed);
            Some(left_of_other.with(new.mask))
        }
        (false, true) => {
            second.set_word(left_of_other);
            place.store(new.site.0, Relaxed);
            Some(added.listed())
        }
        (true, false) if merges(left, site) => Some(left.with(new.mask)),
        (true, false) => put_before(second, Entry { word: left, site }, place, added, new.site),
        (true, true) if merges(left, site) => {
            second.set_word(left_of_other);
            Some(left.with(new.mask).listed())
        }
        (true, true) if merges(left_of_other, second.site()) => {
            put_before(second, Entry { word: left, site }, place, left_of_other.with(new.mask), new.site)
        }
        (true, true) => None,
    }
}

/// Makes `first` the second entry and puts `newest` before it.
#[inline(always)]
fn put_before(second: Second, first: Entry, place: &AtomicU32, newest: Word, site: NodeId) -> Option<Word> {
    second.has_room().then(|| {
        second.set(first);
        place.store(site.0, Relaxed);
        newest.listed()
    })
}
