//! Locks without guards, as the runtime knows them.

use super::abi::{self, Handle};

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockKind {
    /// A mutex: by one.
    Mutex,
    /// A reader-writer lock, beside other readers.
    Read,
    /// A reader-writer lock, alone.
    Write,
}

/// One lock's being held.
#[derive(Debug)]
pub(crate) struct Hold {
    handle: Handle,
    kind: LockKind,
}

// SAFETY: it is counted by the runtime, which any thread may call.
unsafe impl Send for Hold {}
// SAFETY: as above.
unsafe impl Sync for Hold {}

impl Hold {
    /// The running thread has locked what lies at `lock`. `None` when the engine does not work for it.
    pub(crate) fn begin(lock: usize, kind: LockKind) -> Option<Hold> {
        let handle = abi::__race_hold(lock, kind as usize);
        (!handle.is_null()).then_some(Hold { handle, kind })
    }

    /// Who locked.
    pub(crate) fn thread(&self) -> u32 {
        // SAFETY: a handle that this value counts for.
        unsafe { abi::__race_hold_thread(self.handle) }
    }

    /// The lock was unlocked, by whichever thread.
    pub(crate) fn end(&self) {
        // SAFETY: a handle that this value counts for.
        unsafe { abi::__race_hold_end(self.handle) };
    }

    /// Whether the lock was unlocked.
    pub(crate) fn is_over(&self) -> bool {
        // SAFETY: a handle that this value counts for.
        unsafe { abi::__race_hold_is_over(self.handle) }
    }

    /// In which way it was locked.
    pub(crate) fn kind(&self) -> LockKind {
        self.kind
    }
}

impl Clone for Hold {
    fn clone(&self) -> Hold {
        // SAFETY: a handle that this value counts for.
        unsafe { abi::__race_hold_count(self.handle) };
        Hold { ..*self }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // SAFETY: a handle, whose count this value gives up.
        unsafe { abi::__race_hold_discount(self.handle) };
    }
}

/// The running thread's number. `None` when the engine does not work for it.
pub(crate) fn running() -> Option<u32> {
    u32::try_from(abi::__race_running()).ok()
}

/// Whether the process has no other thread than the running one.
pub(crate) fn is_alone() -> bool {
    abi::__race_is_alone()
}

/// Runs what the crate does with memory that passes between threads that are not ordered.
pub(crate) fn at_work<R>(action: impl FnOnce() -> R) -> R {
    crate::engine::hidden(action)
}

/// Says what makes it impossible to go on, and where what is `locked` was, and ends the process.
pub(crate) fn fatal(message: &str, locked: Option<&Hold>) -> ! {
    let locked = locked.map_or(std::ptr::null(), |hold| hold.handle);
    // SAFETY: text, and null or a handle that counts.
    unsafe { abi::__race_fatal(message.as_ptr(), message.len(), locked) }
}
