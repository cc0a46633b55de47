//! The oracle: which accesses of a recording race, from the definition alone.
//!
//! A segment is what one state does between two of its events that order. Happens-before is the transitive closure of
//! program order, of what releases hand to acquires, and of what a state takes for known. Of atomic variables C++20's
//! words hold: a store heads a release sequence that read-modify-writes continue and any other store ends; a release
//! fence heads what its state stores later; an acquire fence takes in what its state loaded before. Two accesses to one
//! byte in one life of that byte race when they conflict and neither happens before the other: every pair is looked at,
//! byte by byte, and no clock or shadow is in use.
//!
//! Of the pairs those are told that the engine promises: an earlier access is passed over once a later one on the byte
//! conflicts with all that it would, and is ordered after it or races with it itself.
//!
//! Can miss: nothing. Takes time and memory that grow with the square of the recording.

use std::collections::{BTreeSet, HashMap};

use super::{Found, Judge, Refused, granules};
use crate::access::AccessKind;
use crate::clock::{Epoch, Slot, Time};
use crate::shadow::Mask;
use crate::shadow::map::GRANULE;
use crate::thread::ThreadId;
use crate::thread::context::NodeId;
use crate::trace::StateNumber;
use crate::trace::event::{Event, First};

/// Segments that are compared at most.
const MOST: usize = 30_000;
/// So many times two accesses are looked at, at most: minutes.
const MOST_LOOKS: u64 = 1 << 36;

/// A segment, by number.
type Segment = usize;

/// A set of segments.
#[derive(Clone, Debug, Default)]
struct Set(Vec<u64>);

impl Set {
    fn has(&self, segment: Segment) -> bool {
        self.0.get(segment / 64).is_some_and(|bits| bits >> (segment % 64) & 1 == 1)
    }

    fn add(&mut self, segment: Segment) {
        if self.0.len() <= segment / 64 {
            self.0.resize(segment / 64 + 1, 0);
        }
        self.0[segment / 64] |= 1 << (segment % 64);
    }

    fn add_all(&mut self, other: &Set) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= *theirs);
    }
}

/// A state: where it is, and what its fences keep.
#[derive(Debug)]
struct State {
    segment: Segment,
    thread: ThreadId,
    slot: Slot,
    time: Time,
    release_fence: Option<Segment>,
    unfenced: BTreeSet<Segment>,
}

/// An access to some bytes of a granule.
#[derive(Clone, Copy, Debug)]
struct Access {
    bytes: Mask,
    kind: AccessKind,
    site: NodeId,
    segment: Segment,
    state: StateNumber,
    thread: ThreadId,
}

/// What is kept of a granule in its present life.
#[derive(Debug, Default)]
struct Life {
    accesses: Vec<Access>,
    /// By address: the segments whose releases the variable's present value carries.
    variables: HashMap<usize, BTreeSet<Segment>>,
}

/// A large block's life, for granules that were not touched since.
#[derive(Debug)]
struct Block {
    start: usize,
    end: usize,
    first: Option<Access>,
}

/// The oracle.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// Of each segment all those before it.
    before: Vec<Set>,
    /// Whose slot and time each was.
    steps: Vec<(Slot, Time)>,
    states: HashMap<StateNumber, State>,
    releases: HashMap<Epoch, Segment>,
    granules: HashMap<usize, Life>,
    blocks: Vec<Block>,
    /// How many times two accesses were looked at.
    looks: u64,
}

impl Oracle {
    pub(super) fn new() -> Oracle {
        Oracle::default()
    }

    fn begin(&mut self, before: Set, slot: Slot, time: Time) -> Result<Segment, Refused> {
        if self.before.len() >= MOST {
            return Err(Refused::TooLong);
        }
        self.before.push(before);
        self.steps.push((slot, time));
        Ok(self.before.len() - 1)
    }

    fn state(&mut self, actor: Option<StateNumber>) -> Result<&mut State, Refused> {
        actor.and_then(|actor| self.states.get_mut(&actor)).ok_or(Refused::Senseless)
    }

    /// The state goes on in a new segment, after its old one and `sources`.
    fn go_on(&mut self, actor: Option<StateNumber>, sources: impl IntoIterator<Item = Segment>) -> Result<(), Refused> {
        let &mut State { segment, slot, time, .. } = self.state(actor)?;
        let mut before = Set::default();
        let mut sources: Vec<Segment> = sources.into_iter().chain([segment]).collect();
        // The newest first, which mostly have the others before them.
        sources.sort_unstable();
        for source in sources.into_iter().rev() {
            if !before.has(source) {
                before.add_all(&self.before[source]);
                before.add(source);
            }
        }
        self.state(actor)?.segment = self.begin(before, slot, time)?;
        Ok(())
    }

    /// The state publishes its segment and goes on in another.
    fn release(&mut self, actor: Option<StateNumber>) -> Result<Segment, Refused> {
        let state = self.state(actor)?;
        let segment = state.segment;
        state.time = state.time.next().ok_or(Refused::Senseless)?;
        self.go_on(actor, [])?;
        Ok(segment)
    }

    /// All that was done in a slot up to a step.
    fn steps_up_to(&self, epoch: Epoch) -> Vec<Segment> {
        let is_meant = |segment: &Segment| {
            let (slot, time) = self.steps[*segment];
            slot == epoch.slot() && time <= epoch.time()
        };
        (0..self.steps.len()).filter(is_meant).collect()
    }

    fn life(&mut self, address: usize) -> &mut Life {
        let granule = address & !(GRANULE - 1);
        let blocks = &self.blocks;
        self.granules.entry(granule).or_insert_with(|| {
            let block = blocks.iter().rev().find(|block| (block.start..block.end).contains(&granule));
            let first = block.and_then(|block| block.first);
            Life { accesses: first.into_iter().collect(), variables: HashMap::new() }
        })
    }

    /// What an atomic variable's present value carries.
    fn carried(&mut self, address: usize) -> &mut BTreeSet<Segment> {
        self.life(address).variables.entry(address).or_default()
    }

    fn first_access(&mut self, actor: Option<StateNumber>, first: First) -> Result<Option<Access>, Refused> {
        let Some((kind, site)) = first else { return Ok(None) };
        self.access_by(actor, Mask::ALL, kind, site).map(Some)
    }

    fn access_by(
        &mut self,
        actor: Option<StateNumber>,
        bytes: Mask,
        kind: AccessKind,
        site: NodeId,
    ) -> Result<Access, Refused> {
        let &mut State { segment, thread, .. } = self.state(actor)?;
        let state = actor.ok_or(Refused::Senseless)?;
        Ok(Access { bytes, kind, site, segment, state, thread })
    }

    /// Whether `one`, which came first in the recording, happens before `other`.
    fn ordered(&self, one: &Access, other: &Access) -> bool {
        one.state == other.state || self.before[other.segment].has(one.segment)
    }

    fn races(&self, one: &Access, other: &Access) -> bool {
        one.kind.conflicts_with(other.kind) && !self.ordered(one, other)
    }

    /// Adds the pairs that `new` makes with the accesses before it to a granule; how often it had to look at two.
    fn compare(&self, granule: usize, new: &Access, found: &mut Vec<Found>) -> u64 {
        let Some(Life { accesses, .. }) = self.granules.get(&granule) else { return 0 };
        let mut looks = accesses.len() as u64;
        let on = |access: &Access, byte: usize| access.bytes.0 >> byte & 1 == 1;
        for (index, old) in accesses.iter().enumerate() {
            let mut is_told = |byte: &usize| {
                let passed_over = |later: &Access| {
                    on(later, *byte)
                        && later.kind.subsumes(old.kind)
                        && (self.ordered(old, later) || self.races(old, later))
                };
                let races = on(new, *byte) && on(old, *byte) && self.races(old, new);
                looks += if races { (accesses.len() - index) as u64 } else { 0 };
                races && !accesses[index + 1..].iter().any(passed_over)
            };
            let bytes = (0..GRANULE).filter(&mut is_told).fold(0, |bytes, byte| bytes | 1 << byte);
            if bytes != 0 {
                found.push(Found {
                    granule,
                    bytes: Mask(bytes),
                    thread: new.thread,
                    kind: new.kind,
                    site: new.site,
                    other_thread: old.thread,
                    other_kind: old.kind,
                    other_site: old.site,
                });
            }
        }
        looks
    }
}

impl Judge for Oracle {
    fn judge(&mut self, actor: Option<StateNumber>, event: &Event<'_>, found: &mut Vec<Found>) -> Result<(), Refused> {
        match *event {
            Event::State { number, thread, slot, time } => {
                let segment = self.begin(Set::default(), slot, time)?;
                let (release_fence, unfenced) = (None, BTreeSet::new());
                self.states.insert(number, State { segment, thread, slot, time, release_fence, unfenced });
            }
            Event::Gone => {
                self.state(actor)?;
                self.states.remove(&actor.ok_or(Refused::Senseless)?);
            }
            Event::Turn(thread) => self.state(actor)?.thread = thread,
            Event::Move { slot, time } => {
                let state = self.state(actor)?;
                (state.slot, state.time) = (slot, time);
                self.go_on(actor, [])?;
            }
            Event::Release => {
                let &mut State { slot, time, .. } = self.state(actor)?;
                let segment = self.release(actor)?;
                self.releases.insert(Epoch::new(slot, time), segment);
            }
            Event::Acquire(epoch) => match self.releases.get(&epoch).copied() {
                Some(segment) => self.go_on(actor, [segment])?,
                None => self.go_on(actor, self.steps_up_to(epoch))?,
            },
            Event::Assume(epoch) => self.go_on(actor, self.steps_up_to(epoch))?,
            Event::Load { address, acquires } => {
                let carried = self.carried(address).clone();
                if acquires {
                    self.go_on(actor, carried)?;
                } else {
                    self.state(actor)?.unfenced.extend(carried);
                }
            }
            Event::Store { address, releases } => {
                let fence = self.state(actor)?.release_fence;
                let head = if releases { Some(self.release(actor)?) } else { fence };
                *self.carried(address) = head.into_iter().collect();
            }
            Event::Update { address, releases } => {
                let fence = self.state(actor)?.release_fence;
                let head = if releases { Some(self.release(actor)?) } else { fence };
                self.carried(address).extend(head);
            }
            Event::FenceAcquire => {
                let unfenced = std::mem::take(&mut self.state(actor)?.unfenced);
                self.go_on(actor, unfenced)?;
            }
            Event::FenceRelease => {
                let segment = self.release(actor)?;
                self.state(actor)?.release_fence = Some(segment);
            }
            Event::Access { kind, address, size, site } => {
                for part in granules(address, size) {
                    let bytes = Mask::new(part.start, part.len());
                    let access = self.access_by(actor, bytes, kind, site)?;
                    let granule = part.start & !(GRANULE - 1);
                    self.life(granule);
                    self.looks += self.compare(granule, &access, found);
                    if self.looks > MOST_LOOKS {
                        return Err(Refused::TooLong);
                    }
                    self.life(granule).accesses.push(access);
                }
            }
            Event::Life { address, size, first } => {
                let first = self.first_access(actor, first)?;
                for granule in (address..address + size).step_by(GRANULE) {
                    match first {
                        Some(access) => {
                            let life = Life { accesses: vec![access], variables: HashMap::new() };
                            self.granules.insert(granule, life);
                        }
                        None => drop(self.granules.remove(&granule)),
                    }
                }
            }
            Event::Block { start, end, first } => {
                let first = self.first_access(actor, first)?;
                self.blocks.push(Block { start, end, first });
            }
            _ => {}
        }
        Ok(())
    }
}
