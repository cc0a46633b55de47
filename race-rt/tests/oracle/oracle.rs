//! The oracle: which bytes an execution's races lie on, from the definition alone.
//!
//! A step is an event. Happens-before is the transitive closure of program order, spawn to the new lane's first event (to
//! an adopted lane's: all that was done before), end to join, and what releases hand to acquires, by C++20's words: a store
//! heads a release sequence that read-modify-writes continue and any other store ends; a release fence heads what its lane
//! stores later; an acquire fence takes in what its lane loaded before. Of objects with a contract, [`crate::contracts`]
//! tells. Two events on one byte in one life of that byte race when they conflict and neither happens before the other:
//! every pair is looked at, and no clock, epoch or shadow is in use.
//!
//! Lives: an allocation and a forgetting begin one; an allocation and a release of a block are writes of all of it.
//! What an atomic variable holds begins anew with each life and when the block is freed.
//!
//! Three conventions that the engine documents are taken over. A variable is known by its first byte. A plain or
//! volatile write leaves alone what an atomic variable carries (the difference shows only where the variable itself
//! races). And a large block whose release races with its allocation is reported at its first granule only, and at those
//! that were accessed.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::atomic::Ordering;

use race_rt::access::AccessKind;
use race_rt::heap::LARGE;
use race_rt::shadow::map::GRANULE;

use crate::contracts::Contracts;
use crate::execution::{Execution, LANES, OBJECTS, Operation, Place};

/// A step, by its position in the execution.
pub type Event = usize;

/// A set of events.
pub type Events = BTreeSet<Event>;

/// What is seen of atomic operations. The truth is [`View::TRUE`].
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Whether fences order anything.
    pub fences: bool,
    /// Whether a relaxed store ends a release sequence.
    pub stores_end_sequences: bool,
}

impl View {
    /// All that there is.
    pub const TRUE: View = View { fences: true, stores_end_sequences: true };
}

/// Happens-before, as a reachability relation.
#[derive(Debug)]
pub struct HappensBefore {
    /// One row of bits an event: all that happens before it.
    before: Vec<Vec<u64>>,
    /// The same without what the event itself learns. An access by which an object tells of misuse comes before that.
    before_learning: Vec<Vec<u64>>,
}

fn has(row: &[u64], event: Event) -> bool {
    row[event / 64] >> (event % 64) & 1 == 1
}

impl HappensBefore {
    /// The relation of `execution`.
    pub fn of(execution: &Execution) -> HappensBefore {
        HappensBefore::as_seen(execution, View::TRUE)
    }

    /// What of the relation another detector sees.
    pub fn as_seen(execution: &Execution, view: View) -> HappensBefore {
        let mut edges = Edges::new(execution, view);
        let words = execution.steps().len().div_ceil(64);
        let mut before: Vec<Vec<u64>> = Vec::new();
        let mut before_learning = Vec::new();
        let add = |row: &mut Vec<u64>, before: &[Vec<u64>], sources: Events| {
            for earlier in sources {
                row[earlier / 64] |= 1 << (earlier % 64);
                for (mine, theirs) in row.iter_mut().zip(&before[earlier]) {
                    *mine |= *theirs;
                }
            }
        };
        for (event, step) in execution.steps().iter().enumerate() {
            let mut row = vec![0; words];
            add(&mut row, &before, edges.predecessors_of(event));
            before_learning.push(if step.operation.tells_of_misuse() { row.clone() } else { Vec::new() });
            add(&mut row, &before, edges.learned_by(event));
            before.push(row);
        }
        HappensBefore { before, before_learning }
    }

    /// Whether the access of the event `one` happens before that of the later event `other`.
    pub fn holds(&self, one: Event, other: Event) -> bool {
        let start = &self.before_learning[other];
        has(if start.is_empty() { &self.before[other] } else { start }, one)
    }
}

fn acquires(order: Ordering) -> bool {
    [Ordering::Acquire, Ordering::AcqRel, Ordering::SeqCst].contains(&order)
}

/// Whether an operation with this ordering releases.
pub fn releases(order: Ordering) -> bool {
    [Ordering::Release, Ordering::AcqRel, Ordering::SeqCst].contains(&order)
}

/// The direct edges, found while going through the execution once.
struct Edges<'a> {
    execution: &'a Execution,
    view: View,
    /// The event before a lane's next one: its last, or its spawn.
    latest: [Option<Event>; LANES],
    /// Of an adopted lane: what was done when it began.
    adopted_after: [Range<Event>; LANES],
    end: [Option<Event>; LANES],
    objects: [Events; OBJECTS],
    /// What was released at an address.
    addressed: HashMap<usize, Events>,
    contracts: Contracts,
    /// The store that an atomic load at this address reads.
    present: HashMap<usize, Event>,
    /// Of each atomic store that is a read-modify-write: the store it read.
    continued: HashMap<Event, Event>,
    /// Each lane's last release fence.
    release_fence: [Option<Event>; LANES],
    /// Of each atomic store: the last release fence of its lane before it.
    fence_before: HashMap<Event, Event>,
    /// The stores that each lane read without acquiring.
    unfenced: [Events; LANES],
}

impl<'a> Edges<'a> {
    fn new(execution: &'a Execution, view: View) -> Edges<'a> {
        Edges {
            execution,
            view,
            latest: [None; LANES],
            adopted_after: [const { 0..0 }; LANES],
            end: [None; LANES],
            objects: Default::default(),
            addressed: HashMap::new(),
            contracts: Contracts::new(),
            present: HashMap::new(),
            continued: HashMap::new(),
            release_fence: [None; LANES],
            fence_before: HashMap::new(),
            unfenced: Default::default(),
        }
    }

    /// What comes before `event` in its own lane, or where that began.
    fn predecessors_of(&mut self, event: Event) -> Events {
        let lane = self.execution.steps()[event].lane.0;
        let mut sources: Events = self.latest[lane].replace(event).into_iter().collect();
        sources.extend(std::mem::take(&mut self.adopted_after[lane]));
        sources
    }

    /// The sources of the other edges into `event`. To be called for each event in turn.
    fn learned_by(&mut self, event: Event) -> Events {
        let step = self.execution.steps()[event];
        let lane = step.lane.0;
        let mut sources = Events::new();
        match step.operation {
            Operation::Load(place, order) | Operation::FailedExchange(place, _, order) => {
                self.read(lane, place, order, &mut sources);
            }
            Operation::Store(_, Ordering::Relaxed)
                if !self.view.stores_end_sequences && self.release_fence[lane].is_none() => {}
            Operation::Store(place, _) => self.write(lane, place, event),
            Operation::Update(place, order) | Operation::Exchange(place, order, _) => {
                if let Some(store) = self.read(lane, place, order, &mut sources) {
                    self.continued.insert(event, store);
                }
                self.write(lane, place, event);
            }
            Operation::Fence(_) if !self.view.fences => {}
            Operation::Fence(order) => {
                if acquires(order) {
                    for store in &self.unfenced[lane] {
                        sources.extend(self.heads(*store));
                    }
                }
                if releases(order) {
                    self.release_fence[lane] = Some(event);
                }
            }
            Operation::ObjectRelease(object) => self.objects[object.0] = Events::from([event]),
            Operation::ObjectReleaseMerge(object) => {
                self.objects[object.0].insert(event);
            }
            Operation::ObjectAcquire(object) => sources.extend(&self.objects[object.0]),
            Operation::ObjectConsume(object) => sources.extend(std::mem::take(&mut self.objects[object.0])),
            Operation::ObjectClear(object) => self.objects[object.0].clear(),
            Operation::ReleaseAt(at) => {
                self.addressed.entry(at).or_default().insert(event);
            }
            Operation::AcquireAt(at) => sources.extend(self.addressed.get(&at).into_iter().flatten()),
            Operation::Use(operation) => {
                let effect = &self.execution.effects()[event];
                sources.extend(self.contracts.sources_of(event, lane, operation, effect));
            }
            Operation::Resume => sources.extend(self.contracts.sources_of_return(lane)),
            Operation::Spawn(new) => self.latest[new.0] = Some(event),
            Operation::Adopt(new) => self.adopted_after[new.0] = 0..event + 1,
            Operation::Finish => self.end[lane] = Some(event),
            Operation::Join(other) => sources.extend(self.end[other.0]),
            Operation::Allocate(place) | Operation::Free(place) | Operation::Forget(place) => {
                let range = whole_granules(place);
                self.present.retain(|at, _| !range.contains(at));
                if !matches!(step.operation, Operation::Free(_)) {
                    self.addressed.retain(|at, _| !range.contains(at));
                }
            }
            Operation::Access(..) | Operation::ReadWrite(_) | Operation::Move => {}
        }
        sources
    }

    fn read(&mut self, lane: usize, place: Place, order: Ordering, sources: &mut Events) -> Option<Event> {
        let store = *self.present.get(&place.at)?;
        if acquires(order) {
            sources.extend(self.heads(store));
        } else {
            self.unfenced[lane].insert(store);
        }
        Some(store)
    }

    fn write(&mut self, lane: usize, place: Place, event: Event) {
        self.present.insert(place.at, event);
        if let Some(fence) = self.release_fence[lane] {
            self.fence_before.insert(event, fence);
        }
    }

    /// What happens before an acquire that reads `store`: the heads of all release sequences that it is in.
    fn heads(&self, store: Event) -> Events {
        let mut heads = Events::new();
        let mut member = Some(store);
        while let Some(event) = member {
            let order = match self.execution.steps()[event].operation {
                Operation::Store(_, order) | Operation::Update(_, order) | Operation::Exchange(_, order, _) => order,
                other => unreachable!("{other:?} is no atomic store"),
            };
            if releases(order) {
                heads.insert(event);
            }
            heads.extend(self.fence_before.get(&event));
            member = self.continued.get(&event).copied();
        }
        heads
    }
}

/// Whether two accesses to one byte are a race when nothing orders them: one of them writes, and they are neither both
/// atomic nor both volatile.
pub fn conflict(one: AccessKind, other: AccessKind) -> bool {
    use AccessKind::{Allocate, AtomicRead, AtomicWrite, Free, Read, VolatileRead, VolatileWrite, Write};
    match (one, other) {
        (Read | AtomicRead | VolatileRead, Read | AtomicRead | VolatileRead) => false,
        (AtomicRead | AtomicWrite, AtomicRead | AtomicWrite) => false,
        (VolatileRead | VolatileWrite, VolatileRead | VolatileWrite) => false,
        (Write | AtomicWrite | VolatileWrite | Allocate | Free, _) => true,
        (_, Write | AtomicWrite | VolatileWrite | Allocate | Free) => true,
    }
}

/// The granules that lie wholly in `place`.
pub fn whole_granules(place: Place) -> Range<usize> {
    place.at.next_multiple_of(GRANULE)..(place.at + place.size) / GRANULE * GRANULE
}

/// Bytes that no step of the execution treats differently.
#[derive(Debug)]
pub struct Segment {
    /// The bytes.
    pub bytes: Range<usize>,
    /// Of each step: how many lives had begun when it was done.
    lives: Vec<u32>,
    /// The pairs of events that race on each of the bytes.
    pub races: BTreeSet<(Event, Event)>,
}

impl Segment {
    /// In which life of the bytes the event was.
    pub fn life_at(&self, event: Event) -> u32 {
        self.lives[event]
    }
}

/// All that is to be known of an execution's races.
#[derive(Debug)]
pub struct Truth {
    segments: Vec<Segment>,
}

impl Truth {
    /// The truth about `execution`.
    pub fn about(execution: &Execution) -> Truth {
        let order = HappensBefore::of(execution);
        let mut cuts = BTreeSet::new();
        for place in execution.steps().iter().filter_map(|step| step.operation.place()) {
            for edge in [place.at, place.at + place.size] {
                cuts.extend([edge / GRANULE * GRANULE, edge, edge.next_multiple_of(GRANULE)]);
            }
            // A large block's first granule stands for the others.
            cuts.insert(place.at.next_multiple_of(GRANULE) + GRANULE);
        }
        let starts = cuts.iter();
        let ends = cuts.iter().skip(1);
        Truth { segments: starts.zip(ends).map(|(start, end)| segment(execution, &order, *start..*end)).collect() }
    }

    /// Runs of bytes that are treated alike, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The run that has the byte.
    pub fn segment_of(&self, byte: usize) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.bytes.start <= byte);
        self.segments[..after].last().filter(|segment| segment.bytes.contains(&byte))
    }
}

fn segment(execution: &Execution, order: &HappensBefore, bytes: Range<usize>) -> Segment {
    let mut lives = Vec::new();
    let mut life = 0;
    let mut races = BTreeSet::new();
    // The accesses in the present life.
    let mut accesses: Vec<(Event, AccessKind)> = Vec::new();
    let granule = Place { at: bytes.start / GRANULE * GRANULE, size: GRANULE };
    let mut granule_is_accessed = false;
    for (event, step) in execution.steps().iter().enumerate() {
        let place = step.operation.place().unwrap_or(Place { at: 0, size: 0 });
        let (range, whole) = (place.range(), whole_granules(place));
        if matches!(step.operation, Operation::Allocate(_) | Operation::Forget(_)) && whole.contains(&bytes.start) {
            life += 1;
            accesses.clear();
            granule_is_accessed = false;
        }
        lives.push(life);
        let Some(kind) = step.operation.access() else { continue };
        granule_is_accessed |= !matches!(kind, AccessKind::Allocate | AccessKind::Free) && granule.meets(place);
        if !range.contains(&bytes.start) {
            continue;
        }
        if kind == AccessKind::Free && place.size >= LARGE {
            let is_first = bytes.start < place.at + GRANULE;
            if !is_first && !granule_is_accessed {
                accesses.clear();
            }
        }
        for (earlier, other) in &accesses {
            if conflict(kind, *other) && !order.holds(*earlier, event) {
                races.insert((*earlier, event));
            }
        }
        accesses.push((event, kind));
    }
    Segment { bytes, lives, races }
}
