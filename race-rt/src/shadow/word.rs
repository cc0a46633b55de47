//! The packed shadow word: one access to the bytes of one granule.
//!
//! ```text
//! bits  0..51  epoch (time, slot)
//! bit   51     LOCKED    a thread is at work on the granule
//! bit   52     LISTED    the granule has more entries than this
//! bit   53     PLAIN     not atomic and not volatile
//! bit   54     WRITE
//! bit   55     VOLATILE
//! bits 56..64  mask      one bit for each byte accessed
//! ```
//!
//! Zero is a granule that nobody accessed.

use super::present::Present;
use crate::access::AccessKind;
use crate::clock::Epoch;

/// The bytes of a granule that an access touches, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mask(pub u8);

impl Mask {
    /// All eight bytes.
    pub const ALL: Mask = Mask(0xff);
    /// No byte.
    pub const NONE: Mask = Mask(0);

    /// `size` bytes (1 to 8) from the one at `address` on; bytes beyond the granule are cut off.
    #[inline(always)]
    pub const fn new(address: usize, size: usize) -> Mask {
        Mask((((1u16 << size) - 1) << (address & 7)) as u8)
    }

    /// The bytes of a granule from the one at `address` on.
    #[inline(always)]
    pub const fn from(address: usize) -> Mask {
        Mask(0xff << (address & 7))
    }

    /// The bytes of a granule up to the one at `address`, that one included.
    #[inline(always)]
    pub const fn up_to(address: usize) -> Mask {
        Mask(0xff >> (7 - (address & 7)))
    }

    /// Those of the bytes that `other` has not.
    #[inline(always)]
    pub const fn without(self, other: Mask) -> Mask {
        Mask(self.0 & !other.0)
    }

    /// The bytes of both.
    #[inline(always)]
    pub const fn and(self, other: Mask) -> Mask {
        Mask(self.0 | other.0)
    }

    /// Whether the two have a byte in common.
    #[inline(always)]
    pub const fn meets(self, other: Mask) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other`'s bytes are in `self`.
    #[inline(always)]
    pub const fn covers(self, other: Mask) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A table with, for the bits of each `$kind`, one bit for each `$other` of which `$holds`. A macro, since a constant cannot
/// be made by a closure.
macro_rules! kinds_by_kind {
    ($kind:ident, $other:ident => $holds:expr) => {{
        let mut table = [0; 8];
        let mut bits = 0;
        while bits < 8 {
            let $kind = Word((bits as u64) << Word::KIND_SHIFT).kind();
            let mut index = 0;
            while index < AccessKind::ALL.len() {
                let $other = AccessKind::ALL[index];
                if $holds {
                    table[bits] |= 1 << $other as u8;
                }
                index += 1;
            }
            bits += 1;
        }
        table
    }};
}

/// One access, packed.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Word(u64);

impl Word {
    /// Nothing.
    pub const EMPTY: Word = Word(0);
    /// A thread is at work on the granule.
    pub const LOCKED: u64 = 1 << 51;
    /// The granule has another entry, or a list of them of which this is the newest.
    pub const LISTED: u64 = 1 << 52;
    const PLAIN: u64 = 1 << 53;
    const WRITE: u64 = 1 << 54;
    const VOLATILE: u64 = 1 << 55;
    const KIND_SHIFT: u32 = 53;
    const KIND: u64 = Word::PLAIN | Word::WRITE | Word::VOLATILE;
    const MASK_SHIFT: u32 = 56;

    /// Packs an access.
    #[inline(always)]
    pub const fn new(epoch: Epoch, kind: AccessKind, mask: Mask) -> Word {
        Word(epoch.bits() | Word::kind_bits(kind) | ((mask.0 as u64) << Word::MASK_SHIFT))
    }

    /// A plain load of `mask`, or a store if it `writes`, in the `present` step of a thread that is not alone.
    #[inline(always)]
    pub const fn plain(present: Present, mask: Mask, writes: bool) -> Word {
        Word(present.bits() & Word::compared(mask, writes))
    }

    /// Whether it is none that a thread has made: the one that [`Word::plain`] makes of a thread that has something else to do
    /// first.
    #[inline(always)]
    pub const fn is_of_no_step(self) -> bool {
        self.0 & Epoch::UNUSED != 0
    }

    /// The bits that count when such an access is compared with a present step.
    #[inline(always)]
    pub(crate) const fn compared(mask: Mask, writes: bool) -> u64 {
        Word::plain_bits(mask, writes) | Epoch::MASK
    }

    /// The word with these bits.
    #[inline(always)]
    pub const fn from_bits(bits: u64) -> Word {
        Word(bits)
    }

    /// The packed bits.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    const fn kind_bits(kind: AccessKind) -> u64 {
        match kind {
            AccessKind::AtomicRead => 0,
            AccessKind::AtomicWrite => Word::WRITE,
            AccessKind::Read => Word::PLAIN,
            AccessKind::Write => Word::PLAIN | Word::WRITE,
            AccessKind::VolatileRead => Word::VOLATILE,
            AccessKind::VolatileWrite => Word::VOLATILE | Word::WRITE,
            // So that to its owner a new block is one that was written.
            AccessKind::Allocate => Word::PLAIN | Word::WRITE | Word::VOLATILE,
            AccessKind::Free => Word::PLAIN | Word::VOLATILE,
        }
    }

    /// What kind of access it was.
    pub const fn kind(self) -> AccessKind {
        const PLAIN_WRITE: u64 = Word::PLAIN | Word::WRITE;
        const VOLATILE_WRITE: u64 = Word::VOLATILE | Word::WRITE;
        const FREE: u64 = Word::PLAIN | Word::VOLATILE;
        match self.0 & Word::KIND {
            0 => AccessKind::AtomicRead,
            Word::WRITE => AccessKind::AtomicWrite,
            Word::PLAIN => AccessKind::Read,
            PLAIN_WRITE => AccessKind::Write,
            Word::VOLATILE => AccessKind::VolatileRead,
            VOLATILE_WRITE => AccessKind::VolatileWrite,
            FREE => AccessKind::Free,
            _ => AccessKind::Allocate,
        }
    }

    /// When and by whom.
    #[inline(always)]
    pub const fn epoch(self) -> Epoch {
        Epoch::from_bits(self.0)
    }

    /// Which bytes.
    #[inline(always)]
    pub const fn mask(self) -> Mask {
        Mask((self.0 >> Word::MASK_SHIFT) as u8)
    }

    /// Whether a thread is at work on the granule.
    #[inline(always)]
    pub const fn is_locked(self) -> bool {
        self.0 & Word::LOCKED != 0
    }

    /// Whether the granule has more entries than this.
    #[inline(always)]
    pub const fn is_listed(self) -> bool {
        self.0 & Word::LISTED != 0
    }

    /// The access as that of the newest of several entries.
    #[inline(always)]
    pub const fn listed(self) -> Word {
        Word(self.0 | Word::LISTED)
    }

    /// The word without its flags: the access alone.
    #[inline(always)]
    pub const fn access(self) -> Word {
        Word(self.0 & !(Word::LOCKED | Word::LISTED))
    }

    /// The same access to fewer bytes.
    #[inline(always)]
    pub const fn without(self, mask: Mask) -> Word {
        Word(self.0 & !((mask.0 as u64) << Word::MASK_SHIFT))
    }

    /// The access, if it is one to any byte, or nothing.
    #[inline(always)]
    pub const fn or_empty(self) -> Word {
        if self.0 >> Word::MASK_SHIFT == 0 { Word::EMPTY } else { self }
    }

    /// The same access to more bytes.
    #[inline(always)]
    pub const fn with(self, mask: Mask) -> Word {
        Word(self.0 | ((mask.0 as u64) << Word::MASK_SHIFT))
    }

    /// The same access in another step.
    #[inline(always)]
    pub const fn in_step(self, epoch: Epoch) -> Word {
        Word(self.access().0 & !Epoch::MASK | epoch.bits())
    }

    /// Whether it was atomic.
    #[inline(always)]
    pub const fn is_atomic(self) -> bool {
        self.0 & (Word::PLAIN | Word::VOLATILE) == 0
    }

    /// Whether the two differ in their times at most: the same slot's access of the same kind to the same bytes.
    #[inline]
    pub const fn is_same_access(self, other: Word) -> bool {
        const TIME: u64 = (1 << Epoch::TIME_BITS) - 1;
        (self.access().0 ^ other.access().0) & !TIME == 0
    }

    /// Whether the two accesses differ in their bytes at most. Flags count.
    #[inline(always)]
    pub const fn is_alike(self, other: Word) -> bool {
        (self.0 ^ other.0) << (64 - Word::MASK_SHIFT) == 0
    }

    /// Whether this is of the slot of `present`, which has an epoch in its low bits, and of another step.
    #[inline(always)]
    pub const fn is_of_other_step(self, present: u64) -> bool {
        let unlike = (self.0 ^ present) & Epoch::MASK;
        // One comparison: zero becomes the largest number.
        unlike.wrapping_sub(1) < (1 << Epoch::TIME_BITS) - 1
    }

    /// Whether this is the same access as `present`, made by the same slot at an earlier time, or at the same one.
    #[inline(always)]
    pub const fn is_same_before(self, present: Word) -> bool {
        (present.0 ^ self.0) >> Epoch::TIME_BITS == 0 && self.0 <= present.0
    }

    /// The two-instruction question of the hot path: does this access make a plain load of `mask` in the `present` step
    /// pointless, or a store if it `writes`?
    #[inline(always)]
    pub const fn repeats_plainly(self, present: Present, mask: Mask, writes: bool) -> bool {
        self.unlike_plain(present, mask, writes) == 0
    }

    /// In what the word differs from an access that makes such a one pointless; zero if in nothing. For runs of granules,
    /// whose differences add up.
    #[inline(always)]
    pub const fn unlike_plain(self, present: Present, mask: Mask, writes: bool) -> u64 {
        (self.0 ^ present.bits()) & Word::compared(mask, writes)
    }

    /// [`Word::repeats_plainly`] for an access as [`Word::plain`] makes it.
    #[inline(always)]
    pub const fn repeats_wanted(self, wanted: Word) -> bool {
        self.0 & (wanted.0 | Epoch::MASK) == wanted.0
    }

    /// What a word of such an access has beside its step.
    #[inline(always)]
    pub(super) const fn plain_bits(mask: Mask, writes: bool) -> u64 {
        (mask.0 as u64) << Word::MASK_SHIFT | if writes { Word::PLAIN | Word::WRITE } else { Word::PLAIN }
    }

    /// The bytes on which this access makes recording `kind` in `epoch` pointless.
    #[inline(always)]
    pub const fn bytes_repeated(self, epoch: Epoch, kind: AccessKind) -> Mask {
        if self.repeats(epoch, kind, Mask::NONE) { self.mask() } else { Mask::NONE }
    }

    /// Whether this access, made in the same epoch, makes recording `kind` on `mask` pointless.
    #[inline(always)]
    pub const fn repeats(self, epoch: Epoch, kind: AccessKind, mask: Mask) -> bool {
        let bytes = (mask.0 as u64) << Word::MASK_SHIFT;
        let repeats = self.0 & (bytes | Epoch::MASK) == epoch.bits() | bytes && self.has(kind, &Word::SUBSUMED);
        debug_assert!(
            repeats == (self.epoch().bits() == epoch.bits() && self.mask().covers(mask) && self.kind().subsumes(kind))
        );
        repeats
    }

    /// Whether an access of `kind` conflicts with this one, without a look at the kinds themselves.
    #[inline(always)]
    pub const fn conflicts_with(self, kind: AccessKind) -> bool {
        // Known at once where the kind is known when this is compiled.
        matches!(kind, AccessKind::Write) || self.has(kind, &Word::CONFLICTING)
    }

    /// Whether an access of `kind` subsumes this one, likewise.
    #[inline(always)]
    pub const fn is_subsumed_by(self, kind: AccessKind) -> bool {
        matches!(kind, AccessKind::Write) || self.has(kind, &Word::SUBSUMING)
    }

    #[inline(always)]
    const fn has(self, kind: AccessKind, table: &[u8; 8]) -> bool {
        table[((self.0 & Word::KIND) >> Word::KIND_SHIFT) as usize] & (1 << kind as u8) != 0
    }

    /// By the bits of a kind: the kinds that conflict with it, one bit each.
    const CONFLICTING: [u8; 8] = kinds_by_kind!(kind, other => other.conflicts_with(kind));
    /// By the bits of a kind: the kinds that subsume it, one bit each.
    const SUBSUMING: [u8; 8] = kinds_by_kind!(kind, other => other.subsumes(kind));
    /// By the bits of a kind: the kinds it subsumes, one bit each.
    const SUBSUMED: [u8; 8] = kinds_by_kind!(kind, other => kind.subsumes(other));
}

impl std::fmt::Debug for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let flags = [(Word::LOCKED, " locked"), (Word::LISTED, " listed")];
        write!(f, "{:?} {:?} {:#04x}", self.epoch(), self.kind(), self.mask().0)?;
        flags.iter().filter(|(bit, _)| self.0 & bit != 0).try_for_each(|(_, name)| f.write_str(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Slot, Time};

    #[test]
    fn packing_keeps_all_parts() {
        let epoch = Epoch::new(Slot::new(300), Time::new(1 << 30));
        for kind in AccessKind::ALL {
            let word = Word::new(epoch, kind, Mask(0x3c));
            assert_eq!((word.epoch(), word.kind(), word.mask()), (epoch, kind, Mask(0x3c)));
            assert!(!word.is_locked() && !word.is_listed());
            assert_eq!(Word::from_bits(word.bits() | Word::LOCKED | Word::LISTED).access(), word);
            assert_eq!(word.with(Mask(0xc0)).without(Mask(0x3c)).mask(), Mask(0xc0));
        }
    }

    #[test]
    fn the_same_access_before_is_that_of_the_same_slot() {
        let word = |slot, time, kind, mask| Word::new(Epoch::new(Slot::new(slot), Time::new(time)), kind, Mask(mask));
        let present = word(1, 3, AccessKind::Write, 0x0f);
        for time in [1, 3] {
            assert!(word(1, time, AccessKind::Write, 0x0f).is_same_before(present));
            assert!(!word(0, time + 4, AccessKind::Write, 0x0f).is_same_before(present), "another slot");
            assert!(!word(2, time, AccessKind::Write, 0x0f).is_same_before(present), "another slot");
            assert!(!word(1, time, AccessKind::Read, 0x0f).is_same_before(present), "another kind");
            assert!(!word(1, time, AccessKind::Write, 0x0e).is_same_before(present), "other bytes");
            let flagged = |flag| Word::from_bits(word(1, time, AccessKind::Write, 0x0f).bits() | flag);
            assert!(!flagged(Word::LOCKED).is_same_before(present) && !flagged(Word::LISTED).is_same_before(present));
        }
        assert!(!word(1, 4, AccessKind::Write, 0x0f).is_same_before(present), "a later time");
        assert!(!Word::EMPTY.is_same_before(present));
    }

    #[test]
    fn the_quick_questions_equal_the_plain_one() {
        let (epoch, other) = (Epoch::new(Slot::new(1), Time::new(5)), Epoch::new(Slot::new(1), Time::new(6)));
        for kind in AccessKind::ALL {
            for mask in [0x0f, 0xff, 0xf0, 0x01] {
                let word = Word::new(epoch, kind, Mask(mask));
                for asked in AccessKind::ALL {
                    assert_eq!(word.conflicts_with(asked), asked.conflicts_with(kind));
                    assert_eq!(word.is_subsumed_by(asked), asked.subsumes(kind));
                    // Checked against the plain formula inside.
                    assert!(!word.repeats(other, asked, Mask(0x01)));
                    let _ = word.repeats(epoch, asked, Mask(0x0f));
                }
                let asked = Mask(0x0f);
                let of_other =
                    [epoch, other, Epoch::new(Slot::new(0), Time::new(5)), Epoch::new(Slot::new(0), Time::new(6))]
                        .map(|present| word.is_of_other_step(present.bits() | 1 << 63));
                assert_eq!(of_other, [false, true, false, false]);
                let present = Present::new(epoch);
                assert_eq!(word.repeats_plainly(present, asked, false), word.repeats(epoch, AccessKind::Read, asked));
                // A block that its owner has freed and writes to is left to the long way.
                let write = word.repeats(epoch, AccessKind::Write, asked) && kind != AccessKind::Free;
                assert_eq!(word.repeats_plainly(present, asked, true), write);
                for (epoch, writes) in [epoch, other].into_iter().flat_map(|epoch| [(epoch, false), (epoch, true)]) {
                    let present = Present::new(epoch);
                    let wanted = Word::plain(present, asked, writes);
                    assert_eq!(word.repeats_wanted(wanted), word.repeats_plainly(present, asked, writes));
                }
                let bytes = AccessKind::ALL.map(|asked| word.bytes_repeated(epoch, asked));
                let all = AccessKind::ALL.map(|asked| if kind.subsumes(asked) { Mask(mask) } else { Mask::NONE });
                assert_eq!(bytes, all);
                assert!(
                    !word.repeats_plainly(Present::new(other), asked, false)
                        && !word.repeats_plainly(Present::new(other), asked, true)
                );
            }
        }
    }
}
