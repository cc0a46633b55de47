//! What the tests stand on: memory of their own, threads that the engine knows, and what it reported of that memory.
//!
//! Guarantees: one test's threads are at work at a time, so that they meet each other and not those of other tests; memory
//! is forgotten before a test gets it. The engine shows its races to this module in place of reporting them.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{self, SeqCst};
use std::sync::{Barrier, Mutex, PoisonError};

use race_rt::access::{self, AccessKind};
use race_rt::report::gather;
use race_rt::report::model::Pc;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::shadow::region::Region;
use race_rt::sync::atomics::{AtomicPlace, CallSite};
use race_rt::thread::context::NodeId;
use race_rt::thread::current::Inside;
use race_rt::thread::{Thread, current, registry};

/// Threads at work in each test.
pub const THREADS: usize = 4;
/// Rounds of [`hammer`].
pub const ROUNDS: usize = 60;
/// Granules of a [`Memory`].
pub const GRANULES: usize = 256;

/// Addresses of the bytes that were reported.
static REPORTED: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

/// Held while a test's threads are at work: few processors are enough for them to meet.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn observe(_: &Thread, address: usize, _: AccessKind, _: NodeId, other: Entry) {
    let granule = address / GRANULE * GRANULE;
    let bytes = (0..GRANULE).filter(|bit| other.word.mask().0 >> bit & 1 == 1).map(|bit| granule + bit);
    let mut reported = REPORTED.lock().expect("no thread panicked");
    reported.get_or_insert_default().extend(bytes);
}

/// The engine at work for the running thread.
pub fn enter() -> Inside {
    current::enter().expect("the engine is not at work")
}

/// The reported bytes of `range`, by address, once.
fn take_reported(range: Range<usize>) -> HashSet<usize> {
    let mut reported = REPORTED.lock().expect("no thread panicked");
    reported.get_or_insert_default().extract_if(|address| range.contains(address)).collect()
}

/// Memory that all threads of a test share, with a life of its own, in a region that has nothing else.
pub struct Memory {
    room: Vec<AtomicU64>,
    /// Which one is the first granule.
    first: usize,
}

const IN_REGION: usize = Region::SIZE / GRANULE;
const _: () = assert!(GRANULES <= IN_REGION);

impl Memory {
    /// Zeroes, without a past.
    pub fn new() -> Memory {
        race_rt::start::ensure();
        gather::observe(observe);
        let room: Vec<AtomicU64> = (0..2 * IN_REGION).map(|_| AtomicU64::new(0)).collect();
        let start = room.as_ptr() as usize;
        let first = (start.next_multiple_of(Region::SIZE) - start) / GRANULE;
        // Another test's memory may have lain here.
        enter().forget(start, start + 2 * Region::SIZE);
        Memory { room, first }
    }

    /// All addresses.
    pub fn range(&self) -> Range<usize> {
        self.byte(0, 0)..self.byte(GRANULES - 1, 0) + GRANULE
    }

    /// The address of a byte of a granule.
    pub fn byte(&self, granule: usize, byte: usize) -> usize {
        self.variable(granule) as *const _ as usize + byte
    }

    fn variable(&self, granule: usize) -> &AtomicU64 {
        &self.room[self.first + granule]
    }

    /// The reported bytes, by address.
    pub fn reported(&self) -> HashSet<usize> {
        take_reported(self.range())
    }

    fn place(&self, granule: usize) -> AtomicPlace {
        AtomicPlace { address: self.byte(granule, 0), size: 8, from: CallSite::Stack(NodeId::ROOT) }
    }

    /// An atomic load of a granule, as instrumented code does it.
    pub fn load(&self, granule: usize, order: Ordering) -> u64 {
        let load = || self.variable(granule).load(SeqCst);
        let address = self.byte(granule, 0);
        let mut thread = enter();
        let at_once = thread.atomic_load_at_once(address, 8, load);
        let (present, place) = (thread.epoch(), self.place(granule));
        let own = at_once.or_else(|| thread.own_load_in_new_step(present, place, || order, load));
        let repeated = own.or_else(|| thread.atomic_load_repeated(address, 8, order, load));
        repeated.unwrap_or_else(|| thread.atomic_load_from(address, 8, order, |_| CallSite::Stack(NodeId::ROOT), load))
    }

    /// An atomic store.
    pub fn store(&self, granule: usize, value: u64, order: Ordering) {
        let mut thread = enter();
        thread.atomic_store(self.place(granule), order, || self.variable(granule).store(value, SeqCst));
    }

    /// Adds one, atomically.
    pub fn add(&self, granule: usize, order: Ordering) -> u64 {
        let mut thread = enter();
        thread.atomic_update(self.place(granule), order, || self.variable(granule).fetch_add(1, SeqCst))
    }
}

/// Runs `work` in [`THREADS`] threads, which are told their number and given a barrier that the engine does not see.
pub fn with_threads(work: impl Fn(usize, &Barrier) + Sync) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for index in 0..THREADS {
            let announced = Announced(registry::spawn(&mut enter(), None, NodeId::ROOT));
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                announced.begin();
                work(index, barrier);
                current::end();
            });
        }
    });
}

/// Has each thread do `work(memory, thread, round)` in every round, and returns which bytes were reported, as (granule,
/// byte), round by round. Each round starts in all threads at once, on memory of its own.
pub fn hammer(work: impl Fn(&Memory, usize, usize) + Sync) -> Vec<HashSet<(usize, usize)>> {
    let memories: Vec<Memory> = (0..ROUNDS).map(|_| Memory::new()).collect();
    with_threads(|index, barrier| {
        for (round, memory) in memories.iter().enumerate() {
            barrier.wait();
            work(memory, index, round);
        }
    });
    memories
        .iter()
        .map(|memory| {
            let relative = |address| ((address - memory.byte(0, 0)) / GRANULE, address % GRANULE);
            memory.reported().into_iter().map(relative).collect()
        })
        .collect()
}

/// Memory for the blocks of an allocator.
pub struct Blocks {
    memory: Box<[u64]>,
    size: usize,
}

impl Blocks {
    /// A block of `size` bytes for each thread.
    pub fn new(size: usize) -> Blocks {
        race_rt::start::ensure();
        gather::observe(observe);
        let blocks = Blocks { memory: vec![0; THREADS * size / 8].into(), size };
        // Another test's memory may have lain here.
        enter().forget(blocks.range().start, blocks.range().end);
        blocks
    }

    /// All addresses.
    pub fn range(&self) -> Range<usize> {
        let start = self.memory.as_ptr() as usize;
        start..start + THREADS * self.size
    }

    /// Where each block begins.
    pub fn addresses(&self) -> Vec<usize> {
        self.range().step_by(self.size).collect()
    }

    /// The reported bytes, by address.
    pub fn reported(&self) -> HashSet<usize> {
        take_reported(self.range())
    }
}

/// A thread's state on its way to the thread.
pub struct Announced(pub Box<Thread>);

// SAFETY: nobody uses the state before the thread to which it is moved installs it.
unsafe impl Send for Announced {}

impl Announced {
    /// The running thread is this one from now on.
    pub fn begin(self) {
        current::begin(self.0);
    }
}

/// A plain load of some bytes of a [`Memory`] or of [`Blocks`], within a granule.
pub fn read(address: usize, size: usize, site: usize) {
    // SAFETY: the callers' addresses lie in memory of theirs.
    unsafe { access::read(address, size, Pc(site)) }
}

/// A plain store, likewise.
pub fn write(address: usize, size: usize, site: usize) {
    // SAFETY: the callers' addresses lie in memory of theirs.
    unsafe { access::write(address, size, Pc(site)) }
}

/// Waits for `condition` with its processor kept busy, or given away now and then where there are too few.
pub fn spin_until(mut condition: impl FnMut() -> bool) {
    let mut turns = 0u32;
    while !condition() {
        turns += 1;
        if turns.is_multiple_of(256) {
            std::thread::yield_now();
        }
        std::hint::spin_loop();
    }
}

/// No round reported anything.
pub fn assert_silent(rounds: &[HashSet<(usize, usize)>]) {
    for (round, reported) in rounds.iter().enumerate() {
        assert!(reported.is_empty(), "round {round}: reported {reported:?}");
    }
}
