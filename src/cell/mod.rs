//! `std::cell` with cells whose accesses are checked: [`UnsafeCell`], and [`RaceCell`] for a plain variable. Everything else
//! in it is std's own, since what is not `Sync` cannot race.
//!
//! Newtypes in every build, so that a program that compiles without the feature compiles with it. Without the engine they
//! cost nothing. Guarantees: each shared access through a cell's methods is recorded. Can miss: what is done through a
//! cell's pointer is seen only in functions under `#[race::instrument]`, and exclusive access (`get_mut`, `into_inner`) is
//! not recorded: the borrow checker vouches for it, and it is what destructors use after a reference count that is not
//! seen. The cells have no destructors, as std's has none: memory that a heap block or a stack leaves behind is forgotten
//! when it is handed out again (see `heap`).

mod race_cell;
mod unsafe_cell;

pub use std::cell::{BorrowError, BorrowMutError, Cell, LazyCell, OnceCell, Ref, RefCell, RefMut};

pub use race_cell::RaceCell;
pub use unsafe_cell::UnsafeCell;
