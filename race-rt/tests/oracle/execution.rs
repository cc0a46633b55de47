//! An execution: what a few threads ("lanes") did, in the one order in which it happened.
//!
//! Guarantees: an [`Execution`] is valid. Lanes are born by a spawn or an adoption, end once and are joined once, after
//! their end; blocks are allocated where none lives and freed as they were allocated; locks and their like are used as
//! [`crate::objects`] allows, and a lane whose wait is over returns from it before anything else happens.
//! [`Execution::from_steps`] drops the steps that would break this and puts in the returns that are missing, so that a part
//! of an execution is an execution too.
//!
//! Places are distances from the start of an arena that nothing else uses.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering;

use race_rt::access::AccessKind;
use race_rt::heap::LARGE;

use crate::objects::{CHANNELS, EACH, Objects};
use crate::uses::{Effect, Use};

/// Bytes in the arena.
pub const ARENA: usize = 4 * LARGE;
/// Where the bytes are that objects tell of misuse by.
const GATES: usize = ARENA - 128;
/// Where the semaphores of the C library are.
pub const SEMAPHORES: usize = GATES + 8 * (CHANNELS.len() + EACH);
/// Lanes at most.
pub const LANES: usize = 12;
/// Synchronisation objects.
pub const OBJECTS: usize = 4;

/// A thread of an execution. The first is there from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane(pub usize);

/// A synchronisation object, such as a lock's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object(pub usize);

/// Where in the program a step stands. A loop passes one site many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site(pub usize);

/// Some bytes of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Distance of the first byte from the start of the arena.
    pub at: usize,
    /// How many.
    pub size: usize,
}

impl Place {
    /// The bytes.
    pub fn range(self) -> Range<usize> {
        self.at..self.at + self.size
    }

    /// Whether the two have a byte in common.
    pub fn meets(self, other: Place) -> bool {
        self.at < other.at + other.size && other.at < self.at + self.size
    }
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A plain or volatile access.
    Access(AccessKind, Place),
    /// A load and a store of the same bytes with nothing in between.
    ReadWrite(Place),
    /// An atomic load.
    Load(Place, Ordering),
    /// An atomic store.
    Store(Place, Ordering),
    /// An atomic read-modify-write.
    Update(Place, Ordering),
    /// A compare-and-exchange that succeeds: its two orderings.
    Exchange(Place, Ordering, Ordering),
    /// A compare-and-exchange that fails: its two orderings.
    FailedExchange(Place, Ordering, Ordering),
    /// An atomic fence.
    Fence(Ordering),
    /// The object carries this lane's past and nothing else.
    ObjectRelease(Object),
    /// The object carries this lane's past beside what it carried.
    ObjectReleaseMerge(Object),
    /// The lane learns what the object carries.
    ObjectAcquire(Object),
    /// The lane learns what the object carries, and the object carries nothing any more.
    ObjectConsume(Object),
    /// The object carries nothing any more.
    ObjectClear(Object),
    /// The address carries this lane's past beside what it carried, until its memory has a new life.
    ReleaseAt(usize),
    /// The lane learns what the address carries.
    AcquireAt(usize),
    /// Something is done with an object that has a contract.
    Use(Use),
    /// The lane returns from such an operation, which had to wait.
    Resume,
    /// A new lane begins.
    Spawn(Lane),
    /// A new lane begins that nobody was seen to create: it comes after all that any lane did so far.
    Adopt(Lane),
    /// The lane ends.
    Finish,
    /// The lane goes on in another slot of the clocks, as if its own had no times left. Each uses up a slot for good.
    Move,
    /// The end of a lane is waited for.
    Join(Lane),
    /// A block comes from the allocator.
    Allocate(Place),
    /// A block goes back to the allocator.
    Free(Place),
    /// The whole granules of the place have a new life without an owner.
    Forget(Place),
}

impl Operation {
    /// The bytes it is about, if any.
    pub fn place(self) -> Option<Place> {
        match self {
            Operation::Access(_, place)
            | Operation::ReadWrite(place)
            | Operation::Load(place, _)
            | Operation::Store(place, _)
            | Operation::Update(place, _)
            | Operation::Exchange(place, ..)
            | Operation::FailedExchange(place, ..)
            | Operation::Allocate(place)
            | Operation::Free(place)
            | Operation::Forget(place) => Some(place),
            Operation::Use(operation) => gate(operation).map(|(place, _)| place),
            _ => None,
        }
    }

    /// Whether its access is one by which an object tells of misuse.
    pub fn tells_of_misuse(self) -> bool {
        matches!(self, Operation::Use(operation) if gate(operation).is_some())
    }

    /// What it does to those bytes, as far as races are concerned.
    pub fn access(self) -> Option<AccessKind> {
        match self {
            Operation::Access(kind, _) => Some(kind),
            // Whatever races with the load races with the store.
            Operation::ReadWrite(_) => Some(AccessKind::Write),
            Operation::Load(..) | Operation::FailedExchange(..) => Some(AccessKind::AtomicRead),
            Operation::Store(..) | Operation::Update(..) | Operation::Exchange(..) => Some(AccessKind::AtomicWrite),
            Operation::Allocate(_) => Some(AccessKind::Allocate),
            Operation::Free(_) => Some(AccessKind::Free),
            Operation::Use(operation) => gate(operation).map(|(_, kind)| kind),
            _ => None,
        }
    }
}

/// The byte by which an object tells of misuse, as a race, and what the operation does to it: a send must be ordered with a
/// close, if it does not wait in a select, and what opens a group with all who wait for it. The kinds are two that are each
/// at peace with themselves.
fn gate(operation: Use) -> Option<(Place, AccessKind)> {
    let (number, kind) = match operation {
        Use::Send(Object(at)) | Use::TrySend(Object(at)) | Use::SelectSend(Object(at), _) => (at, AccessKind::Read),
        Use::Close(Object(at)) => (at, AccessKind::Write),
        Use::Open(Object(at), _) => (CHANNELS.len() + at, AccessKind::AtomicRead),
        Use::WaitForGroup(Object(at)) => (CHANNELS.len() + at, AccessKind::VolatileWrite),
        _ => return None,
    };
    Some((Place { at: GATES + 8 * number, size: 1 }, kind))
}

/// One step of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub lane: Lane,
    /// From where.
    pub site: Site,
    /// What.
    pub operation: Operation,
}

/// A valid execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    steps: Vec<Step>,
    effects: Vec<Effect>,
}

impl Execution {
    /// The execution of `steps`, without those that cannot be.
    pub fn from_steps(steps: &[Step]) -> Execution {
        let mut rules = Rules::new();
        let mut execution = Execution { steps: Vec::new(), effects: Vec::new() };
        for step in steps {
            if step.operation != Operation::Resume {
                execution.resume(&mut rules);
            }
            execution.add(&mut rules, *step);
        }
        execution.resume(&mut rules);
        execution
    }

    fn add(&mut self, rules: &mut Rules, step: Step) {
        if let Some(effect) = rules.admit(&step) {
            self.steps.push(step);
            self.effects.push(effect);
        }
    }

    /// Whoever's wait is over returns.
    fn resume(&mut self, rules: &mut Rules) {
        while let Some(step) = rules.return_due() {
            self.add(rules, step);
        }
    }

    /// The steps, in the order in which they happened.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What comes of each step.
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Unborn,
    Running,
    Waiting,
    Finished,
    Joined,
}

/// What may come next.
pub struct Rules {
    lanes: [Life; LANES],
    /// Live blocks: size by first byte.
    blocks: BTreeMap<usize, usize>,
    objects: Objects,
    /// Those who have yet to return from a wait that is over.
    woken: VecDeque<Lane>,
}

impl Rules {
    /// At the start: one lane, no blocks.
    pub fn new() -> Rules {
        let mut lanes = [Life::Unborn; LANES];
        lanes[0] = Life::Running;
        Rules { lanes, blocks: BTreeMap::new(), objects: Objects::new(), woken: VecDeque::new() }
    }

    /// The step that has to come before any other: a return.
    pub fn return_due(&self) -> Option<Step> {
        let lane = *self.woken.front()?;
        Some(Step { lane, site: Site(0), operation: Operation::Resume })
    }

    fn lanes_that_are(&self, life: Life) -> Vec<Lane> {
        (0..LANES).filter(|lane| self.lanes[*lane] == life).map(Lane).collect()
    }

    /// The lanes that may take a step.
    pub fn running(&self) -> Vec<Lane> {
        self.lanes_that_are(Life::Running)
    }

    /// The lanes that may be spawned.
    pub fn unborn(&self) -> Vec<Lane> {
        self.lanes_that_are(Life::Unborn)
    }

    /// The lanes that may be joined.
    pub fn finished(&self) -> Vec<Lane> {
        self.lanes_that_are(Life::Finished)
    }

    /// The blocks that may be freed.
    pub fn blocks(&self) -> Vec<Place> {
        self.blocks.iter().map(|(at, size)| Place { at: *at, size: *size }).collect()
    }

    /// The lanes that wait.
    pub fn waiting(&self) -> Vec<Lane> {
        self.lanes_that_are(Life::Waiting)
    }

    /// What comes of the step, which is noted; `None` when it may not come now.
    pub fn admit(&mut self, step: &Step) -> Option<Effect> {
        if step.operation == Operation::Resume {
            self.woken.pop_front_if(|lane| *lane == step.lane)?;
            self.lanes[step.lane.0] = Life::Running;
            return Some(Effect::default());
        }
        let may = self.woken.is_empty() && step.lane.0 < LANES && self.lanes[step.lane.0] == Life::Running;
        if !may {
            return None;
        }
        if let Operation::Use(operation) = step.operation {
            let effect = self.objects.admit(step.lane, operation)?;
            if effect.waits {
                self.lanes[step.lane.0] = Life::Waiting;
            }
            self.woken.extend(&effect.woken);
            return Some(effect);
        }
        self.admits(step).then(Effect::default)
    }

    fn admits(&mut self, step: &Step) -> bool {
        if step.operation.place().is_some_and(|place| place.size == 0 || place.at + place.size > GATES) {
            return false;
        }
        match step.operation {
            Operation::Spawn(lane) | Operation::Adopt(lane) => self.advance(lane, Life::Unborn, Life::Running),
            Operation::Finish => {
                !self.objects.are_held_by(step.lane) && self.advance(step.lane, Life::Running, Life::Finished)
            }
            Operation::Join(lane) => self.advance(lane, Life::Finished, Life::Joined),
            Operation::Allocate(place) => {
                let free =
                    place.at % 8 == 0 && place.size % 8 == 0 && !self.blocks().iter().any(|block| block.meets(place));
                if free {
                    self.blocks.insert(place.at, place.size);
                }
                free
            }
            Operation::Free(place) => {
                let lives = self.blocks.get(&place.at) == Some(&place.size);
                if lives {
                    self.blocks.remove(&place.at);
                }
                lives
            }
            Operation::Forget(place) => {
                self.blocks.retain(|at, size| !place.meets(Place { at: *at, size: *size }));
                true
            }
            _ => true,
        }
    }

    fn advance(&mut self, lane: Lane, from: Life, to: Life) -> bool {
        let may = lane.0 < LANES && self.lanes[lane.0] == from;
        if may {
            self.lanes[lane.0] = to;
        }
        may
    }
}

/// An operation of `lane` at `site`: how regression tests write their steps.
pub fn step(lane: usize, site: usize, operation: Operation) -> Step {
    Step { lane: Lane(lane), site: Site(site), operation }
}

/// `size` bytes from `at` on.
pub fn bytes(at: usize, size: usize) -> Place {
    Place { at, size }
}

/// As Rust code, for a regression test.
impl fmt::Display for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "&[")?;
        for Step { lane, site, operation } in &self.steps {
            writeln!(f, "    step({}, {}, {}),", lane.0, site.0, code(*operation))?;
        }
        write!(f, "]")
    }
}

fn code(operation: Operation) -> String {
    let bytes = operation.place().map_or(String::new(), |place| format!("bytes({}, {})", place.at, place.size));
    match operation {
        Operation::Access(kind, _) => format!("Access({kind:?}, {bytes})"),
        Operation::ReadWrite(_) => format!("ReadWrite({bytes})"),
        Operation::Load(_, order) => format!("Load({bytes}, {order:?})"),
        Operation::Store(_, order) => format!("Store({bytes}, {order:?})"),
        Operation::Update(_, order) => format!("Update({bytes}, {order:?})"),
        Operation::Exchange(_, success, failure) => format!("Exchange({bytes}, {success:?}, {failure:?})"),
        Operation::FailedExchange(_, success, failure) => format!("FailedExchange({bytes}, {success:?}, {failure:?})"),
        Operation::Allocate(_) => format!("Allocate({bytes})"),
        Operation::Free(_) => format!("Free({bytes})"),
        Operation::Forget(_) => format!("Forget({bytes})"),
        Operation::Fence(order) => format!("Fence({order:?})"),
        other => format!("{other:?}"),
    }
}
