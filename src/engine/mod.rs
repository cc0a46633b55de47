//! What the wrappers tell the engine, in a handful of calls; without the engine each of them is nothing.
//!
//! There are three of it with one face. [`idle`] does nothing. [`live`] calls the engine that is compiled into the crate,
//! whose eyes are the wrappers. [`linked`] calls the one that `cargo race` links into the program, which sees all that
//! the program does, the crate's own code included: so that has to be [`Hidden`] where it is not the program's doing. The
//! crate's own [`lock`]s see to that.
//!
//! [`Release`] is what one operation publishes, for types that keep it per message or per slot; [`Edge`] is a place in
//! an object where releases gather. Which operation releases and which acquires is decided by the wrappers.
//! Guarantees: no call blocks for long, calls user code or allocates where the program could see it; a thread that the
//! engine does not work for (it has ended, or a signal interrupted the engine) goes unrecorded.

#[cfg(not(race_engine))]
mod idle;
mod kind;
#[cfg(all(race_engine, not(race_wrapped)))]
mod linked;
#[cfg(race_wrapped)]
mod live;
pub(crate) mod lock;
#[cfg(any(not(race_engine), race_wrapped))]
mod unhidden;

#[cfg(not(race_engine))]
pub(crate) use idle::*;
pub(crate) use kind::Touch;
#[cfg(all(race_engine, not(race_wrapped)))]
pub(crate) use linked::*;
#[cfg(race_wrapped)]
pub(crate) use live::*;
#[cfg(any(not(race_engine), race_wrapped))]
pub(crate) use unhidden::*;

/// Runs what the crate does for itself: see [`Hidden`].
#[inline(always)]
pub(crate) fn hidden<R>(action: impl FnOnce() -> R) -> R {
    let _hidden = Hidden::begin();
    action()
}

/// Runs the program's code, which the crate calls while it is hidden.
#[inline(always)]
pub(crate) fn revealed<R>(action: impl FnOnce() -> R) -> R {
    let _revealed = Revealed::begin();
    action()
}
