//! [`Semaphore`]: a release happens before exactly those acquires that its permits feed. In every build, with or without
//! the engine.
//!
//! Naively, each permit is an object of its own that goes from holder to holder and carries what its last holder
//! published; permits that nobody held yet carry nothing, and are given out first. Here permits that were given back
//! together lie together. So two acquires that exclude each other, asking together for more than there are, share a
//! permit and are ordered, while a semaphore of two permits used as a lock still shows its race. An attempt that fails
//! orders nothing. Can miss: where two holders did not exclude each other but one happened to get the other's permit.
//!
//! Who waits is served in the order of arrival: who wants many permits is not starved by those who want few.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

#[cfg(race_engine)]
use crate::engine::Release;
use crate::engine::lock::{Condvar, Mutex, MutexGuard};

/// A number of permits, of which each holder takes as many as it needs, like Go's `semaphore.Weighted`.
///
/// ```
/// use race::sync::Semaphore;
///
/// static MEGABYTES: Semaphore = Semaphore::new(100);
/// race::thread::scope(|scope| {
///     for size in [10, 60, 90] {
///         scope.spawn(move || {
///             let _room = MEGABYTES.access(size);
///             // No more than 100 are in use at any time.
///         });
///     }
/// });
/// assert_eq!(MEGABYTES.available(), 100);
/// ```
#[derive(Debug)]
pub struct Semaphore {
    capacity: usize,
    state: Mutex<State>,
    /// Whoever is the first in the queue should look again.
    turn: Condvar,
}

#[derive(Debug)]
struct State {
    free: Permits,
    /// The tickets of those who wait.
    queue: VecDeque<u64>,
    next_ticket: u64,
}

/// Permits that nobody holds.
#[derive(Debug)]
struct Permits {
    count: usize,
    /// How many of them nobody ever held.
    #[cfg(race_engine)]
    fresh: usize,
    /// The others, the longest free first: what was published when they were given back, and how many they were.
    #[cfg(race_engine)]
    returned: VecDeque<(Release, usize)>,
}

impl Permits {
    const fn new(count: usize) -> Permits {
        Permits {
            count,
            #[cfg(race_engine)]
            fresh: count,
            #[cfg(race_engine)]
            returned: VecDeque::new(),
        }
    }

    fn give_back(&mut self, count: usize) {
        self.count += count;
        #[cfg(race_engine)]
        if count > 0 {
            self.returned.push_back((Release::now(), count));
        }
    }

    fn take(&mut self, count: usize) {
        self.count -= count;
        #[cfg(race_engine)]
        self.acquire(count);
    }

    /// Takes so many, after the releases that they come from.
    #[cfg(race_engine)]
    fn acquire(&mut self, count: usize) {
        let fresh = count.min(self.fresh);
        self.fresh -= fresh;
        let mut missing = count - fresh;
        while missing > 0
            && let Some((release, left)) = self.returned.front_mut()
        {
            release.acquire();
            let taken = missing.min(*left);
            missing -= taken;
            *left -= taken;
            if *left == 0 {
                self.returned.pop_front();
            }
        }
    }
}

impl State {
    fn take_if_enough(&mut self, count: usize) -> bool {
        let enough = self.free.count >= count;
        if enough {
            self.free.take(count);
        }
        enough
    }

    fn enqueue(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.queue.push_back(ticket);
        ticket
    }
}

impl Semaphore {
    /// A semaphore of so many permits, all of them free.
    pub const fn new(permits: usize) -> Semaphore {
        let state = State { free: Permits::new(permits), queue: VecDeque::new(), next_ticket: 0 };
        Semaphore { capacity: permits, state: Mutex::new(state), turn: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Takes so many permits, waiting until they are free and all who came before are served. Comes after the releases
    /// that gave these permits back.
    ///
    /// # Panics
    /// When there are not so many permits at all.
    #[track_caller]
    pub fn acquire(&self, count: usize) {
        self.wait(count, None);
    }

    /// [`Semaphore::acquire`], waiting for `time` at most. Tells whether it has the permits.
    ///
    /// # Panics
    /// When there are not so many permits at all.
    #[must_use = "without knowing whether it has the permits, nobody knows what to release"]
    #[track_caller]
    pub fn acquire_timeout(&self, count: usize, time: Duration) -> bool {
        // A time beyond what clocks can tell is endless.
        self.wait(count, Instant::now().checked_add(time))
    }

    /// Takes so many permits if they are free and nobody waits. Tells whether it has them.
    #[must_use = "without knowing whether it has the permits, nobody knows what to release"]
    pub fn try_acquire(&self, count: usize) -> bool {
        let mut state = self.lock();
        state.queue.is_empty() && state.take_if_enough(count)
    }

    #[track_caller]
    fn wait(&self, count: usize, end: Option<Instant>) -> bool {
        let capacity = self.capacity;
        assert!(count <= capacity, "Semaphore of {capacity} permits was asked for {count}: it would wait for ever");
        let mut state = self.lock();
        if state.queue.is_empty() && state.take_if_enough(count) {
            return true;
        }
        let ticket = state.enqueue();
        let served = loop {
            if state.queue.front() == Some(&ticket) && state.take_if_enough(count) {
                break true;
            }
            let rest = end.map(|end| end.saturating_duration_since(Instant::now()));
            state = match rest {
                None => self.turn.wait(state),
                Some(Duration::ZERO) => break false,
                Some(rest) => self.turn.wait_timeout(state, rest),
            };
        };
        state.queue.retain(|&waiting| waiting != ticket);
        // What is free may be enough for the one who is the first now.
        if !state.queue.is_empty() {
            self.turn.notify_all();
        }
        served
    }

    /// Gives so many permits back, whoever took them. Happens before the acquires that get them.
    ///
    /// # Panics
    /// When not so many are held.
    #[track_caller]
    pub fn release(&self, count: usize) {
        let mut state = self.lock();
        let held = self.capacity - state.free.count;
        if count > held {
            drop(state);
            panic!("Semaphore released more than held: {count} permits of {held}");
        }
        state.free.give_back(count);
        if !state.queue.is_empty() {
            self.turn.notify_all();
        }
    }

    /// [`Semaphore::acquire`] with a guard that releases.
    ///
    /// # Panics
    /// When there are not so many permits at all.
    #[track_caller]
    pub fn access(&self, count: usize) -> SemaphoreGuard<'_> {
        self.acquire(count);
        SemaphoreGuard { semaphore: self, count }
    }

    /// [`Semaphore::try_acquire`] with a guard that releases.
    pub fn try_access(&self, count: usize) -> Option<SemaphoreGuard<'_>> {
        self.try_acquire(count).then(|| SemaphoreGuard { semaphore: self, count })
    }

    /// How many permits are free at this moment. Orders nothing.
    pub fn available(&self) -> usize {
        self.lock().free.count
    }
}

/// Permits of a [`Semaphore`], given back when this is dropped.
#[must_use = "if unused the permits are given back at once"]
#[derive(Debug)]
pub struct SemaphoreGuard<'a> {
    semaphore: &'a Semaphore,
    count: usize,
}

impl Drop for SemaphoreGuard<'_> {
    fn drop(&mut self) {
        self.semaphore.release(self.count);
    }
}
