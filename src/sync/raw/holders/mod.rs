//! [`Holders`]: who holds a raw lock, and what becomes of who holds it wrongly. Without the engine nobody is known.

#[cfg(not(race_engine))]
mod idle;
#[cfg(race_engine)]
mod live;

#[cfg(not(race_engine))]
pub(super) use idle::*;
#[cfg(race_engine)]
pub(super) use live::*;

/// What an unlock says that finds nothing locked.
fn unlock_of_unlocked(kind: LockKind) -> &'static str {
    match kind {
        LockKind::Mutex => "unlock of unlocked mutex",
        LockKind::Read => "read unlock of unlocked rwlock",
        LockKind::Write => "write unlock of unlocked rwlock",
    }
}
