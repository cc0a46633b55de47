//! What a program learns of the races it has: [`report_count`] and [`on_report`]. In every build; without the engine there
//! are none.

use crate::engine;

/// How many races were reported in this process so far. Always zero without the feature `race`.
///
/// ```
/// assert_eq!(race::report_count(), 0);
/// ```
#[inline]
pub fn report_count() -> u64 {
    engine::report_count()
}

/// A race that was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The access that completed the race.
    pub current: ReportedAccess,
    /// The one that it is not ordered with.
    pub previous: ReportedAccess,
    /// The report as it was written, with both stacks.
    pub text: String,
}

/// One of the two accesses of a race.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportedAccess {
    /// What was done.
    pub kind: AccessKind,
    /// The first address at which the two meet.
    pub address: usize,
    /// The number of the thread, as in the text; 0 is the main thread.
    pub thread: u32,
    /// The thread's name, if it has one.
    pub thread_name: Option<String>,
}

/// What an access does to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AccessKind {
    /// A plain load.
    Read,
    /// A plain store.
    Write,
    /// An atomic load.
    AtomicRead,
    /// An atomic store or read-modify-write.
    AtomicWrite,
    /// A volatile load.
    VolatileRead,
    /// A volatile store.
    VolatileWrite,
    /// A block came from the allocator.
    Allocate,
    /// A block went back to the allocator.
    Free,
}

/// From now on `callback` is called for each race, after its report was written, in the thread that completed the race.
/// Callbacks add up. Without the feature `race` none is ever called.
///
/// The callback runs in the middle of whatever the thread was doing, right after the access, and so must not wait for a
/// lock that its own thread may hold there. It may use memory, std and this crate freely: as in [`ignore`](crate::ignore),
/// its accesses are not recorded, so a race in it is not reported again. If it panics, that is noted in the reports and
/// the program goes on.
///
/// ```
/// use std::sync::Mutex;
///
/// static RACES: Mutex<Vec<String>> = Mutex::new(Vec::new());
///
/// race::on_report(|report| RACES.lock().unwrap().push(report.text.clone()));
/// assert!(RACES.lock().unwrap().is_empty());
/// ```
pub fn on_report(callback: impl Fn(&Report) + Send + Sync + 'static) {
    #[cfg(race_engine)]
    engine::listen(callback);
    #[cfg(not(race_engine))]
    drop(callback);
}
