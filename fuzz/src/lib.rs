//! Hostile input: one module for each kind of input that somebody else may have written.
//!
//! Each has a function `run` that takes any bytes and panics if what the project makes of them is neither right nor a
//! clear refusal. Under libFuzzer (`fuzz_targets/`, `ci/fuzz.sh`) the bytes are chosen by what they reach; in
//! `tests/short.rs` they are those of `corpus/` and [`mutation`]s of them, the same every time.

#[cfg(feature = "abi")]
pub mod abi;
pub mod analyze;
pub mod instrument;
pub mod mutation;
pub mod options;
pub mod suppressions;
pub mod trace;
