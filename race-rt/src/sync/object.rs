//! The release side of a synchronisation object that the program holds by itself: a lock, a channel's slot, a latch.
//!
//! Which operation releases and which acquires is the contract of the object's type and is decided by its wrapper; this
//! is only what is carried from one to the other.

use crate::clock::Heads;
use crate::sys::atomic::Mutex;
use crate::thread::{Thread, current};

/// What an object carries. `const`-constructible, so that the types built on it are too.
#[derive(Debug, Default)]
pub struct SyncObject {
    heads: Mutex<Heads>,
}

impl SyncObject {
    /// An object that nobody released.
    pub const fn new() -> SyncObject {
        SyncObject { heads: Mutex::new(Heads::new()) }
    }

    fn with<R>(&self, action: impl FnOnce(&mut Heads) -> R) -> R {
        action(&mut self.heads.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }

    /// All that `thread` did so far happens before whatever acquires the object from now on; what others released
    /// before is carried no more. Right where the releaser has acquired the object first, as the holder of a lock has.
    pub fn release(&self, thread: &mut Thread) {
        let head = thread.release();
        self.with(|heads| heads.replace(head));
    }

    /// All that `thread` did so far happens before whatever acquires the object from now on, beside what others
    /// released.
    pub fn release_merge(&self, thread: &mut Thread) {
        let head = thread.release();
        self.with(|heads| heads.merge_own(head, thread.clock()));
    }

    /// Whatever the object carries happens before what `thread` does from now on.
    pub fn acquire(&self, thread: &mut Thread) {
        self.with(|heads| thread.acquire(heads));
    }

    /// Whatever the object carries happens before what `thread` does from now on, and is carried no more.
    pub fn consume(&self, thread: &mut Thread) {
        thread.acquire(&self.with(std::mem::take));
    }

    /// The object carries nothing any more.
    pub fn clear(&self) {
        self.with(Heads::clear);
    }
}

impl Drop for SyncObject {
    fn drop(&mut self) {
        let heads = self.heads.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        current::drop_own(std::mem::take(heads));
    }
}
