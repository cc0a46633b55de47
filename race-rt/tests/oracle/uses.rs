//! What lanes may do with the objects that have a contract, and what comes of it.
//!
//! When an operation may happen so is told in [`crate::objects`].

use crate::execution::{Lane, Object};

/// What a lane does with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A mutex that is free is locked.
    Lock(Object),
    /// An attempt to lock a mutex fails.
    TryLock(Object),
    /// A mutex is unlocked.
    Unlock(Object),
    /// A mutex is unlocked by a panic, which poisons it.
    PoisonMutex(Object),
    /// A mutex is unlocked and its condition waited for.
    Wait(Object),
    /// Whoever waits for the condition of a mutex is to lock it again.
    Notify(Object),
    /// A lock is taken for reading.
    ReadLock(Object),
    /// An attempt to take a lock for reading fails.
    TryReadLock(Object),
    /// A reader gives its lock back.
    ReadUnlock(Object),
    /// A lock is taken for writing.
    WriteLock(Object),
    /// An attempt to take a lock for writing fails.
    TryWriteLock(Object),
    /// A writer gives its lock back.
    WriteUnlock(Object),
    /// A writer gives its lock back by a panic, which poisons it.
    PoisonLock(Object),
    /// A writer goes on as a reader.
    Downgrade(Object),
    /// The initialiser of a once begins.
    BeginOnce(Object),
    /// The initialiser of a once ends.
    EndOnce(Object),
    /// The initialiser of a once panics, for which nobody waits. There may be another.
    BreakOnce(Object),
    /// A once that has its initialiser already is called.
    CallOnce(Object),
    /// A once is asked whether it has its initialiser, which may be at work.
    LookAtOnce(Object),
    /// A barrier is reached.
    Arrive(Object),
    /// Things are to be done for a group that has none.
    Open(Object, usize),
    /// More things are to be done.
    Add(Object, usize),
    /// One thing is done.
    Done(Object),
    /// A group's things are waited for.
    WaitForGroup(Object),
    /// Permits of a weighted semaphore are taken.
    Take(Object, usize),
    /// An attempt to take permits fails.
    TryTake(Object, usize),
    /// Permits are given back.
    GiveBack(Object, usize),
    /// A message is sent, or refused by a channel that is closed.
    Send(Object),
    /// An attempt to send finds no room.
    TrySend(Object),
    /// A message, or the end of the channel, is received.
    Receive(Object),
    /// An attempt to receive finds nothing.
    TryReceive(Object),
    /// A channel is closed.
    Close(Object),
    /// A channel that is closed is closed.
    CloseAgain(Object),
    /// A select of a send, which is possible, and something that is not.
    SelectSend(Object, Arm),
    /// A select of a receive, which is possible, and something that is not.
    SelectReceive(Object, Arm),
    /// A select of two operations that are not possible yet.
    SelectWait(Arm, Arm),
    /// A select of two operations that are not possible, and gives up.
    TrySelect(Arm, Arm),
    /// A semaphore of the C library is waited for.
    WaitForPost(Object),
    /// A semaphore of the C library is posted.
    Post(Object),
}

/// One of the operations of a select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The channel.
    pub channel: Object,
    /// Whether it is a send; else it is a receive.
    pub sends: bool,
}

impl Use {
    /// The operations that wait together where this one waits: more than one for a select.
    pub fn arms(self) -> Vec<Arm> {
        match self {
            Use::Send(channel) => vec![Arm { channel, sends: true }],
            Use::Receive(channel) => vec![Arm { channel, sends: false }],
            Use::SelectWait(one, other) => vec![one, other],
            _ => Vec::new(),
        }
    }
}

/// What comes of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// It waits.
    pub waits: bool,
    /// Whose operations, which waited, take place by it.
    pub woken: Vec<Lane>,
}

impl Effect {
    /// The lane waits.
    pub fn waiting() -> Effect {
        Effect { waits: true, woken: Vec::new() }
    }

    /// These go on by it.
    pub fn waking(lanes: impl IntoIterator<Item = Lane>) -> Effect {
        Effect { waits: false, woken: lanes.into_iter().collect() }
    }
}
