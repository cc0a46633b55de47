//! What a report says, as data. Gathering fills it, a renderer prints it; neither knows the other.

use std::fmt::{self, Display};

use crate::access::AccessKind;
use crate::options::{Options, Perturb};
use crate::thread::ThreadId;

/// A return address in the program's code: the instruction after the call that made an access or entered a function.
///
/// Symbolise `address - 1`, which lies inside the call itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(transparent)]
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
    /// Whether it is a logical task.
    pub is_task: bool,
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockKind {
    /// A mutex: by one.
    Mutex,
    /// A reader-writer lock, beside other readers.
    Read,
    /// A reader-writer lock, alone.
    Write,
}

/// A lock that a thread held at an access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLock {
    /// Where the lock lies.
    pub address: usize,
    /// How it was held.
    pub kind: LockKind,
    /// From where it was locked.
    pub stack: Stack,
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
    /// Under which locks, in the order in which they were locked.
    pub held: Vec<HeldLock>,
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
    /// How the schedule was disturbed, if it was.
    pub schedule: Option<Schedule>,
}

/// What the pauses of a process are drawn from, as one writes it to ask for the same ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How much the schedule is disturbed.
    pub perturb: Perturb,
    /// What is drawn from.
    pub seed: u64,
}

impl Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.perturb != Options::default().perturb {
            write!(formatter, "perturb={} ", self.perturb)?;
        }
        write!(formatter, "seed={}", self.seed)
    }
}

/// A mistake after which the process cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    /// What is wrong, without a full stop.
    pub message: String,
    /// Where it happened.
    pub stack: Stack,
    /// Where the lock that it is about was locked, if that is part of the matter.
    pub locked: Option<Stack>,
}
