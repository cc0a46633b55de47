//! A data race detector for stable Rust: std's types, with a happens-before engine behind them.
//!
//! # Background
//!
//! Two accesses to the same memory race when they come from two threads, at least one writes, at least one is not
//! atomic, and nothing orders them. Safe Rust has none. `unsafe` code may: an `unsafe impl Sync`, a lock-free structure, a
//! `static mut`, a foreign function. A data race is undefined behaviour however rarely it shows.
//!
//! # Solution
//!
//! This crate has the names of `std::sync`, `std::thread` and `std::cell`. With the feature `race` on, each of them tells
//! an engine which accesses happen and what orders them, as the memory model of C++20 and Rust defines it; two accesses
//! that nothing orders are reported, with both call stacks and the places where the threads were created, the first time
//! they happen, even if they were far apart in time. With the feature off, every name that std has *is* std's, and what
//! is here beyond std ([`sync::WaitGroup`], [`channel`]) has no engine in it: the binary that you ship is the one that
//! you would have written without this crate.
//!
//! What was seen is what is judged: a race in code that the run did not reach is not found, and what is reported did
//! happen.
//!
//! The other way in, `cargo race test`, watches every access of an unchanged program, its dependencies and std included.
//! Under it what this crate has from std is std's, whatever its features. With the feature `race` on, what is here beyond
//! std tells its edges to the one engine that `cargo race` links, and the rest of the program's accesses are ordered by
//! them; with it off, nothing of this crate is anything but code like any other.
//!
//! # Writing
//!
//! Replace the imports:
//!
//! ```
//! use race::sync::atomic::{AtomicBool, Ordering};
//! use race::sync::{Arc, Mutex};
//! use race::thread;
//!
//! let total = Arc::new(Mutex::new(0));
//! let done = Arc::new(AtomicBool::new(false));
//! let adder = thread::spawn({
//!     let (total, done) = (total.clone(), done.clone());
//!     move || {
//!         *total.lock().unwrap() += 1;
//!         done.store(true, Ordering::Release);
//!     }
//! });
//! adder.join().unwrap();
//! assert!(done.load(Ordering::Acquire) && *total.lock().unwrap() == 1);
//! ```
//!
//! Memory that several threads access without a lock goes into a [`cell::UnsafeCell`], whose accesses are recorded when
//! they go through closures:
//!
//! ```
//! use race::cell::UnsafeCell;
//! use race::sync::atomic::{AtomicBool, Ordering};
//!
//! struct Mailbox {
//!     letter: UnsafeCell<Option<String>>,
//!     full: AtomicBool,
//! }
//!
//! // SAFETY: `letter` is written before `full` is set and taken after it was seen set.
//! unsafe impl Sync for Mailbox {}
//!
//! impl Mailbox {
//!     /// For one thread, once.
//!     fn put(&self, letter: String) {
//!         // SAFETY: nobody takes before `full` is set.
//!         self.letter.with_mut(|place| unsafe { *place = Some(letter) });
//!         // `Relaxed` here is a race, and is reported as one.
//!         self.full.store(true, Ordering::Release);
//!     }
//!
//!     /// For one thread.
//!     fn take(&self) -> Option<String> {
//!         if !self.full.load(Ordering::Acquire) {
//!             return None;
//!         }
//!         // SAFETY: `put` is over.
//!         self.letter.with_mut(|place| unsafe { (*place).take() })
//!     }
//! }
//!
//! let mailbox = Mailbox { letter: UnsafeCell::new(None), full: AtomicBool::new(false) };
//! race::thread::scope(|scope| {
//!     scope.spawn(|| mailbox.put("hello".into()));
//!     scope.spawn(|| while mailbox.take().is_none() {});
//! });
//! ```
//!
//! Plain memory behind raw pointers and references is seen in functions under [`#[race::instrument]`](instrument).
//!
//! Beyond std there are [`channel`]s for many receivers with [`select!`], timers ([`time`]), [`sync::WaitGroup`],
//! [`sync::Semaphore`], [`sync::Map`], [`sync::Pool`] and the guardless locks of [`sync::raw`], which also report their misuse;
//! [`cell::RaceCell`], a plain shared variable; and [`task`]s of any executor. What synchronises by other means says so:
//! [`acquire`], [`release`], [`ignore`], [`forget`].
//!
//! # Running
//!
//! ```toml
//! [dependencies]
//! race = { package = "race-detector", version = "0.1" }
//!
//! [features]
//! race = ["race/race"]
//! ```
//!
//! ```text
//! cargo test --features race
//! cargo run --features race
//! ```
//!
//! A report goes to stderr as soon as the race has happened. A process that has reported one ends with status 66 unless
//! it fails by itself. `RACE_OPTIONS` changes that and more: `RACE_OPTIONS="halt_on_error=1 log_path=races"`;
//! docs/options.md has the list. A test under [`#[race::test]`](test) fails by itself when its threads raced, and can be
//! repeated with other schedules; [`#[race::main]`](main) gives a program options of its own. [`report_count`] and
//! [`on_report`] tell the program of its races, [`acquire`], [`release`], [`ignore`] and [`forget`] tell the detector of
//! what it cannot see. The engine runs on x86_64-unknown-linux-gnu; the feature is refused elsewhere.
//!
//! # Debugging
//!
//! A report reads:
//!
//! ```text
//! ==================
//! WARNING: DATA RACE
//! Write at 0x55e5a3add1f0 by thread 2:          the access that completed the race, innermost function first
//!   counter::Shared::add()
//!       examples/counter.rs:22:20 +0x8d386
//!   ...
//!
//! Previous write at 0x55e5a3add1f0 by thread 1: the access that it was not ordered with
//!   counter::Shared::add()
//!       examples/counter.rs:22:20 +0x8d386
//!   ...
//!
//! Thread 2 (running) created at:                where each thread other than main comes from
//!   race::thread::builder::spawn()
//!   counter::main()
//!       examples/counter.rs:32:18 +0x8cfe4
//! ...
//! ==================
//! ```
//!
//! Look for what should have ordered the two: a lock that both hold, a join, a release that the other acquires. That they
//! never met in time in your run orders nothing. The misuse of a [`sync::WaitGroup`] or of [`channel::Sender::close`]
//! reads the same; the stacks lead to the two calls that must be ordered.
//!
//! Names make threads recognisable: [`thread::Builder::name`]. Build with debug information
//! (`debug = "line-tables-only"` is enough) to see lines.
//!
//! # Limitations
//!
//! - What goes through other types than these is not seen. An access that is not seen is not checked; a
//!   *synchronisation* that is not seen (a lock of std or of another crate, an atomic of std) may make a report false.
//!   Convert the locks along with the data, or use `cargo race`.
//! - [`sync::Arc`] is std's own, whose count is not seen: in a destructor that the last owner runs, use
//!   [`cell::UnsafeCell::get_mut`], which is not recorded, rather than `with_mut`.
//! - A thread that std or another crate starts is known from its first event on; all that others did before it, or in the
//!   same step as it, counts as ordered before.
//! - Destructors of thread-locals belong to their thread, but in a scope's thread they are not recorded.
//! - Blocks of the C library's allocator, Rust's default one, start afresh whenever they are handed out; a custom
//!   allocator is wrapped in [`alloc::Tracked`], and an arena or pool says [`forget`]. Giving a block back counts as a write of
//!   what was accessed in it; where std's `Arc` does it, only accesses that come later are held against it. What
//!   `Arc::into_inner` has taken out is freed by its taker, without the order that the count made: a report that names
//!   such a free may be false.
//! - Orders that an implementation happens to make, beyond its type's contract, do not count here: a reader of an
//!   [`sync::RwLock`] orders no other reader. The executions explored are those that happen: no weak memory effects are
//!   simulated.
//! - Each recorded access costs on the order of a hundred nanoseconds; what is not converted costs nothing.

pub mod alloc;
pub mod cell;
pub mod channel;
mod control;
mod engine;
#[cfg(race_wrapped)]
mod heap;
mod instrumented;
mod report;
#[cfg(race_wrapped)]
mod start;
pub mod sync;
pub mod task;
mod testing;
pub mod thread;
pub mod time;

pub use control::{acquire, forget, ignore, release};
pub use race_instrument::{instrument, main, skip, test};
pub use report::{AccessKind, Report, ReportedAccess, on_report, report_count};
pub use std::thread_local;

/// For the code that [`instrument`] writes.
#[doc(hidden)]
pub mod __private {
    pub use crate::instrumented::*;
    pub use crate::testing::{begin_main, run_test};
}
