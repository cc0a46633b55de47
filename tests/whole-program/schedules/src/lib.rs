//! Small programs whose race the plain schedule hides more often than not: whichever thread comes first has usually done
//! something that the other one then waits for or looks at, and that orders the two in such a run.
//!
//! Each is there twice. `race_NAME` touches [`Place`]s as they are; `clean_NAME` does the very same under a lock. Unlike the
//! cases of the package `cases` nothing holds the threads in an order: the schedule is what these programs are about.

mod handles;
mod initialisers;
mod locks;
mod messages;
mod place;
mod queues;
mod waits;

pub use handles::{detached, wrong_cell};
pub(crate) use place::Place;
pub use place::Twin;
pub use waits::{Company, End, drop_after_wait, drop_beside};

/// A program, by its name without `race_` and `clean_`.
pub type Case = (&'static str, fn(Twin));

/// The table of a file's programs, from their functions.
macro_rules! cases {
    ($($name:ident)*) => { pub const CASES: &[$crate::Case] = &[$((stringify!($name), $name as fn($crate::Twin))),*]; };
}
pub(crate) use cases;

/// All of them.
pub fn all() -> impl Iterator<Item = Case> {
    [handles::CASES, initialisers::CASES, locks::CASES, messages::CASES, queues::CASES].into_iter().flatten().copied()
}
