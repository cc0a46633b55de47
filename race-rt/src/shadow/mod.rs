//! What is remembered of each byte of memory.
//!
//! Memory is watched in granules of eight bytes. Naively each granule has a list of [`Entry`]s: who accessed which of
//! its bytes, when, how and from where, without those that a later entry subsumes. Most granules have one entry at
//! most, so the list is laid out for that:
//!
//! ```text
//! word  (8 bytes a granule, shadow::map)  the newest entry, packed; flags LOCKED and LISTED
//! site  (4 bytes a granule, shadow::map)  that entry's call stack, or of a list the number of the first record
//! second (12 bytes, shadow::second)       the same once more, for rows of memory where granules have two entries
//! record (32 bytes, shadow::record)       two entries of a list, the next record, the granule's atomics
//! ```
//!
//! Twelve bytes of shadow for eight of memory, twelve more where there are two entries, and records for granules with more or
//! with an atomic. Nothing is dropped for want of room, unless
//! the program was given a limit ([`budget`]). Shadow that says nothing goes back to the kernel ([`region`]).

pub mod answer;
pub mod budget;
pub mod few;
pub mod granule;
pub mod life;
mod list;
pub mod map;
pub mod own_entry;
mod pair;
pub mod present;
pub mod record;
pub mod region;
pub mod run;
mod second;
pub mod shortcut;
pub mod stock;
pub(crate) mod vacant;
pub mod word;

pub use granule::{Entry, Granule};
pub use present::{AtomicPresent, Present};
pub use word::{Mask, Word};
