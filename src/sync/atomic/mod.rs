//! `std::sync::atomic`, with the edges of C++20: release sequences, fences and both orderings of a compare-exchange.
//!
//! Without the engine every name here is std's own. With it, each type is a transparent newtype over std's whose
//! operations are std's, with the same orderings, carried out under the engine's eyes. Guarantees: atomic accesses do not
//! race with each other; an atomic against a plain one (through `as_ptr`, in instrumented code) does. Can miss: `get_mut`
//! and `into_inner` are exclusive by type and not recorded. The types have no destructors, as std's have none, so they
//! work in constants, statics and patterns alike; memory with a new life is forgotten when it is handed out (see `heap`).

#[cfg(not(race_wrapped))]
pub use std::sync::atomic::*;

#[cfg(race_wrapped)]
mod boolean;
#[cfg(race_wrapped)]
mod integer;
#[cfg(race_wrapped)]
mod operation;
#[cfg(race_wrapped)]
mod pointer;
#[cfg(race_wrapped)]
mod shared;

#[cfg(race_wrapped)]
#[allow(deprecated)]
pub use std::sync::atomic::spin_loop_hint;
#[cfg(race_wrapped)]
pub use std::sync::atomic::{Ordering, compiler_fence};

#[cfg(race_wrapped)]
#[allow(deprecated)]
pub use boolean::ATOMIC_BOOL_INIT;
#[cfg(race_wrapped)]
pub use boolean::AtomicBool;
#[cfg(race_wrapped)]
#[allow(deprecated)]
pub use integer::{ATOMIC_ISIZE_INIT, ATOMIC_USIZE_INIT};
#[cfg(race_wrapped)]
pub use integer::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};
#[cfg(race_wrapped)]
pub use operation::fence;
#[cfg(race_wrapped)]
pub use pointer::AtomicPtr;
