//! What is to be done when, and the one thread that does it.
//!
//! Deadlines are sorted, so setting and cancelling cost the logarithm of how many there are. Ticks are delivered under
//! the agenda's lock: once an appointment is cancelled, none is on its way. Functions are started outside of it, and
//! whatever of the program's is dropped is dropped outside of it, by who cancels.
//!
//! The thread never calls the engine, which therefore does not know it: it delivers what others have published
//! ([`Queue::deliver`]), and functions are called in threads of their own ([`Call`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Once, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::call::Call;
use crate::channel::queue::Queue;
use crate::engine::lock::{Condvar, Mutex, MutexGuard};
use crate::engine::{self, Release, hidden};

/// The shortest time between two ticks of one ticker; the system's own clock is not finer.
const SHORTEST: Duration = Duration::from_micros(50);
/// How long after a thread was refused the next attempt is made.
const REFUSED: Duration = Duration::from_millis(10);

/// What is to be done.
pub(super) enum Job {
    /// Send the time, if there is room and anybody to receive it.
    Tick {
        channel: Weak<Queue<Instant>>,
        /// What the one who set the timer published.
        release: Release,
        every: Option<Duration>,
    },
    /// Call a function.
    Call(Call),
}

impl Job {
    /// Once, in the running thread's name.
    pub(super) fn tick(channel: &Arc<Queue<Instant>>) -> Job {
        Job::Tick { channel: Arc::downgrade(channel), release: Release::now(), every: None }
    }

    /// Again and again, in the running thread's name.
    pub(super) fn tick_every(channel: &Arc<Queue<Instant>>, period: Duration) -> Job {
        Job::Tick { channel: Arc::downgrade(channel), release: Release::now(), every: Some(period.max(SHORTEST)) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number(u64);

struct Agenda {
    jobs: BTreeMap<Number, (Instant, Job)>,
    deadlines: BTreeSet<(Instant, Number)>,
    next: Number,
}

static AGENDA: Mutex<Agenda> =
    Mutex::new(Agenda { jobs: BTreeMap::new(), deadlines: BTreeSet::new(), next: Number(0) });
/// The first deadline is another now.
static CHANGED: Condvar = Condvar::new();

/// Threads that want the agenda and do not have it yet.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// How often the one that serves lets others run before it goes on.
const TURNS: u32 = 1000;

fn agenda() -> MutexGuard<'static, Agenda> {
    static THREAD: Once = Once::new();
    hidden(|| {
        THREAD.call_once(|| {
            let started = thread::Builder::new().name("race-timers".into()).spawn(serve);
            started.expect("the system refuses a thread for timers: raise the limit of threads");
        });
    });
    WAITING.fetch_add(1, Relaxed);
    let agenda = AGENDA.lock();
    WAITING.fetch_sub(1, Relaxed);
    agenda
}

impl Agenda {
    fn remove(&mut self, number: Number) -> Option<Job> {
        let (at, job) = self.jobs.remove(&number)?;
        self.deadlines.remove(&(at, number));
        Some(job)
    }

    fn insert(&mut self, number: Number, at: Instant, job: Job) {
        self.deadlines.insert((at, number));
        self.jobs.insert(number, (at, job));
        if self.deadlines.first() == Some(&(at, number)) {
            CHANGED.notify_one();
        }
    }
}

/// One timer's place in the agenda.
#[derive(Debug)]
pub(super) struct Appointment(Number);

impl Appointment {
    /// Nothing is to be done yet.
    pub(super) fn new() -> Appointment {
        let mut agenda = agenda();
        let number = agenda.next;
        agenda.next = Number(number.0 + 1);
        Appointment(number)
    }

    /// `job` is to be done in `time`, and not what was to be done before. Whether there was something. What `meanwhile`
    /// does, nothing of the appointment happens during.
    pub(super) fn set(&self, time: Duration, job: Job, meanwhile: impl FnOnce()) -> bool {
        let at = Instant::now().checked_add(time);
        let mut agenda = agenda();
        let former = agenda.remove(self.0);
        meanwhile();
        // A time beyond what the clock can tell never comes.
        if let Some(at) = at {
            agenda.insert(self.0, at, job);
        }
        drop(agenda);
        former.is_some()
    }

    /// Nothing is to be done any more. Whether there was something. `meanwhile` is as in [`Appointment::set`].
    pub(super) fn cancel(&self, meanwhile: impl FnOnce()) -> bool {
        let mut agenda = agenda();
        let former = agenda.remove(self.0);
        meanwhile();
        drop(agenda);
        former.is_some()
    }
}

fn serve() {
    engine::serve();
    let mut agenda = AGENDA.lock();
    loop {
        let now = Instant::now();
        // Ticks may be due all the time, and whoever wants to set or cancel something must have his turn.
        if WAITING.load(Relaxed) > 0 {
            drop(agenda);
            for _ in 0..TURNS {
                if WAITING.load(Relaxed) == 0 {
                    break;
                }
                thread::yield_now();
            }
            agenda = AGENDA.lock();
        }
        agenda = match agenda.deadlines.first() {
            None => CHANGED.wait(agenda),
            Some((at, _)) if *at > now => {
                let rest = *at - now;
                CHANGED.wait_timeout(agenda, rest)
            }
            Some(&(at, number)) => keep(agenda, number, at, now),
        };
    }
}

/// Does what was to be done `at`.
fn keep(
    mut agenda: MutexGuard<'static, Agenda>,
    number: Number,
    at: Instant,
    now: Instant,
) -> MutexGuard<'static, Agenda> {
    match agenda.remove(number) {
        Some(Job::Tick { channel, release, every }) => {
            // No receiver is left when the channel is gone.
            let Some(there) = channel.upgrade() else { return agenda };
            there.deliver(now, &release);
            if let Some(next) = every.and_then(|period| next_tick(at, period, now)) {
                agenda.insert(number, next, Job::Tick { channel, release, every });
            }
            agenda
        }
        Some(Job::Call(call)) => {
            drop(agenda);
            let refused = call.start().err();
            let mut agenda = AGENDA.lock();
            if let Some(call) = refused
                && !agenda.jobs.contains_key(&number)
            {
                agenda.insert(number, now + REFUSED, Job::Call(call));
            }
            agenda
        }
        None => agenda,
    }
}

/// The first tick after `now` of those that come every `period` since `at`.
fn next_tick(at: Instant, period: Duration, now: Instant) -> Option<Instant> {
    let late = now.saturating_duration_since(at).as_nanos() % period.as_nanos();
    now.checked_add(period - Duration::from_nanos(u64::try_from(late).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_that_were_missed_are_left_out() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let next = |now| next_tick(start, Duration::from_millis(10), after(now));
        assert_eq!((next(0), next(9)), (Some(after(10)), Some(after(10))));
        assert_eq!((next(10), next(35)), (Some(after(20)), Some(after(40))));
        assert_eq!(next_tick(start, Duration::MAX, start), None);
    }
}
