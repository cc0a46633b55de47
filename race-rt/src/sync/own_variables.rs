//! The atomic variables that a thread comes back to, with all that it needs to operate on one of them again: its own entry
//! in the granule ([`own_entry`](crate::shadow::own_entry)), the variable's cell, and the call stack from which it did so last.
//!
//! Direct-mapped: a variable that another one has pushed out is one that the thread meets for the first time. Only one that it
//! has met since is looked into, so that who meets many variables once pays next to nothing. Who goes round many of them, as
//! round the places of a queue, would find them pushed out each time: when many have been, there are more places.

use std::mem;

use super::atomic_cell::AtomicCell;
use crate::access::AccessKind;
use crate::shadow::own_entry::OwnEntry;
use crate::thread::context::NodeId;

/// What a thread remembers of one variable and one kind of access to it.
#[derive(Clone, Copy, Debug)]
pub struct OwnVariable {
    key: Key,
    /// `None` until the thread has looked for it.
    pub entry: Option<OwnEntry>,
    /// While the entry is current: the variable's cell, if it has one.
    pub cell: Option<&'static AtomicCell>,
    /// The call stack from which the thread operated on it last. So is the entry, once it is moved on.
    pub site: NodeId,
    /// How often the thread has recorded an operation without knowing where its entry is.
    visits: u32,
}

const _: () = assert!(size_of::<OwnVariable>() == 64);

impl OwnVariable {
    const NONE: OwnVariable = OwnVariable { key: Key::NONE, entry: None, cell: None, site: NodeId::ROOT, visits: 0 };
}

/// The variable's address and size, and whether it is stored to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key(usize);

impl Key {
    /// No variable's: addresses that atomics can have leave these bits.
    const NONE: Key = Key(0);

    #[inline(always)]
    fn of(address: usize, size: usize, kind: AccessKind) -> Key {
        debug_assert!(kind.is_atomic() && size <= 8);
        Key(address << 5 | size << 1 | usize::from(kind.writes()))
    }

    #[inline(always)]
    fn hash(self) -> u64 {
        (self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// What a thread remembers.
#[derive(Debug)]
pub struct OwnVariables {
    /// None until something is remembered: tasks at rest have none. Then a power of two.
    variables: Vec<OwnVariable>,
    /// How far a hash is shifted to be a place.
    shift: u32,
    /// How many variables have been pushed out since there are so many places.
    lost: u32,
}

impl OwnVariables {
    const FIRST_BITS: u32 = 6;
    /// 64 KiB.
    const MOST_BITS: u32 = 10;
    const MOST: usize = 1 << OwnVariables::MOST_BITS;
    const GROWTH_BITS: u32 = 2;
    /// For each place so many are pushed out before there are more.
    const LOST_BEFORE_GROWTH: usize = 4;

    /// Nothing is remembered.
    pub const NONE: OwnVariables =
        OwnVariables { variables: Vec::new(), shift: u64::BITS - OwnVariables::FIRST_BITS, lost: 0 };

    #[inline(always)]
    fn place_of(&mut self, key: Key) -> Option<&mut OwnVariable> {
        self.variables.get_mut((key.hash() >> self.shift) as usize)
    }

    /// What is remembered of the variable.
    #[inline(always)]
    pub fn get(&self, address: usize, size: usize, kind: AccessKind) -> Option<&OwnVariable> {
        let key = Key::of(address, size, kind);
        let variable = self.variables.get((key.hash() >> self.shift) as usize)?;
        (variable.key == key).then_some(variable)
    }

    /// The same, to go on from.
    #[inline(always)]
    pub fn get_mut(&mut self, address: usize, size: usize, kind: AccessKind) -> Option<&mut OwnVariable> {
        let key = Key::of(address, size, kind);
        let variable = self.place_of(key)?;
        (variable.key == key).then_some(variable)
    }

    /// The thread records an operation on the variable without knowing where its entry is. Says whether it pays to look.
    #[inline]
    pub fn visit(&mut self, address: usize, size: usize, kind: AccessKind) -> bool {
        const FEW: u32 = 1;
        let key = Key::of(address, size, kind);
        let Some(variable) = self.place_of(key) else {
            self.grow();
            return false;
        };
        if variable.key == key {
            variable.visits = variable.visits.saturating_add(1);
            return variable.visits > FEW;
        }
        let is_lost = variable.key != Key::NONE;
        *variable = OwnVariable { key, visits: 1, ..OwnVariable::NONE };
        if is_lost {
            self.lost = self.lost.saturating_add(1);
            let places = self.variables.len();
            if self.lost as usize > OwnVariables::LOST_BEFORE_GROWTH * places && places < OwnVariables::MOST {
                self.grow();
            }
        }
        false
    }

    /// There are more places, and what was remembered is.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let bits = match self.variables.len() {
            0 => OwnVariables::FIRST_BITS,
            places => (places.ilog2() + OwnVariables::GROWTH_BITS).min(OwnVariables::MOST_BITS),
        };
        let old = mem::replace(&mut self.variables, vec![OwnVariable::NONE; 1 << bits]);
        (self.shift, self.lost) = (u64::BITS - bits, 0);
        // Those that had different places have.
        for variable in old.into_iter().filter(|variable| variable.key != Key::NONE) {
            if let Some(place) = self.place_of(variable.key) {
                *place = variable;
            }
        }
    }

    /// The variable's entry is this one, if it is known at all, and its cell that one, if it has one.
    pub fn remember(
        &mut self,
        address: usize,
        size: usize,
        kind: AccessKind,
        entry: Option<OwnEntry>,
        cell: Option<&'static AtomicCell>,
    ) {
        let key = Key::of(address, size, kind);
        if let Some(variable) = self.place_of(key) {
            *variable = OwnVariable { key, entry, cell, site: NodeId::ROOT, visits: variable.visits };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many variables pay to be looked into, when the thread has gone round them often, and the places by then.
    fn known_after_rounds(variables: usize) -> (usize, usize) {
        let mut own = OwnVariables::NONE;
        let mut round = || {
            let addresses = (0..variables).map(|index| 0x7000_0000 + 64 * index);
            addresses.filter(|address| own.visit(*address, 8, AccessKind::AtomicWrite)).count()
        };
        let known = (0..100).map(|_| round()).last().unwrap_or_default();
        (known, own.variables.len())
    }

    #[test]
    fn who_goes_round_many_variables_comes_to_have_places_for_them() {
        let (known, places) = known_after_rounds(8);
        assert_eq!(places, 1 << OwnVariables::FIRST_BITS);
        assert!(known > 4);
        let (known, places) = known_after_rounds(256);
        assert_eq!(places, OwnVariables::MOST);
        assert!(known > 128);
        assert_eq!(known_after_rounds(100_000), (0, OwnVariables::MOST));
    }
}
