//! The atomic variables that a thread comes back to, with all that it needs to operate on one of them again: its own entry
//! in the granule ([`own_entry`](crate::shadow::own_entry)), the variable's cell, and the call stack from which it did so last.
//!
//! Direct-mapped: a variable that another one has pushed out is one that the thread meets for the first time. Only one that it
//! has met a few times since is looked into, so that who goes round many variables pays next to nothing.

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

impl OwnVariable {
    const fn of(key: Key) -> OwnVariable {
        OwnVariable { key, entry: None, cell: None, site: NodeId::ROOT, visits: 0 }
    }
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
    fn index(self) -> usize {
        ((self.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - OwnVariables::BITS)) as usize
    }
}

/// What a thread remembers.
#[derive(Debug)]
pub struct OwnVariables {
    /// `None` until something is remembered: tasks at rest have none.
    variables: Option<Box<[OwnVariable; OwnVariables::SIZE]>>,
}

impl OwnVariables {
    const BITS: u32 = 6;
    const SIZE: usize = 1 << OwnVariables::BITS;

    /// Nothing is remembered.
    pub const NONE: OwnVariables = OwnVariables { variables: None };

    /// What is remembered of the variable.
    #[inline(always)]
    pub fn get(&self, address: usize, size: usize, kind: AccessKind) -> Option<&OwnVariable> {
        let key = Key::of(address, size, kind);
        let variable = &self.variables.as_ref()?[key.index()];
        (variable.key == key).then_some(variable)
    }

    /// The same, to go on from.
    #[inline(always)]
    pub fn get_mut(&mut self, address: usize, size: usize, kind: AccessKind) -> Option<&mut OwnVariable> {
        let key = Key::of(address, size, kind);
        let variable = &mut self.variables.as_mut()?[key.index()];
        (variable.key == key).then_some(variable)
    }

    /// The thread records an operation on the variable without knowing where its entry is. Says whether it pays to look.
    #[inline]
    pub fn visit(&mut self, address: usize, size: usize, kind: AccessKind) -> bool {
        const FEW: u32 = 2;
        let (key, nothing) = (Key::of(address, size, kind), OwnVariable::of(Key::NONE));
        let variables = self.variables.get_or_insert_with(|| Box::new([nothing; OwnVariables::SIZE]));
        let variable = &mut variables[key.index()];
        if variable.key != key {
            (variable.key, variable.entry, variable.visits) = (key, None, 0);
        }
        variable.visits = variable.visits.saturating_add(1);
        variable.visits > FEW
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
        if let Some(variables) = &mut self.variables {
            let variable = &mut variables[key.index()];
            *variable = OwnVariable { entry, cell, visits: variable.visits, ..OwnVariable::of(key) };
        }
    }
}
