//! The same functions by hand and with race's names. `tests/assembly.rs` of the library compares what they compile to
//! without the feature `race`: nothing may be left of it.

#![allow(missing_docs, clippy::missing_safety_doc)]
// Only the names matter, by which the functions are found; nobody calls them.
#![allow(improper_ctypes_definitions)]

pub mod by_hand;
pub mod by_race;
