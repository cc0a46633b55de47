//! What a report says, as data. Gathering fills it, a renderer prints it; neither knows the other.

use crate::access::AccessKind;
use crate::thread::ThreadId;

/// A return address in the program's code: the instruction after the call that made an access or entered a function.
///
/// Symbolise `address - 1`, which lies inside the call itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Pc(pub usize);

/// A call stack, innermost frame first.
pub type Stack = Vec<Pc>;

/// How a thread is named in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadLabel {
    /// The number that the report shows; the main thread is [`ThreadId::MAIN`].
    pub id: ThreadId,
    /// The name the program gave to the thread, if any.
    pub name: Option<String>,
}

/// One side of a race.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessSide {
    /// First address, in bytes, at which the two accesses meet.
    pub address: usize,
    /// What was done there.
    pub kind: AccessKind,
    /// Who did it.
    pub thread: ThreadLabel,
    /// From where.
    pub stack: Stack,
}

/// Where a thread of the report came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// The thread that was created.
    pub thread: ThreadLabel,
    /// Whether it has ended by the time of the report.
    pub finished: bool,
    /// The creator's whole stack at the spawn; empty when the thread was not seen to start.
    pub stack: Stack,
}

/// A data race: two accesses to one place, at least one of them a write, that nothing orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The access that completed the race.
    pub current: AccessSide,
    /// The one it races with.
    pub previous: AccessSide,
    /// A section for each thread of the report but the main thread, the current access's first.
    pub creations: Vec<Creation>,
}
