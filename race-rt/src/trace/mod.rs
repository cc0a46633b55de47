//! Recordings: the executed events of a process in a file, to be judged again by `cargo race analyze`.
//!
//! Recorded is what the engine acts on: an access when it joins its granule's entries, a release, an acquire, the halves of
//! atomic operations with their orderings, fences, lives of memory and of threads. What the engine's shortcuts pass over
//! is not there: accesses that the same thread has made as strongly in the same step, loads that teach nothing, and all
//! that a thread does while it is alone.
//!
//! Guarantees: the order of the events in the file is one in which they could have happened one after the other. An event
//! of memory is put while its granule is locked, a release before anybody can acquire it, an acquire after. So a replay
//! finds for each access what the engine found. Nothing else in the engine depends on whether there is a recording, but
//! that two shortcuts without the lock are not taken then. Can miss: events that the process still has after the engine's
//! end, and those of a thread while it dies of a signal.
//!
//! [`event`] and [`number`] are the format, [`header`] its beginning, [`recorder`] writes, [`file`] is where to, [`loaded`]
//! what code there was. `crate::replay` reads.

pub mod event;
pub mod file;
pub mod header;
pub mod loaded;
pub mod number;
pub mod recorder;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};

use event::Event;
use recorder::Recorder;

use crate::clock::{Epoch, Head, Slot, Time};
use crate::options::{Perturb, VARIABLE};
use crate::perturb;
use crate::report::{exit, sink};
use crate::start::options;
use crate::sys::errno;
use crate::sys::spin::{Spin, SpinGuard};
use crate::thread::Thread;

/// The number of a thread's state, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateNumber(pub u32);

impl StateNumber {
    /// One that no state has had.
    pub fn next() -> StateNumber {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        StateNumber(NEXT.fetch_add(1, Relaxed))
    }
}

static ON: AtomicBool = AtomicBool::new(false);
static RECORDER: Spin<Option<Recorder>> = Spin::new(None);
/// Where the process records, as the program was started.
static PATH: OnceLock<PathBuf> = OnceLock::new();

/// Whether events are to be recorded.
#[inline(always)]
pub fn is_on() -> bool {
    ON.load(Relaxed)
}

/// Events of this process are recorded from now on.
///
/// Ends the process with status 2 and a sentence on stderr when the file cannot be written.
pub fn begin(path: &Path) {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = PATH.get_or_init(|| path);
    match Recorder::begin(path) {
        Ok(recorder) => start(recorder),
        Err((path, cause)) => exit::refuse(&format_args!(
            "{VARIABLE}: the option record names {}, which cannot be written ({cause}); give a path to a file on a disk with room",
            path.display()
        )),
    }
}

fn start(recorder: Recorder) {
    *RECORDER.lock() = Some(recorder);
    ON.store(true, Relaxed);
    if options().perturb != Perturb::Off {
        tell_of(&Event::Schedule(perturb::schedule()));
    }
}

/// The recording ends before the program does.
fn tell(path: &Path, cause: &io::Error) {
    let text = format!(
        "race: cannot record into {} ({cause}); the program goes on without, give a path to a file on a disk with room\n",
        path.display()
    );
    // Nothing is left to be done if stderr is closed.
    let _ = sink::write_all(libc::STDERR_FILENO, text.as_bytes());
}

/// The recording is whole: nothing more is recorded.
pub fn end() {
    if ON.swap(false, Relaxed)
        && let Some(recorder) = RECORDER.lock().take()
    {
        recorder.end();
    }
}

fn write(action: impl FnOnce(&mut Recorder) -> io::Result<()>) {
    errno::keep(|| {
        let mut recorder = RECORDER.lock();
        let Some(open) = recorder.as_mut() else { return };
        if let Err(cause) = action(open) {
            ON.store(false, Relaxed);
            // What there is can be read.
            *recorder = None;
            drop(recorder);
            tell(PATH.get().map_or(Path::new(""), PathBuf::as_path), &cause);
        }
    });
}

/// Records what is no thread's doing, or nobody's in particular.
#[cold]
#[inline(never)]
pub(crate) fn tell_of(event: &Event<'_>) {
    write(|recorder| recorder.put_of_nobody(event));
}

impl Thread {
    /// Records what the thread does.
    #[cold]
    #[inline(never)]
    pub(crate) fn record(&self, event: &Event<'_>) {
        write(|recorder| {
            if !recorder.declare(self.number) {
                self.introduce(recorder)?;
            }
            recorder.put(self.number, event)
        });
    }

    /// Records the thread's beginning.
    #[cold]
    pub(crate) fn record_state(&self) {
        write(|recorder| {
            recorder.declare(self.number);
            recorder.put_of_nobody(&self.state_event())
        });
    }

    fn state_event(&self) -> Event<'static> {
        let epoch = self.clock().epoch();
        Event::State { number: self.number, thread: self.id(), slot: epoch.slot(), time: epoch.time() }
    }

    /// Records what the thread learns with its slot.
    #[cold]
    pub(crate) fn record_inheritance(&self, left: &Head) {
        for (index, time) in left.known.times().iter().enumerate() {
            let epoch = Epoch::new(Slot::new(index), *time);
            if !self.clock().knows(epoch) {
                self.record(&Event::Assume(epoch));
            }
        }
    }

    /// The recording has begun after the thread: its state and what it knows.
    fn introduce(&self, recorder: &mut Recorder) -> io::Result<()> {
        recorder.put_of_nobody(&self.state_event())?;
        for (index, time) in self.clock().times().iter().enumerate() {
            let slot = Slot::new(index);
            if *time > Time::ZERO && slot != self.clock().epoch().slot() {
                recorder.put(self.number, &Event::Assume(Epoch::new(slot, *time)))?;
            }
        }
        Ok(())
    }
}

/// The recording while a fork is under way.
pub(crate) struct Held(SpinGuard<'static, Option<Recorder>>);

/// Waits until nothing is being recorded.
pub(crate) fn hold() -> Held {
    Held(RECORDER.lock())
}

impl Held {
    /// In a forked child: what it does goes to a file of its own, the first file's name with the process's number behind
    /// it; nothing is recorded when the child is not watched.
    pub(crate) fn go_on_in_child(mut self, is_watched: bool) {
        let was_on = is_on();
        ON.store(false, Relaxed);
        // Its memory goes, the parent's file stays as it is.
        *self.0 = None;
        drop(self);
        if let Some(path) = PATH.get().filter(|_| was_on && is_watched) {
            match Recorder::begin_in_child(path) {
                Ok(recorder) => start(recorder),
                Err((path, cause)) => tell(&path, &cause),
            }
        }
    }
}
