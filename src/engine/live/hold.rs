//! Locks without guards, held by threads that the engine knows by number.

use race_rt::report::gather;
use race_rt::report::model::Fatal;
use race_rt::thread::{ThreadId, context, current, holds, unwind};

use super::{HERE, with};

pub(crate) use race_rt::report::model::LockKind;
pub(crate) use race_rt::sys::tasks::is_alone;

/// One lock's being held.
#[derive(Clone, Debug)]
pub(crate) struct Hold(holds::Hold);

impl Hold {
    /// The running thread has locked what lies at `lock`. `None` when the engine does not work for it.
    pub(crate) fn begin(lock: usize, kind: LockKind) -> Option<Hold> {
        let hold = with(|thread| {
            let stack = thread.site(HERE);
            thread.hold(lock, kind, stack)
        })?;
        Some(Hold(hold))
    }

    /// Who locked.
    pub(crate) fn thread(&self) -> u32 {
        self.0.thread().0
    }

    /// The lock was unlocked, by whichever thread.
    pub(crate) fn end(&self) {
        self.0.end();
    }

    /// Whether the lock was unlocked.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// In which way it was locked.
    pub(crate) fn kind(&self) -> LockKind {
        self.0.kind()
    }
}

/// The running thread's number. `None` when the engine does not work for it.
pub(crate) fn running() -> Option<u32> {
    let ThreadId(number) = with(|thread| thread.id())?;
    Some(number)
}

/// Runs what the crate does with memory that passes between threads that are not ordered.
pub(crate) fn at_work<R>(action: impl FnOnce() -> R) -> R {
    let _inside = current::enter();
    action()
}

/// Says what makes it impossible to go on, and where what is `locked` was, and ends the process.
pub(crate) fn fatal(message: &str, locked: Option<&Hold>) -> ! {
    let here = with(|thread| thread.site(HERE)).unwrap_or_else(unwind::site);
    let locked = locked.map(|hold| context::stack(hold.0.stack()));
    gather::fatal(&Fatal { message: message.into(), stack: context::stack(here), locked })
}
