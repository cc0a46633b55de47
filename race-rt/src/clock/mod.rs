//! Logical time: who did what before whom.
//!
//! Happens-before is tracked with vector clocks (Mattern 1989; Flanagan and Freund's FastTrack, PLDI 2009, for the
//! per-place epochs). The naive semantics, which every structure in this folder equals:
//!
//! ```text
//! release(thread, object):  object.clock = join(object.clock or nothing, thread.clock); thread.clock[thread] += 1
//! acquire(thread, object):  thread.clock = join(thread.clock, object.clock)
//! a happens before b        iff a.time <= clock of b's thread at b [a.slot]
//! ```
//!
//! What replaces the object's vector: a list of [`Head`]s. A head is the epoch at which one thread released and the
//! [`Snapshot`] of what that thread knew then. Publishing a head is O(1) while the releaser has learned nothing new;
//! acquiring one whose epoch is already known is O(1), because whoever knows an epoch knows all that its release
//! carried. A time is in no more than one hand for that reason, also where threads have to share a slot ([`SharedSlot`]).

mod epoch;
mod head;
mod shared_slot;
mod snapshot;
mod thread_clock;

pub use epoch::{Epoch, Slot, Time};
pub use head::{Head, Heads};
pub use shared_slot::SharedSlot;
pub use snapshot::Snapshot;
pub use thread_clock::ThreadClock;
