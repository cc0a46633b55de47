//! Recordings, judged again: by the engine itself or by a brute-force oracle.
//!
//! [`Replay`] reads a recording of [`crate::trace`] event by event. What the events say of threads, call stacks and files
//! goes to the [`Cast`](cast::Cast); what they do goes to a [`Judge`]: the [`engine`] does it in this process's shadow, at
//! the addresses of the recorded process, whose memory nobody touches; the [`oracle`] compares all pairs. Races come out
//! as the reports' data.
//!
//! Guarantees: with the engine the races are those that the recorded process found, in the order of the file, which is an
//! order of the execution. A recording that was cut off is judged up to its last whole event; one that says what cannot be
//! is refused, whatever its bytes, and so is one that takes more memory than there is. Can miss: what the recording does
//! not have ([`crate::trace`]).
//!
//! One replay at a time: the shadow is the process's.

mod cast;
mod engine;
mod oracle;

use std::fmt;
use std::ops::Range;

use cast::Cast;
pub use cast::Module;
use engine::Engine;
use oracle::Oracle;

use crate::access::AccessKind;
use crate::report::attribution::Charged;
use crate::report::model::{AccessSide, Creation, Report};
use crate::shadow::Mask;
use crate::shadow::map::GRANULE;
use crate::sys::memory::PAGE;
use crate::sys::room::Room;
use crate::thread::ThreadId;
use crate::thread::context::{self, NodeId};
use crate::thread::holds;
use crate::trace::StateNumber;
use crate::trace::event::{Decoder, Event};
use crate::trace::header::{Header, NoRecording};
use crate::trace::number::Wrong;

/// How often it is looked whether there is memory left: within so many parts of events not much is taken.
const STEPS_BETWEEN_LOOKS: usize = 256;

/// Who judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The engine.
    Engine,
    /// The oracle.
    Oracle,
}

/// Why a recording cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The file is none.
    NoRecording(NoRecording),
    /// Its event after so many bytes is none, or cannot have happened there.
    Damaged(usize),
    /// It is too long for the oracle.
    TooLong,
    /// It needs more memory than there is.
    TooLarge,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecording(reason) => reason.fmt(formatter),
            Self::Damaged(at) => write!(formatter, "the recording is damaged at byte {at}, make it anew"),
            Self::TooLong => write!(formatter, "the recording is too long to compare all pairs, leave --oracle out"),
            Self::TooLarge => {
                write!(formatter, "the recording needs more memory than this machine has free, record a shorter run")
            }
        }
    }
}

impl std::error::Error for ReplayError {}

/// A race, as a judge finds it.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// The granule's address.
    granule: usize,
    bytes: Mask,
    thread: ThreadId,
    kind: AccessKind,
    site: NodeId,
    other_thread: ThreadId,
    other_kind: AccessKind,
    other_site: NodeId,
}

/// What an event cannot be.
#[derive(Debug)]
enum Refused {
    /// It makes no sense where it stands.
    Senseless,
    /// There are too many.
    TooLong,
}

/// Who goes through the events of states and memory, whose call stacks are the cast's.
trait Judge {
    /// Does what `event` says, as `actor`'s doing, and adds the races that it completes.
    fn judge(&mut self, actor: Option<StateNumber>, event: &Event<'_>, found: &mut Vec<Found>) -> Result<(), Refused>;
}

/// A race of the recorded process.
#[derive(Clone, Debug)]
pub struct Race {
    /// What the recorded process reported, or would have.
    pub report: Report,
    /// The two call stacks by number.
    pub stacks: [NodeId; 2],
    /// The tests that it is charged to.
    pub charged: Charged,
}

/// A recording.
#[derive(Debug)]
pub struct Replay<'a> {
    header: Header,
    events: &'a [u8],
    room: Room,
}

/// The recording as far as it was judged.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The files that the recorded process had.
    pub modules: &'a [Module],
}

impl<'a> Replay<'a> {
    /// The recording that a file has.
    ///
    /// # Errors
    /// It has none.
    pub fn new(file: &'a [u8]) -> Result<Replay<'a>, ReplayError> {
        let (header, events) = Header::read(file).map_err(ReplayError::NoRecording)?;
        Ok(Replay { header, events, room: Room::of_system() })
    }

    /// The same, to be judged in so many bytes of memory.
    pub fn within(self, bytes: usize) -> Replay<'a> {
        Replay { room: Room::of(bytes), ..self }
    }

    /// Whether it is one of the whole-program tier.
    pub fn is_whole_program(&self) -> bool {
        self.header.whole_program
    }

    /// Judges the recording. `each` is told of every race, with what is known of the process by then, and says whether to
    /// go on.
    ///
    /// # Errors
    /// The recording is damaged, too long for the oracle, or needs more memory than there is.
    pub fn judge(&self, by: By, mut each: impl FnMut(Race, Judged<'_>) -> bool) -> Result<(), ReplayError> {
        crate::start::ensure();
        let mut judge: Box<dyn Judge> = match by {
            By::Engine => Box::new(Engine::new()),
            By::Oracle => Box::new(Oracle::new()),
        };
        let mut cast = Cast::new();
        let mut actor = None;
        let mut found = Vec::new();
        let mut steps = 0_usize;
        let mut decoder = Decoder::new(self.events);
        loop {
            let at = crate::trace::header::SIZE + self.events.len() - decoder.left();
            let event = match decoder.event() {
                Ok(Some(event)) => event,
                // The end, or that of what was written before the process was killed.
                Ok(None) | Err(Wrong::Cut) => return Ok(()),
                Err(Wrong::Senseless) => return Err(ReplayError::Damaged(at)),
            };
            if let Event::Actor(number) = event {
                actor = Some(number);
                continue;
            }
            let event = cast.note(&event).ok_or(ReplayError::Damaged(at))?;
            for part in parts(event) {
                judge.judge(actor, &part, &mut found).map_err(|refused| match refused {
                    Refused::Senseless => ReplayError::Damaged(at),
                    Refused::TooLong => ReplayError::TooLong,
                })?;
                for found in found.drain(..) {
                    if !cast.is_harmless(found.granule, found.bytes)
                        && !each(race(&mut cast, found), Judged { modules: cast.modules() })
                    {
                        return Ok(());
                    }
                }
                steps += 1;
                if steps.is_multiple_of(STEPS_BETWEEN_LOOKS) && self.room.is_used_up() {
                    return Err(ReplayError::TooLarge);
                }
            }
        }
    }
}

fn race(cast: &mut Cast, found: Found) -> Race {
    let address = found.granule + found.bytes.0.trailing_zeros() as usize;
    let side = |thread, kind, site| AccessSide {
        address,
        kind,
        thread: cast.label(thread),
        stack: context::stack(site),
        held: holds::held_at(site),
    };
    let current = side(found.thread, found.kind, found.site);
    let previous = side(found.other_thread, found.other_kind, found.other_site);
    let mut creations: Vec<Creation> = Vec::new();
    for id in [found.thread, found.other_thread] {
        if id != ThreadId::MAIN && !creations.iter().any(|creation| creation.thread.id == id) {
            creations.push(cast.creation(id));
        }
    }
    let stacks = [found.site, found.other_site].map(holds::without_locks);
    let charged = cast.charged(found.thread, found.other_thread);
    Race { report: Report { current, previous, creations, schedule: cast.schedule }, stacks, charged }
}

/// The event in parts that each take little memory and show few races: few bytes of a recording can tell of much memory.
fn parts(event: Event<'_>) -> impl Iterator<Item = Event<'_>> {
    let (address, size, longest) = match event {
        Event::Access { address, size, .. } => (address, size, GRANULE),
        Event::Life { address, size, .. } => (address, size, PAGE),
        _ => (0, 1, PAGE),
    };
    let end = address + size;
    (address & !(longest - 1)..end).step_by(longest).map(move |start| {
        let (address, size) = (start.max(address), (start + longest).min(end) - start.max(address));
        match event {
            Event::Access { kind, site, .. } => Event::Access { kind, address, size, site },
            Event::Life { first, .. } => Event::Life { address, size, first },
            other => other,
        }
    })
}

/// The granules of a range, each with the part of the range in it.
fn granules(address: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = address + size;
    (address & !(GRANULE - 1)..end)
        .step_by(GRANULE)
        .map(move |granule| granule.max(address)..(granule + GRANULE).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Slot, Time};
    use crate::trace::event::{Encoder, LONGEST};

    fn recording(events: impl IntoIterator<Item = Event<'static>>) -> Vec<u8> {
        let mut bytes = Header { whole_program: true, underway: false, process: 1 }.bytes().to_vec();
        let mut encoder = Encoder::default();
        events.into_iter().for_each(|event| encoder.encode(&event, &mut bytes));
        bytes
    }

    /// A few bytes of a recording stand for much memory: of the shadow, and of what the oracle keeps.
    #[test]
    fn a_recording_that_takes_too_much_memory_is_refused() {
        let state = [
            Event::State { number: StateNumber(0), thread: ThreadId(1), slot: Slot::new(1), time: Time::new(1) },
            Event::Actor(StateNumber(0)),
        ];
        let lives = (0..1 << 12).map(|index| {
            let address = 0x6000_0000_0000 + index * LONGEST;
            Event::Life { address, size: LONGEST, first: Some((AccessKind::Allocate, NodeId::ROOT)) }
        });
        let bytes = recording(state.into_iter().chain(lives));
        assert!(bytes.len() < 64 << 10);
        for by in [By::Engine, By::Oracle] {
            let replay = Replay::new(&bytes).expect("a recording").within(64 << 20);
            assert_eq!(replay.judge(by, |_, _| true).err(), Some(ReplayError::TooLarge), "{by:?}");
        }
    }
}
