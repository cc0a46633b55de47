//! What an access does to memory, and which accesses may not meet.
//!
//! Two accesses conflict when one of them writes, unless both are atomic or both are volatile. An access subsumes an
//! earlier one that happens before it when whatever conflicts with the earlier conflicts with it too: only then may
//! the earlier be forgotten.

/// What an access does to memory, as far as races are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessKind {
    /// A plain load.
    Read,
    /// A plain store.
    Write,
    /// An atomic load, or an atomic operation that turned out not to store.
    AtomicRead,
    /// An atomic store or read-modify-write.
    AtomicWrite,
    /// A volatile load.
    VolatileRead,
    /// A volatile store.
    VolatileWrite,
    /// A block came from the allocator: a write of all of it.
    Allocate,
    /// A block went back to the allocator: a write of all of it.
    Free,
}

impl AccessKind {
    /// Every kind.
    pub const ALL: [AccessKind; 8] = [
        AccessKind::Read,
        AccessKind::Write,
        AccessKind::AtomicRead,
        AccessKind::AtomicWrite,
        AccessKind::VolatileRead,
        AccessKind::VolatileWrite,
        AccessKind::Allocate,
        AccessKind::Free,
    ];

    /// Whether memory changes.
    #[inline]
    pub const fn writes(self) -> bool {
        !matches!(self, AccessKind::Read | AccessKind::AtomicRead | AccessKind::VolatileRead)
    }

    /// Whether the access is atomic.
    #[inline]
    pub const fn is_atomic(self) -> bool {
        matches!(self, AccessKind::AtomicRead | AccessKind::AtomicWrite)
    }

    /// Whether the access is volatile.
    #[inline]
    pub const fn is_volatile(self) -> bool {
        matches!(self, AccessKind::VolatileRead | AccessKind::VolatileWrite)
    }

    /// Whether the two, unordered and on one byte, are a race.
    #[inline]
    pub const fn conflicts_with(self, other: AccessKind) -> bool {
        (self.writes() || other.writes())
            && !(self.is_atomic() && other.is_atomic())
            && !(self.is_volatile() && other.is_volatile())
    }

    /// Whether all that conflicts with `earlier` conflicts with `self`.
    #[inline]
    pub const fn subsumes(self, earlier: AccessKind) -> bool {
        let same_way = self.is_atomic() == earlier.is_atomic() && self.is_volatile() == earlier.is_volatile();
        let plain = !self.is_atomic() && !self.is_volatile();
        (same_way || plain) && (self.writes() || !earlier.writes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsuming_is_what_its_definition_says() {
        for later in AccessKind::ALL {
            for earlier in AccessKind::ALL {
                let by_definition =
                    AccessKind::ALL.iter().all(|any| !earlier.conflicts_with(*any) || later.conflicts_with(*any));
                assert_eq!(later.subsumes(earlier), by_definition, "{later:?} over {earlier:?}");
            }
        }
    }

    #[test]
    fn conflicts_are_mutual() {
        for one in AccessKind::ALL {
            for other in AccessKind::ALL {
                assert_eq!(one.conflicts_with(other), other.conflicts_with(one));
            }
        }
        assert!(!AccessKind::AtomicWrite.conflicts_with(AccessKind::AtomicRead));
        assert!(!AccessKind::VolatileWrite.conflicts_with(AccessKind::VolatileWrite));
        assert!(AccessKind::VolatileWrite.conflicts_with(AccessKind::AtomicRead));
        assert!(AccessKind::Read.conflicts_with(AccessKind::AtomicWrite));
    }
}
