//! What the wrappers tell the engine, in a handful of calls; without the engine each of them is nothing.
//!
//! [`Release`] is what one operation publishes, for types that keep it per message or per slot; [`Edge`] is a place in
//! an object where releases gather. Which operation releases and which acquires is decided by the wrappers.
//! Guarantees: no call blocks for long, calls user code or allocates where the program could see it; a thread that the
//! engine does not work for (it has ended, or a signal interrupted the engine) goes unrecorded.

#[cfg(not(race_engine))]
mod idle;
#[cfg(race_engine)]
mod live;

#[cfg(not(race_engine))]
pub(crate) use idle::*;
#[cfg(race_engine)]
pub(crate) use live::*;
