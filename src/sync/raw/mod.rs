//! Locks in the manner of Go's `sync.Mutex` and `sync.RWMutex`: without guard, without data. In every build.
//!
//! What is locked by one thread may be unlocked by another, so that a lock can hand work over; there is no poison. Both
//! guard data that lies elsewhere, typically in a [`cell::UnsafeCell`](crate::cell::UnsafeCell), and need no `unsafe`
//! themselves: whoever reaches the data through them does.
//!
//! An unlock of what is not locked ends the process, as in Go: on stderr `fatal: unlock of unlocked mutex` and the call
//! stack, status 2, no panic that could be caught. With the engine there is more:
//!
//! - A report of a race shows for both accesses which of these locks the thread held, and where it had locked each.
//! - A thread that waits for a lock which it holds itself is reported in place of a hang: `fatal: self-deadlock`, the
//!   stack of this call and of the one that has locked, status 2. As any other thread may legally unlock, that comes at
//!   once only when the process has no other thread; otherwise ten seconds are granted, and a lock that some other
//!   thread than its holder has ever unlocked is never reported. Without the engine such a thread waits for ever.

#[cfg(all(race_engine, not(race_wrapped)))]
mod gate;
mod holders;
mod mutex;
mod rw_lock;

#[cfg(all(race_engine, not(race_wrapped)))]
use gate::{RawMutex, RawRwLock};
#[cfg(any(not(race_engine), race_wrapped))]
use parking_lot::{RawMutex, RawRwLock};

pub use mutex::Mutex;
pub use rw_lock::RwLock;
