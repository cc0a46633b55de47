//! guide

#[cfg(race_engine)]
extern crate race_rt;

pub mod cell;
pub mod channel;
mod engine;
#[cfg(race_engine)]
mod heap;
#[cfg(race_engine)]
mod start;
pub mod sync;
pub mod thread;
