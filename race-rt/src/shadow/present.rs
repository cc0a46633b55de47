//! A thread's present step, as the hot path of every access compares it with words: as the word of a plain store to all bytes
//! of a granule, so that what an access asks for is had by leaving out bits.
//!
//! ```text
//! bits 0..51    the epoch; zero for a thread that the engine does not know (yet, or any more), as no thread's is
//! bit 35        of these, which no epoch has, asked: another thread took all that this one did so far for ordered before it; it
//!               has to step on before it does more. Also where the thread is not known
//! bit 52        solo: no other thread is alive and all that ended are ordered before this one; whatever it does then happens
//!               before everything that other threads will ever do, so nothing needs recording
//! bits 53..64   as in a word: of a plain store to all bytes, always
//! ```
//!
//! Bit 35 is compared, so that no word is like the step of a thread that has something else to do first. Bit 52 is not: who is
//! alone needs no answer.

use super::word::{Mask, Word};
use crate::clock::Epoch;
use crate::sys::atomic::AtomicU64;
use crate::sys::atomic::Ordering::Relaxed;

/// What [`AtomicPresent`] had at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present(u64);

impl Present {
    /// That of a thread that the engine does not know, which has to be met before it does more.
    pub const UNKNOWN: Present = Present(Present::ASKED | Present::LIKE);
    const ASKED: u64 = Epoch::UNUSED;
    pub(crate) const SOLO: u64 = Word::LISTED;
    const LIKE: u64 = Word::plain_bits(Mask::ALL, true);

    /// A step of a thread that is not alone.
    #[inline(always)]
    pub const fn new(epoch: Epoch) -> Present {
        Present(epoch.bits() | Present::LIKE)
    }

    /// With these bits.
    #[inline(always)]
    pub const fn from_bits(bits: u64) -> Present {
        Present(bits)
    }

    /// All bits.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The step.
    #[inline(always)]
    pub const fn epoch(self) -> Epoch {
        Epoch::from_bits(self.0 & !Present::ASKED)
    }

    /// Whether the engine knows the thread.
    #[inline(always)]
    pub const fn is_known(self) -> bool {
        self.0 & (Epoch::MASK & !Present::ASKED) != 0
    }

    /// Whether there is nothing but accesses to record: the thread is known, and has no flag.
    #[inline(always)]
    pub const fn is_plain(self) -> bool {
        self.0 & (Present::ASKED | Present::SOLO) == 0
    }

    /// Whether the thread is alone.
    #[inline(always)]
    pub const fn is_solo(self) -> bool {
        self.0 & Present::SOLO != 0
    }

    /// Whether the thread has to step on before it does more.
    #[inline(always)]
    pub const fn is_asked(self) -> bool {
        self.0 & Present::ASKED != 0
    }
}

/// The present step of a thread, which only that thread sets.
#[derive(Debug)]
#[repr(transparent)]
pub struct AtomicPresent(AtomicU64);

impl AtomicPresent {
    /// That of a thread that the engine does not know.
    pub const fn unknown() -> AtomicPresent {
        AtomicPresent(AtomicU64::new(Present::UNKNOWN.0))
    }

    /// What it is.
    #[inline(always)]
    pub fn get(&self) -> Present {
        Present(self.0.load(Relaxed))
    }

    /// The thread is in this step, alone or not. A request to step on is met by this.
    #[inline(always)]
    pub fn set(&self, epoch: Epoch, is_solo: bool) {
        let flag = if is_solo { Present::SOLO } else { 0 };
        self.0.store(Present::new(epoch).0 | flag, Relaxed);
    }

    /// The thread steps on by one, which its time has room for. A request to step on is met by this.
    #[inline(always)]
    pub fn step(&self) {
        // The time is in the lowest bits.
        self.0.store((self.0.load(Relaxed) + 1) & !Present::ASKED, Relaxed);
    }

    /// The thread is not alone any more.
    pub fn end_solo(&self) {
        self.0.fetch_and(!Present::SOLO, Relaxed);
    }

    /// Asks the thread to step on before it does more: what it did so far ends with the step that is returned.
    pub fn ask(&self) -> Epoch {
        Present(self.0.fetch_or(Present::ASKED, Relaxed)).epoch()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccessKind;
    use crate::clock::{Slot, Time};

    #[test]
    fn no_word_is_like_the_step_of_who_has_something_else_to_do() {
        let epoch = Epoch::new(Slot::new(3), Time::new(5));
        let asked = Present::from_bits(Present::new(epoch).bits() | Present::ASKED);
        for kind in AccessKind::ALL {
            let open = Word::new(epoch, kind, Mask::ALL);
            let locked = |word: Word| Word::from_bits(word.bits() | Word::LOCKED);
            for word in [Word::EMPTY, open, open.listed(), locked(Word::EMPTY), locked(open), locked(open.listed())] {
                for writes in [false, true] {
                    let is_like = |present| word.repeats_plainly(present, Mask(1), writes);
                    assert!(!is_like(asked) && !is_like(Present::UNKNOWN));
                }
            }
        }
    }

    #[test]
    fn an_access_keeps_its_kind_and_bytes_whoever_makes_it() {
        let known = Present::new(Epoch::new(Slot::new(3), Time::new(5)));
        let asked = Present::from_bits(known.bits() | Present::ASKED);
        for (mask, writes) in
            [Mask(0x01), Mask(0x30), Mask::ALL].into_iter().flat_map(|mask| [(mask, false), (mask, true)])
        {
            let kind = if writes { AccessKind::Write } else { AccessKind::Read };
            for present in [known, asked, Present::UNKNOWN] {
                let wanted = Word::plain(present, mask, writes);
                assert_eq!((wanted.mask(), wanted.kind(), wanted.is_of_no_step()), (mask, kind, present != known));
            }
        }
    }

    #[test]
    fn flags_come_and_go_by_themselves() {
        let (epoch, next) = (Epoch::new(Slot::new(3), Time::new(5)), Epoch::new(Slot::new(3), Time::new(6)));
        let present = AtomicPresent::unknown();
        present.end_solo();
        assert!(!present.get().is_known() && !present.get().is_plain());
        let flags = || {
            let now = present.get();
            (now.epoch(), now.is_solo(), now.is_asked(), now.is_plain())
        };
        present.set(epoch, true);
        assert_eq!(flags(), (epoch, true, false, false));
        present.end_solo();
        assert_eq!(flags(), (epoch, false, false, true));
        present.set(epoch, true);
        assert_eq!(present.ask(), epoch);
        assert_eq!(flags(), (epoch, true, true, false));
        present.end_solo();
        assert_eq!(flags(), (epoch, false, true, false));
        present.step();
        assert_eq!(flags(), (next, false, false, true), "the request is met");
        present.set(epoch, true);
        present.step();
        assert_eq!(flags(), (next, true, false, false));
        present.ask();
        present.set(epoch, false);
        assert_eq!(flags(), (epoch, false, false, true), "the request is met");
    }
}
