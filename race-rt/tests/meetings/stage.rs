//! Plays a program's lanes at the same time, writes down in which order they met, and has the oracle judge it.
//!
//! Each step draws a ticket from one counter. An atomic operation draws its own while it touches the variable, so that the
//! tickets are in the order in which the engine saw the operations; a lock's holder draws its own while it holds the lock;
//! a lane is started after the ticket of its start and awaited after that of its end. The order of plain accesses among
//! each other does not matter to happens-before. So the steps by their tickets are the execution that took place, and
//! which bytes race in it follows from the definition.
//!
//! Guarantees: a byte that the engine shows races in that execution, with the deeds that it shows; a byte that races is
//! shown. Leaves out memory that dies and is allocated anew: which of an access and a free came first has no ticket.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock};

use race_rt::access::AccessKind;
use race_rt::report::gather;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::sync::object::SyncObject;
use race_rt::thread::context::NodeId;
use race_rt::thread::{Thread, ThreadId, current, registry};

use crate::execution::{Execution, Lane, OBJECTS, Operation, Site, Step};
use crate::oracle::Truth;
use crate::program::{Deed, Program};
use crate::way_in::{access, atomic_place, pc_of, site_of};

/// How lanes become threads.
#[derive(Clone, Copy, Debug)]
pub struct Crew {
    /// Runs a lane beside the others.
    pub start: fn(Box<dyn FnOnce() + Send>),
    /// Called over and over while a lane waits.
    pub pause: fn(),
}

/// What the observer is shown of a race.
struct Shown {
    address: usize,
    mask: u8,
    sites: (Site, Site),
}

static SHOWN: Mutex<Vec<Shown>> = Mutex::new(Vec::new());

fn observe(_: &Thread, address: usize, _: AccessKind, site: NodeId, other: Entry) {
    let shown = Shown { address, mask: other.word.mask().0, sites: (site_of(site), site_of(other.site)) };
    SHOWN.lock().expect("no thread panics with the lock").push(shown);
}

/// A lane's state on its way from its creator.
struct Newborn(Box<Thread>);

// SAFETY: nobody uses the state before the thread to which it is moved.
unsafe impl Send for Newborn {}

struct LaneRecord {
    id: OnceLock<ThreadId>,
    has_ended: AtomicBool,
}

/// What the lanes of one program share.
struct Stage {
    program: Program,
    crew: Crew,
    memory: Box<[u64]>,
    objects: [SyncObject; OBJECTS],
    locks: [AtomicBool; OBJECTS],
    lanes: Vec<LaneRecord>,
    tickets: AtomicUsize,
    steps: Mutex<Vec<(usize, Step)>>,
}

/// Plays `program` and compares.
///
/// # Errors
/// What differs from the truth, and the execution that took place.
pub fn meet(program: Program, granules: usize, crew: Crew) -> Result<usize, String> {
    race_rt::start::ensure();
    gather::observe(observe);
    let lanes = (0..program.lanes()).map(|_| LaneRecord { id: OnceLock::new(), has_ended: AtomicBool::new(false) });
    let stage = Arc::new(Stage {
        lanes: lanes.collect(),
        program,
        crew,
        memory: vec![0; granules].into(),
        objects: [const { SyncObject::new() }; OBJECTS],
        locks: [const { AtomicBool::new(false) }; OBJECTS],
        tickets: AtomicUsize::new(0),
        steps: Mutex::new(Vec::new()),
    });
    let mut first = registry::adopt(false);
    let start = stage.start();
    first.forget(start, start + granules * GRANULE);
    stage.clone().begin(Lane(0), Newborn(first));
    for lane in &stage.lanes {
        while !lane.has_ended.load(SeqCst) {
            crew.pause();
        }
    }
    for lane in &stage.lanes {
        // What the end of a lane carries would be kept for its joiner.
        registry::detach(*lane.id.get().expect("the lane was started"));
    }
    stage.judge()
}

impl Crew {
    fn pause(self) {
        (self.pause)();
    }
}

impl Stage {
    fn start(&self) -> usize {
        self.memory.as_ptr() as usize
    }

    fn note(&self, lane: Lane, site: Site, operation: Operation) {
        let ticket = self.tickets.fetch_add(1, SeqCst);
        self.add(ticket, lane, site, operation);
    }

    fn add(&self, ticket: usize, lane: Lane, site: Site, operation: Operation) {
        let step = Step { lane, site, operation };
        self.steps.lock().expect("no thread panics with the lock").push((ticket, step));
    }

    fn begin(self: Arc<Stage>, lane: Lane, state: Newborn) {
        let _ = self.lanes[lane.0].id.set(state.0.id());
        let start = self.crew.start;
        start(Box::new(move || self.live(lane, state)));
    }

    fn live(self: Arc<Stage>, lane: Lane, state: Newborn) {
        let Newborn(state) = state;
        // SAFETY: the pointer came from a box; what was there before is put back below.
        let before = unsafe { current::exchange(Box::into_raw(state)) };
        for (site, deed) in self.program.lane(lane) {
            self.perform(lane, *site, *deed);
        }
        // SAFETY: `before` came from the exchange above, and what it hands out is the lane's own state.
        let state = unsafe { Box::from_raw(current::exchange(before)) };
        self.note(lane, Site(usize::MAX), Operation::Finish);
        registry::finish(state);
        self.lanes[lane.0].has_ended.store(true, SeqCst);
    }

    fn perform(self: &Arc<Stage>, lane: Lane, site: Site, deed: Deed) {
        let enter = || current::enter().expect("the engine is not at work");
        match deed {
            Deed::Do(operation) => self.operate(lane, site, operation),
            Deed::Lock(object) => {
                while self.locks[object.0].swap(true, SeqCst) {
                    self.crew.pause();
                }
                self.note(lane, site, Operation::ObjectAcquire(object));
                self.objects[object.0].acquire(&mut enter());
            }
            Deed::Unlock(object) => {
                self.note(lane, site, Operation::ObjectRelease(object));
                self.objects[object.0].release(&mut enter());
                self.locks[object.0].store(false, SeqCst);
            }
            Deed::Start(child) => {
                let mut thread = enter();
                let creation = thread.site(pc_of(site));
                let state = registry::spawn(&mut thread, None, creation);
                drop(thread);
                self.note(lane, site, Operation::Spawn(child));
                self.clone().begin(child, Newborn(state));
            }
            Deed::Await(child) => {
                let record = &self.lanes[child.0];
                while !record.has_ended.load(SeqCst) {
                    self.crew.pause();
                }
                self.note(lane, site, Operation::Join(child));
                registry::join(&mut enter(), *record.id.get().expect("the lane was started"));
            }
        }
    }

    fn operate(&self, lane: Lane, site: Site, operation: Operation) {
        let (address, size) = operation.place().map_or((0, 0), |place| (self.start() + place.at, place.size));
        let pc = pc_of(site);
        match operation {
            Operation::Access(kind, _) => {
                self.note(lane, site, operation);
                return access(kind, address, size, pc);
            }
            Operation::ReadWrite(_) => {
                self.note(lane, site, operation);
                return access(AccessKind::Write, address, size, pc);
            }
            _ => {}
        }
        let mut thread = current::enter().expect("the engine is not at work");
        let from = |thread: &mut Thread| atomic_place(thread, address, size, site);
        let ticket = || self.tickets.fetch_add(1, SeqCst);
        let ticket = match operation {
            Operation::Load(_, order) => {
                let at_once = thread.atomic_load_at_once(address, size, ticket);
                let own = at_once.or_else(|| {
                    let (present, place) = (thread.epoch(), from(&mut thread));
                    thread.own_load_in_new_step(present, place, || order, ticket)
                });
                let repeated = own.or_else(|| thread.atomic_load_repeated(address, size, order, ticket));
                // Asked for where it is needed: what was recorded before may not be any more.
                repeated.unwrap_or_else(|| thread.atomic_load_from(address, size, order, |it| from(it).from, ticket))
            }
            Operation::Store(_, order) => {
                let (place, mut drawn) = (from(&mut thread), 0);
                thread.atomic_store(place, order, || drawn = ticket());
                drawn
            }
            Operation::Update(_, order) => {
                let place = from(&mut thread);
                thread.atomic_update(place, order, ticket)
            }
            Operation::Exchange(_, success, failure) => {
                let place = from(&mut thread);
                let (Ok(drawn) | Err(drawn)) =
                    thread.atomic_exchange(place, success, failure, || Ok::<usize, usize>(ticket()));
                drawn
            }
            Operation::FailedExchange(_, success, failure) => {
                let place = from(&mut thread);
                let (Ok(drawn) | Err(drawn)) =
                    thread.atomic_exchange(place, success, failure, || Err::<usize, usize>(ticket()));
                drawn
            }
            Operation::Fence(order) => {
                let drawn = ticket();
                thread.atomic_fence(order);
                drawn
            }
            other => unreachable!("{other:?} is in no program"),
        };
        self.add(ticket, lane, site, operation);
    }

    fn judge(&self) -> Result<usize, String> {
        let mut steps = std::mem::take(&mut *self.steps.lock().expect("no thread panicked"));
        steps.sort_by_key(|(ticket, _)| *ticket);
        let steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        let execution = Execution::from_steps(&steps);
        assert_eq!(execution.steps(), steps, "what took place is an execution");
        let truth = Truth::about(&execution);
        let events: HashMap<usize, usize> =
            steps.iter().enumerate().map(|(event, step)| (step.site.0, event)).collect();
        let bytes = self.start()..self.start() + self.memory.len() * GRANULE;
        let shown: Vec<Shown> = {
            let mut all = SHOWN.lock().expect("no thread panics with the lock");
            all.extract_if(.., |shown| bytes.contains(&shown.address)).collect()
        };
        let mut found = BTreeSet::new();
        for Shown { address, mask, sites } in shown {
            let granule = address / GRANULE * GRANULE - bytes.start;
            let pair = events.get(&sites.0.0).zip(events.get(&sites.1.0));
            for byte in (0..GRANULE).filter(|bit| mask >> bit & 1 == 1).map(|bit| granule + bit) {
                let is_true = pair.is_some_and(|(one, other)| {
                    let pair = (*one.min(other), *one.max(other));
                    truth.segment_of(byte).is_some_and(|segment| segment.races.contains(&pair))
                });
                if !is_true {
                    return Err(format!("false: byte {byte}, {sites:?}\n{execution}"));
                }
                found.insert(byte);
            }
        }
        let racy = truth.segments().iter().filter(|segment| !segment.races.is_empty());
        for byte in racy.flat_map(|segment| segment.bytes.clone()) {
            if !found.contains(&byte) {
                let pair = truth.segment_of(byte).and_then(|segment| segment.races.first());
                return Err(format!("missed: byte {byte}, steps {pair:?}\n{execution}"));
            }
        }
        Ok(found.len())
    }
}
