//! The atomic variables that a thread comes back to, with all that it needs to operate on one of them again: its own entry
//! in the granule ([`own_entry`](crate::shadow::own_entry)), the variable's cell, and the call from which it did so last.
//!
//! Direct-mapped: a variable that another one has pushed out is one that the thread meets for the first time.

use super::atomic_cell::AtomicCell;
use crate::access::AccessKind;
use crate::report::model::Pc;
use crate::shadow::own_entry::OwnEntry;
use crate::thread::context::NodeId;

/// What a thread remembers of one variable and one kind of access to it.
#[derive(Clone, Copy, Debug)]
pub struct OwnVariable {
    key: Key,
    /// `None` when the thread has operated on the variable and does not know where its entry is, if it is there.
    pub entry: Option<OwnEntry>,
    /// While the entry is current: the variable's cell, if it has one.
    pub cell: Option<&'static AtomicCell>,
    /// From where the entry is.
    pub call: Call,
}

/// A call from a function with this stack, which returns to there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The calling function's stack; that of none is no call's.
    pub caller: NodeId,
    /// Where to.
    pub pc: Pc,
}

impl Call {
    /// No call that is asked for.
    pub const NONE: Call = Call { caller: NodeId::ROOT, pc: Pc(0) };
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

/// Where a variable is in [`OwnVariables`].
#[derive(Clone, Copy, Debug)]
pub struct OwnIndex(usize);

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

    /// Where the variable is, if it is remembered.
    #[inline(always)]
    pub fn find(&self, address: usize, size: usize, kind: AccessKind) -> Option<OwnIndex> {
        let key = Key::of(address, size, kind);
        let index = key.index();
        (self.variables.as_ref()?[index].key == key).then_some(OwnIndex(index))
    }

    /// What is remembered there.
    #[inline(always)]
    pub fn at(&self, index: OwnIndex) -> Option<&OwnVariable> {
        self.variables.as_ref().map(|variables| &variables[index.0 % OwnVariables::SIZE])
    }

    /// The entry there is from that call now.
    pub fn set_call(&mut self, OwnIndex(index): OwnIndex, call: Call) {
        if let Some(variables) = &mut self.variables {
            variables[index].call = call;
        }
    }

    /// Remembers a variable.
    pub fn remember(
        &mut self,
        address: usize,
        size: usize,
        kind: AccessKind,
        entry: Option<OwnEntry>,
        cell: Option<&'static AtomicCell>,
    ) {
        let nothing = OwnVariable { key: Key::NONE, entry: None, cell: None, call: Call::NONE };
        let key = Key::of(address, size, kind);
        let variables = self.variables.get_or_insert_with(|| Box::new([nothing; OwnVariables::SIZE]));
        variables[key.index()] = OwnVariable { key, entry, cell, ..nothing };
    }
}
