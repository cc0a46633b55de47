//! What a recording consists of: events, and how each is written and read.
//!
//! An event is a byte that says which, then its numbers. Numbers are unsigned LEB128: seven bits a byte, the lowest
//! first, the uppermost bit set in all bytes but the last. Addresses of memory are differences to the one before, with the
//! sign in the lowest bit; texts are a length and bytes. docs/trace-format.md is the description for users, and
//! [`Encoder`] and [`Decoder`] here are the only two that know it.
//!
//! Guarantees: what was encoded is decoded to the same events. Any other bytes are either events within the bounds that
//! the replay relies on, or refused; no bytes make the decoder panic or allocate.

use std::str;

use super::StateNumber;
use super::number::{Wrong, put, put_difference, put_text, take, take_difference, take_text};
use crate::access::AccessKind;
use crate::clock::{Epoch, Slot, Time};
use crate::options::Perturb;
use crate::report::model::{LockKind, Pc, Schedule};
use crate::shadow::map::{GRANULE, is_covered, is_covered_range};
use crate::thread::ThreadId;
use crate::thread::context::NodeId;
use crate::thread::holds::Mark;

/// The longest run of memory that one event is about: longer ones are several events.
pub const LONGEST: usize = 1 << 20;
/// The longest text, in bytes.
pub const LONGEST_TEXT: usize = 4096;
/// Times in a recording are below this one, so that no replay uses up the times of a slot.
pub const TIME_LIMIT: u64 = Time::LAST.count() >> 1;

/// What stands at a node of the tree of call stacks.
pub type Part = Result<Pc, Mark>;

/// A file that the program's code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModuleRecord<'a> {
    /// Where the file was.
    pub path: &'a [u8],
    /// Its build id; empty when it has none.
    pub build_id: &'a [u8],
    /// Its size in bytes.
    pub size: u64,
    /// When it was changed last, in nanoseconds.
    pub modified: u64,
    /// What was added to its addresses.
    pub base: usize,
    /// Where it lay.
    pub start: usize,
    /// Where that ended.
    pub end: usize,
}

/// The access that a new life of memory begins with.
pub type First = Option<(AccessKind, NodeId)>;

/// One event. Those that are a thread's doing are the doing of the state that the last [`Event::Actor`] named.
#[allow(missing_docs, reason = "the variants' words name their fields")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Whose doing the following events are.
    Actor(StateNumber),
    /// A state that a thread runs with, at its first step.
    State { number: StateNumber, thread: ThreadId, slot: Slot, time: Time },
    /// The actor will do nothing more.
    Gone,
    /// A thread came into being.
    Thread { id: ThreadId, creation: NodeId, is_task: bool, name: Option<&'a str> },
    /// A thread got a name.
    Name { id: ThreadId, name: &'a str },
    /// A thread passes for one created elsewhere.
    Origin { id: ThreadId, creation: NodeId },
    /// A thread works for the run of a test.
    Trial { id: ThreadId, test: u32, run: u32 },
    /// A thread has ended.
    Finished(ThreadId),
    /// The actor's steps are another thread's from now on.
    Turn(ThreadId),
    /// The actor publishes what it did and knows, and steps on.
    Release,
    /// The actor goes on in another slot.
    Move { slot: Slot, time: Time },
    /// The actor learns of the release of that step.
    Acquire(Epoch),
    /// The actor takes a slot's steps up to this one for known.
    Assume(Epoch),
    /// An atomic variable is loaded whose value carries something.
    Load { address: usize, acquires: bool },
    /// An atomic variable is stored to.
    Store { address: usize, releases: bool },
    /// An atomic variable is changed: the storing half of a read-modify-write.
    Update { address: usize, releases: bool },
    /// An acquire fence.
    FenceAcquire,
    /// A release fence.
    FenceRelease,
    /// A node of the tree of call stacks.
    Node { id: NodeId, caller: NodeId, part: Part },
    /// A file with code.
    Module(ModuleRecord<'a>),
    /// What the pauses of the process were drawn from.
    Schedule(Schedule),
    /// Races in this memory are harmless, or no longer.
    Benign { start: usize, end: usize, harmless: bool },
    /// A large block has a new life, where it was not touched since.
    Block { start: usize, end: usize, first: First },
    /// Whole granules have a new life.
    Life { address: usize, size: usize, first: First },
    /// Memory is accessed.
    Access { kind: AccessKind, address: usize, size: usize, site: NodeId },
}

/// Zero is no event, so that the room behind the last event of a file ends it.
const ACTOR: u8 = 1;
const STATE: u8 = 2;
const GONE: u8 = 3;
const THREAD: u8 = 4;
const NAME: u8 = 5;
const ORIGIN: u8 = 6;
const TRIAL: u8 = 7;
const FINISHED: u8 = 8;
const TURN: u8 = 9;
const RELEASE: u8 = 10;
const MOVE: u8 = 11;
const ACQUIRE: u8 = 12;
const ASSUME: u8 = 13;
const LOAD: u8 = 14;
const STORE: u8 = 16;
const UPDATE: u8 = 18;
const FENCE_ACQUIRE: u8 = 20;
const FENCE_RELEASE: u8 = 21;
const FRAME: u8 = 22;
const CHAIN: u8 = 23;
const LOCK: u8 = 24;
const PLACE: u8 = 27;
const MODULE: u8 = 28;
const HARMLESS: u8 = 29;
const HARMFUL: u8 = 30;
const BLOCK: u8 = 31;
const LIFE: u8 = 41;
const SCHEDULE: u8 = 50;
/// And the kind's position.
const ACCESS: u8 = 64;

const PERTURBED: [Perturb; 3] = [Perturb::Off, Perturb::On, Perturb::Full];

const LOCKS: [LockKind; 3] = [LockKind::Mutex, LockKind::Read, LockKind::Write];

fn number_of(kind: AccessKind) -> u8 {
    AccessKind::ALL.iter().position(|known| *known == kind).unwrap_or_default() as u8
}

/// Writes events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Encoder {
    address: usize,
}

impl Encoder {
    /// Appends `event` to `bytes`.
    pub fn encode(&mut self, event: &Event<'_>, bytes: &mut Vec<u8>) {
        match *event {
            Event::Actor(number) => plain(bytes, ACTOR, [number.0.into()]),
            Event::State { number, thread, slot, time } => {
                plain(bytes, STATE, [number.0.into(), thread.0.into(), slot.index() as u64, time.count()]);
            }
            Event::Gone => bytes.push(GONE),
            Event::Thread { id, creation, is_task, name } => {
                let flags = u64::from(is_task) | u64::from(name.is_some()) << 1;
                plain(bytes, THREAD, [id.0.into(), creation.0.into(), flags]);
                if let Some(name) = name {
                    put_text(bytes, shortened(name).as_bytes());
                }
            }
            Event::Name { id, name } => {
                plain(bytes, NAME, [id.0.into()]);
                put_text(bytes, shortened(name).as_bytes());
            }
            Event::Origin { id, creation } => plain(bytes, ORIGIN, [id.0.into(), creation.0.into()]),
            Event::Trial { id, test, run } => plain(bytes, TRIAL, [id.0.into(), test.into(), run.into()]),
            Event::Finished(id) => plain(bytes, FINISHED, [id.0.into()]),
            Event::Turn(id) => plain(bytes, TURN, [id.0.into()]),
            Event::Release => bytes.push(RELEASE),
            Event::Move { slot, time } => plain(bytes, MOVE, [slot.index() as u64, time.count()]),
            Event::Acquire(epoch) => plain(bytes, ACQUIRE, [epoch.slot().index() as u64, epoch.time().count()]),
            Event::Assume(epoch) => plain(bytes, ASSUME, [epoch.slot().index() as u64, epoch.time().count()]),
            Event::Load { address, acquires } => self.at(bytes, LOAD + u8::from(acquires), address),
            Event::Store { address, releases } => self.at(bytes, STORE + u8::from(releases), address),
            Event::Update { address, releases } => self.at(bytes, UPDATE + u8::from(releases), address),
            Event::FenceAcquire => bytes.push(FENCE_ACQUIRE),
            Event::FenceRelease => bytes.push(FENCE_RELEASE),
            Event::Node { id, caller, part } => {
                let (tag, content) = match part {
                    Ok(pc) => (FRAME, pc.0),
                    Err(Mark::Chain(chain)) => (CHAIN, chain.0 as usize),
                    Err(Mark::Lock(kind, address)) => {
                        (LOCK + LOCKS.iter().position(|known| *known == kind).unwrap_or_default() as u8, address)
                    }
                    Err(Mark::Place(stack)) => (PLACE, stack.0 as usize),
                };
                plain(bytes, tag, [id.0.into(), caller.0.into(), content as u64]);
            }
            Event::Module(module) => {
                bytes.push(MODULE);
                put_text(bytes, module.path);
                put_text(bytes, module.build_id);
                let places = [module.base, module.start, module.end].map(|place| place as u64);
                [module.size, module.modified].into_iter().chain(places).for_each(|number| put(bytes, number));
            }
            Event::Schedule(Schedule { perturb, seed }) => {
                let number = PERTURBED.iter().position(|known| *known == perturb).unwrap_or_default();
                plain(bytes, SCHEDULE, [number as u64, seed]);
            }
            Event::Benign { start, end, harmless } => {
                self.at(bytes, if harmless { HARMLESS } else { HARMFUL }, start);
                put(bytes, (end - start) as u64);
            }
            Event::Block { start, end, first } => self.life(bytes, BLOCK, start, end - start, first),
            Event::Life { address, size, first } => self.life(bytes, LIFE, address, size, first),
            Event::Access { kind, address, size, site } => {
                self.at(bytes, ACCESS + number_of(kind), address);
                put(bytes, size as u64);
                put(bytes, site.0.into());
            }
        }
    }

    fn at(&mut self, bytes: &mut Vec<u8>, tag: u8, address: usize) {
        bytes.push(tag);
        put_difference(bytes, self.address, address);
        self.address = address;
    }

    fn life(&mut self, bytes: &mut Vec<u8>, tag: u8, start: usize, size: usize, first: First) {
        self.at(bytes, tag + first.map_or(0, |(kind, _)| 1 + number_of(kind)), start);
        put(bytes, size as u64);
        if let Some((_, site)) = first {
            put(bytes, site.0.into());
        }
    }
}

fn plain<const N: usize>(bytes: &mut Vec<u8>, tag: u8, numbers: [u64; N]) {
    bytes.push(tag);
    numbers.into_iter().for_each(|number| put(bytes, number));
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

/// Reads events.
#[derive(Clone, Copy, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
    address: usize,
}

impl<'a> Decoder<'a> {
    /// Reads those that `bytes` begins with.
    pub fn new(bytes: &'a [u8]) -> Decoder<'a> {
        Decoder { rest: bytes, address: 0 }
    }

    /// How many bytes there are still to read.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// The bytes end within an event, after which nothing was read of it, or are none.
    pub fn event(&mut self) -> Result<Option<Event<'a>>, Wrong> {
        let mut ahead = *self;
        let Some((tag, rest)) = ahead.rest.split_first() else { return Ok(None) };
        if *tag == 0 {
            return Ok(None);
        }
        ahead.rest = rest;
        let event = ahead.after(*tag)?;
        *self = ahead;
        Ok(Some(event))
    }

    fn after(&mut self, tag: u8) -> Result<Event<'a>, Wrong> {
        Ok(match tag {
            ACTOR => Event::Actor(StateNumber(self.word()?)),
            STATE => {
                let (number, thread) = (StateNumber(self.word()?), self.thread()?);
                let (slot, time) = self.step()?;
                Event::State { number, thread, slot, time }
            }
            GONE => Event::Gone,
            THREAD => {
                let (id, creation, flags) = (self.thread()?, self.node()?, self.number()?);
                let name = if flags & 2 != 0 { Some(self.text()?) } else { None };
                within(flags < 4)?;
                Event::Thread { id, creation, is_task: flags & 1 != 0, name }
            }
            NAME => Event::Name { id: self.thread()?, name: self.text()? },
            ORIGIN => Event::Origin { id: self.thread()?, creation: self.node()? },
            TRIAL => Event::Trial { id: self.thread()?, test: self.word()?, run: self.word()? },
            FINISHED => Event::Finished(self.thread()?),
            TURN => Event::Turn(self.thread()?),
            RELEASE => Event::Release,
            MOVE => {
                let (slot, time) = self.step()?;
                Event::Move { slot, time }
            }
            ACQUIRE => Event::Acquire(self.epoch()?),
            ASSUME => Event::Assume(self.epoch()?),
            LOAD | 15 => Event::Load { address: self.covered()?, acquires: tag != LOAD },
            STORE | 17 => Event::Store { address: self.covered()?, releases: tag != STORE },
            UPDATE | 19 => Event::Update { address: self.covered()?, releases: tag != UPDATE },
            FENCE_ACQUIRE => Event::FenceAcquire,
            FENCE_RELEASE => Event::FenceRelease,
            FRAME..=PLACE => {
                let (id, caller) = (self.node()?, self.node()?);
                let part = match tag {
                    FRAME => Ok(Pc(self.place()?)),
                    CHAIN => Err(Mark::Chain(self.node()?)),
                    PLACE => Err(Mark::Place(self.node()?)),
                    lock => Err(Mark::Lock(LOCKS[usize::from(lock - LOCK)], self.place()?)),
                };
                Event::Node { id, caller, part }
            }
            MODULE => {
                let (path, build_id) = (self.bytes()?, self.bytes()?);
                let (size, modified) = (self.number()?, self.number()?);
                let (base, start, end) = (self.number()? as usize, self.place()?, self.place()?);
                Event::Module(ModuleRecord { path, build_id, size, modified, base, start, end })
            }
            SCHEDULE => {
                let perturb = PERTURBED.get(self.number()? as usize).ok_or(Wrong::Senseless)?;
                Event::Schedule(Schedule { perturb: *perturb, seed: self.number()? })
            }
            HARMLESS | HARMFUL => {
                let start = self.address()?;
                let size = self.place()?;
                let end = start.checked_add(size).ok_or(Wrong::Senseless)?;
                Event::Benign { start, end, harmless: tag == HARMLESS }
            }
            BLOCK..=39 => {
                let (start, size) = self.granules(usize::MAX)?;
                Event::Block { start, end: start + size, first: self.first(tag - BLOCK)? }
            }
            LIFE..=49 => {
                let (address, size) = self.granules(LONGEST)?;
                Event::Life { address, size, first: self.first(tag - LIFE)? }
            }
            ACCESS..=71 => {
                let (address, size) = self.range(LONGEST)?;
                Event::Access { kind: AccessKind::ALL[usize::from(tag - ACCESS)], address, size, site: self.node()? }
            }
            _ => return Err(Wrong::Senseless),
        })
    }

    fn number(&mut self) -> Result<u64, Wrong> {
        take(&mut self.rest)
    }

    fn word(&mut self) -> Result<u32, Wrong> {
        u32::try_from(self.number()?).map_err(|_| Wrong::Senseless)
    }

    fn thread(&mut self) -> Result<ThreadId, Wrong> {
        self.word().map(ThreadId)
    }

    fn node(&mut self) -> Result<NodeId, Wrong> {
        self.word().map(NodeId)
    }

    /// An address of code, a lock's, or a size: below what marks begin at.
    fn place(&mut self) -> Result<usize, Wrong> {
        let place = self.number()? as usize;
        within(place <= Mark::BELOW)?;
        Ok(place)
    }

    fn step(&mut self) -> Result<(Slot, Time), Wrong> {
        let (slot, time) = (self.number()?, self.number()?);
        within(slot < Slot::LIMIT as u64 && time < TIME_LIMIT)?;
        Ok((Slot::new(slot as usize), Time::new(time)))
    }

    fn epoch(&mut self) -> Result<Epoch, Wrong> {
        self.step().map(|(slot, time)| Epoch::new(slot, time))
    }

    fn bytes(&mut self) -> Result<&'a [u8], Wrong> {
        take_text(&mut self.rest, LONGEST_TEXT)
    }

    fn text(&mut self) -> Result<&'a str, Wrong> {
        str::from_utf8(self.bytes()?).map_err(|_| Wrong::Senseless)
    }

    fn address(&mut self) -> Result<usize, Wrong> {
        self.address = take_difference(&mut self.rest, self.address)?;
        Ok(self.address)
    }

    fn covered(&mut self) -> Result<usize, Wrong> {
        let address = self.address()?;
        within(is_covered(address))?;
        Ok(address)
    }

    /// A range of memory that has a shadow, not empty and not longer than `longest`.
    fn range(&mut self, longest: usize) -> Result<(usize, usize), Wrong> {
        let (address, size) = (self.covered()?, self.place()?);
        within(size > 0 && size <= longest && is_covered_range(address, address + size))?;
        Ok((address, size))
    }

    /// The same, of whole granules.
    fn granules(&mut self, longest: usize) -> Result<(usize, usize), Wrong> {
        let (address, size) = self.range(longest)?;
        within(address.is_multiple_of(GRANULE) && size.is_multiple_of(GRANULE))?;
        Ok((address, size))
    }

    fn first(&mut self, kind: u8) -> Result<First, Wrong> {
        match usize::from(kind).checked_sub(1) {
            None => Ok(None),
            Some(kind) => Ok(Some((AccessKind::ALL[kind], self.node()?))),
        }
    }
}

fn within(bounds: bool) -> Result<(), Wrong> {
    if bounds { Ok(()) } else { Err(Wrong::Senseless) }
}
