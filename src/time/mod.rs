//! `std::time`, and beside it timers: [`after`], [`after_func`], [`Timer`] and [`ticker`]. In every build, with or without
//! the engine.
//!
//! Setting a timer happens before what it brings about: the receive of its message, or the call of its function. A
//! function that sets its own timer again happens before its next call. Nothing else is ordered: not by
//! [`Timer::stop`], and two calls of one function, or two receives of ticks, not with each other.
//!
//! One thread, started with the first timer, serves all of them. It does not keep the process alive, and the engine does
//! not know it: what a timer brings about is done in the name of who set it.

mod action;
mod agenda;
mod call;
mod ticker;
mod timer;

pub use std::time::{Duration, Instant, SystemTime, SystemTimeError, TryFromFloatSecsError, UNIX_EPOCH};

use crate::channel::Receiver;
pub use ticker::Ticker;
pub use timer::Timer;

/// A channel to which the time is sent once, when `time` is over. It is never closed.
///
/// ```
/// use race::time::{Duration, after};
///
/// let (_sender, receiver) = race::channel::bounded::<String>(1);
/// let answer = race::select! {
///     recv(receiver) -> message => message.ok(),
///     recv(after(Duration::from_millis(5))) -> _ => None,
/// };
/// assert_eq!(answer, None);
/// ```
pub fn after(time: Duration) -> Receiver<Instant> {
    Timer::new(time).into_receiver()
}

/// Calls `action` when `time` is over, in a thread of its own. [`Timer::reset`] has it called again. Dropping the timer
/// changes nothing.
///
/// Does nothing when the process has ended before; while the system refuses new threads, the call is late.
///
/// ```
/// use race::time::{Duration, after_func};
///
/// let (sender, receiver) = race::channel::bounded(1);
/// after_func(Duration::from_millis(1), move || sender.send("late").unwrap());
/// assert_eq!(receiver.recv(), Ok("late"));
/// ```
pub fn after_func(time: Duration, action: impl Fn() + Send + Sync + 'static) -> Timer {
    Timer::calling(time, action)
}

/// A channel to which the time is sent again and again, each time that `period` is over.
///
/// # Panics
/// When the period is zero.
///
/// ```
/// use race::time::{Duration, ticker};
///
/// let ticker = ticker(Duration::from_millis(1));
/// let times: Vec<_> = ticker.iter().take(3).collect();
/// assert!(times.is_sorted());
/// ```
#[track_caller]
pub fn ticker(period: Duration) -> Ticker {
    Ticker::new(period)
}
