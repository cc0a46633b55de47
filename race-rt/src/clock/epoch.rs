//! The packed pair (slot, time): one step of one thread.
//!
//! Layout of the 51 bits, which the shadow word shares: `time` in bits 0..36, `slot` in bits 36..51. A slot is a
//! column of the vector clocks; threads that follow each other may share one. Time counts the slot's releases and
//! starts at 1, so that no valid epoch is zero, and leaves its uppermost bit free for who compares steps
//! ([`Present`](crate::shadow::Present)). 2^35 releases are an hour at ten million a second; a thread that exhausts them
//! moves on to another slot.

/// A column of the vector clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u16);

impl Slot {
    /// How many slots exist: 2^15.
    pub const LIMIT: usize = 1 << Epoch::SLOT_BITS;

    /// The slot with this index.
    ///
    /// # Panics
    /// In debug builds, when the index is not below [`Slot::LIMIT`].
    #[inline]
    pub const fn new(index: usize) -> Slot {
        debug_assert!(index < Slot::LIMIT);
        Slot(index as u16)
    }

    /// The index of the column.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A slot's own count of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(u64);

impl Time {
    /// Before anything a slot does: what everybody knows of it.
    pub const ZERO: Time = Time(0);
    /// The last time that an epoch can hold.
    pub const LAST: Time = Time(Epoch::UNUSED - 1);

    /// The time with this count.
    #[inline]
    pub const fn new(count: u64) -> Time {
        debug_assert!(count <= Time::LAST.0);
        Time(count)
    }

    /// The count of releases.
    #[inline]
    pub const fn count(self) -> u64 {
        self.0
    }

    /// The next time, or `None` when the slot is exhausted.
    #[inline]
    pub const fn next(self) -> Option<Time> {
        if self.0 == Time::LAST.0 { None } else { Some(Time(self.0 + 1)) }
    }
}

/// One step of one slot, packed into 51 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// Bits that hold the time.
    pub const TIME_BITS: u32 = 36;
    /// The uppermost bit of the time, which no step has.
    pub const UNUSED: u64 = 1 << (Epoch::TIME_BITS - 1);
    /// Bits that hold the slot.
    pub const SLOT_BITS: u32 = 15;
    /// All bits of an epoch.
    pub const MASK: u64 = (1 << (Epoch::TIME_BITS + Epoch::SLOT_BITS)) - 1;

    /// No step of any thread.
    pub const NONE: Epoch = Epoch(0);

    /// Packs a slot and a time.
    #[inline]
    pub const fn new(slot: Slot, time: Time) -> Epoch {
        Epoch(((slot.0 as u64) << Epoch::TIME_BITS) | time.0)
    }

    /// Takes the epoch out of a word that has it in its low 51 bits.
    #[inline]
    pub const fn from_bits(bits: u64) -> Epoch {
        Epoch(bits & Epoch::MASK)
    }

    /// The packed bits.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whose step.
    #[inline]
    pub const fn slot(self) -> Slot {
        Slot((self.0 >> Epoch::TIME_BITS) as u16)
    }

    /// Whether both are of one slot.
    #[inline(always)]
    pub const fn has_slot_of(self, other: Epoch) -> bool {
        (self.0 ^ other.0) >> Epoch::TIME_BITS == 0
    }

    /// Which step.
    #[inline]
    pub const fn time(self) -> Time {
        Time(self.0 & Time::LAST.0)
    }
}

impl std::fmt::Debug for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.time().0, self.slot().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_both_halves() {
        for slot in [0, 1, 77, Slot::LIMIT - 1] {
            for time in [0, 1, 1 << 20, Time::LAST.count()] {
                let epoch = Epoch::new(Slot::new(slot), Time::new(time));
                assert_eq!(epoch.slot().index(), slot);
                assert_eq!(epoch.time().count(), time);
                assert_eq!(Epoch::from_bits(epoch.bits() | (1 << 60)), epoch);
            }
        }
    }

    #[test]
    fn the_last_time_has_no_successor() {
        assert_eq!(Time::LAST.next(), None);
        assert_eq!(Time::ZERO.next(), Some(Time::new(1)));
    }
}
