//! Plays an execution to the engine and collects what it finds.
//!
//! All lanes are played by one operating system's thread, one step after the other, so that the execution is the one
//! that was asked for. A lane is made the running thread for its step; plain accesses come in through the hot path,
//! everything else through [`current::enter`], as in a program. No memory is touched: the operations on it are empty.
//!
//! Guarantees: each race that the engine shows its observer while a step is played is in the result, with the step.
//! Does not see what happens when two threads are in the engine at once.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use race_rt::access::AccessKind;
use race_rt::counters::COUNTERS;
use race_rt::report::gather;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::sync::object::SyncObject;
use race_rt::thread::context::NodeId;
use race_rt::thread::{Thread, ThreadId, current, registry};

use crate::execution::{ARENA, Execution, LANES, Lane, OBJECTS, Operation, Step};
use crate::found::Found;
use crate::oracle::Event;
use crate::stand_in::StandIns;
use crate::uses::Effect;
use crate::way_in::{access, atomic_place, pc_of, site_of};

/// What the observer is shown.
struct Shown {
    address: usize,
    kind: AccessKind,
    site: NodeId,
    other: Entry,
}

thread_local! {
    static SHOWN: RefCell<Vec<Shown>> = const { RefCell::new(Vec::new()) };
}

fn observe(_: &Thread, address: usize, kind: AccessKind, site: NodeId, other: Entry) {
    SHOWN.with_borrow_mut(|shown| shown.push(Shown { address, kind, site, other }));
}

/// Memory that executions are about, for one operating system's thread at a time.
pub struct Arena {
    memory: Box<[u64]>,
}

impl Arena {
    /// A new one. Starts the engine.
    pub fn new() -> Arena {
        static STARTED: OnceLock<()> = OnceLock::new();
        STARTED.get_or_init(|| {
            race_rt::start::ensure();
            gather::observe(observe);
        });
        Arena { memory: vec![0; ARENA / size_of::<u64>()].into() }
    }

    fn start(&self) -> usize {
        self.memory.as_ptr() as usize
    }

    /// What the engine finds in `execution`.
    ///
    /// # Panics
    /// When the engine says that it had to merge threads: what it finds is not exact then.
    pub fn play(&mut self, execution: &Execution) -> Vec<Found> {
        self.play_with(execution, |_, _| ())
    }

    /// The same, with something done before each step: it is told which, and where the arena is.
    pub fn play_with(&mut self, execution: &Execution, mut before: impl FnMut(Event, Range<usize>)) -> Vec<Found> {
        let start = self.start();
        let mut engine = Engine::new(start);
        for (event, (step, effect)) in execution.steps().iter().zip(execution.effects()).enumerate() {
            before(event, start..start + ARENA);
            engine.play(event, *step, effect);
        }
        let found = engine.end();
        assert_eq!(COUNTERS.slots_merged.get(), 0, "too many slots are in use");
        found
    }
}

/// How often a lane moved to another slot in this process.
static MOVES: AtomicUsize = AtomicUsize::new(0);

/// The engine's side of one execution.
struct Engine {
    arena: usize,
    threads: [Option<Box<Thread>>; LANES],
    ids: [Option<ThreadId>; LANES],
    objects: [SyncObject; OBJECTS],
    stand_ins: StandIns,
    found: Vec<Found>,
}

impl Engine {
    fn new(arena: usize) -> Engine {
        let mut first = registry::adopt(false);
        first.forget(arena, arena + ARENA);
        let mut engine = Engine {
            arena,
            threads: Default::default(),
            ids: [None; LANES],
            objects: [const { SyncObject::new() }; OBJECTS],
            stand_ins: StandIns::new(arena),
            found: Vec::new(),
        };
        engine.begin(Lane(0), first);
        engine
    }

    fn play(&mut self, event: Event, step: Step, effect: &Effect) {
        let thread = self.threads[step.lane.0].take().expect("the lane runs");
        if step.operation == Operation::Finish {
            registry::finish(thread);
        } else {
            let thread = running(thread, || self.perform(step, effect));
            self.threads[step.lane.0] = Some(thread);
        }
        self.collect(event);
    }

    /// Does the step for the running thread.
    fn perform(&mut self, step: Step, effect: &Effect) {
        let address = step.operation.place().map_or(0, |place| self.arena + place.at);
        let size = step.operation.place().map_or(0, |place| place.size);
        let pc = pc_of(step.site);
        match step.operation {
            Operation::Access(kind, _) => return access(kind, address, size, pc),
            Operation::ReadWrite(_) => return access(AccessKind::Write, address, size, pc),
            Operation::Use(operation) => {
                // How it tells of misuse.
                if let Some(kind) = step.operation.access() {
                    access(kind, address, size, pc);
                }
                let mut thread = current::enter().expect("the engine is not at work");
                return self.stand_ins.perform(&mut thread, step.lane, operation, effect);
            }
            _ => {}
        }
        let mut thread = current::enter().expect("the engine is not at work");
        let site = thread.site(pc);
        let place = atomic_place(&mut thread, address, size, step.site);
        match step.operation {
            Operation::Load(_, order) => {
                let at_once = thread.atomic_load_at_once(address, size, || ());
                let present = thread.epoch();
                let own = at_once.or_else(|| thread.own_load_in_new_step(present, place, || order, || ()));
                let repeated = own.or_else(|| thread.atomic_load_repeated(address, size, order, || ()));
                repeated.unwrap_or_else(|| thread.atomic_load_from(address, size, order, |_| place.from, || ()));
            }
            Operation::Store(_, order) => thread.atomic_store(place, order, || ()),
            Operation::Update(_, order) => thread.atomic_update(place, order, || ()),
            Operation::Exchange(_, success, failure) => {
                let _ = thread.atomic_exchange(place, success, failure, || Ok(()));
            }
            Operation::FailedExchange(_, success, failure) => {
                let _ = thread.atomic_exchange(place, success, failure, || Err(()));
            }
            Operation::Fence(order) => thread.atomic_fence(order),
            Operation::ObjectRelease(object) => self.objects[object.0].release(&mut thread),
            Operation::ObjectReleaseMerge(object) => self.objects[object.0].release_merge(&mut thread),
            Operation::ObjectAcquire(object) => self.objects[object.0].acquire(&mut thread),
            Operation::ObjectConsume(object) => self.objects[object.0].consume(&mut thread),
            Operation::ObjectClear(object) => self.objects[object.0].clear(),
            Operation::ReleaseAt(at) => thread.release_at(self.arena + at),
            Operation::AcquireAt(at) => thread.acquire_at(self.arena + at),
            Operation::Resume => self.stand_ins.resume(&mut thread, step.lane),
            Operation::Spawn(lane) => self.begin(lane, registry::spawn(&mut thread, None, site)),
            Operation::Adopt(lane) => self.begin(lane, registry::adopt(false)),
            // Beyond so many slots threads pass for ordered where they are not, which is counted.
            Operation::Move if MOVES.fetch_add(1, Ordering::Relaxed) >= registry::FRESH / 2 => {}
            Operation::Move => {
                registry::move_to_new_slot(&mut thread);
                thread.release();
            }
            Operation::Join(lane) => registry::join(&mut thread, self.ids[lane.0].expect("the lane has ended")),
            Operation::Allocate(_) => thread.allocated(address, size, site),
            Operation::Free(_) => thread.freed(address, size, site),
            Operation::Forget(_) => thread.forget(address, address + size),
            Operation::Access(..) | Operation::ReadWrite(_) | Operation::Use(_) | Operation::Finish => {
                unreachable!("done above")
            }
        }
    }

    fn begin(&mut self, lane: Lane, thread: Box<Thread>) {
        self.ids[lane.0] = Some(thread.id());
        self.threads[lane.0] = Some(thread);
    }

    fn collect(&mut self, event: Event) {
        let shown = SHOWN.take();
        self.found.extend(shown.into_iter().map(|Shown { address, kind, site, other }| {
            let granule = address / GRANULE * GRANULE;
            let mask = other.word.mask().0;
            let owner = registry::owner_of(other.word.epoch());
            Found {
                event,
                kind,
                bytes: (0..GRANULE).filter(|bit| mask >> bit & 1 == 1).map(|bit| granule + bit - self.arena).collect(),
                site: site_of(site),
                other_site: Some(site_of(other.site)),
                other_kind: other.word.kind(),
                other_lane: self.ids.iter().position(|id| *id == Some(owner)).map(Lane),
            }
        }));
    }

    fn end(self) -> Vec<Found> {
        self.threads.into_iter().flatten().for_each(registry::finish);
        // What the end of an unjoined thread carries would be kept for its joiner.
        self.ids.into_iter().flatten().for_each(registry::detach);
        self.found
    }
}

/// Runs `action` with `thread` as the running one.
fn running(thread: Box<Thread>, action: impl FnOnce()) -> Box<Thread> {
    let thread = Box::into_raw(thread);
    // SAFETY: `thread` came from `Box::into_raw`; what ran before is put back below.
    let before = unsafe { current::exchange(thread) };
    action();
    // SAFETY: `before` came from the exchange above.
    let thread = unsafe { current::exchange(before) };
    // SAFETY: what was put in place is handed out again, and it came from `Box::into_raw`.
    unsafe { Box::from_raw(thread) }
}
