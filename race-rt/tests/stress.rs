//! Real threads that hammer the same granules through the engine at once, with the outcome known beforehand.
//!
//! Each thread is announced to the engine as a program's is, and works in rounds. A barrier of std, which the engine does
//! not see, starts each round, so that all threads are at work on the same granules together and yet nothing orders them.
//! Some bytes have accesses that nothing orders: each of those must be reported in every round's fresh memory. All
//! others must stay silent: bytes of one granule that belong to a thread each, bytes that all only read, atomic variables,
//! and bytes that are handed over by real atomics.
//!
//! Guarantees: what is asserted holds for every interleaving, so a failure is a bug of the engine. Can miss: bugs that need
//! an interleaving that did not occur.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Barrier, Mutex};

use race_rt::access::{self, AccessKind};
use race_rt::heap;
use race_rt::report::gather;
use race_rt::report::model::Pc;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::sync::atomics::AtomicPlace;
use race_rt::thread::context::NodeId;
use race_rt::thread::current::Inside;
use race_rt::thread::{Thread, current, registry};

const THREADS: usize = 4;
const ROUNDS: usize = 60;
const GRANULES: usize = 256;

/// Addresses of the bytes that were reported.
static REPORTED: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

fn observe(_: &Thread, address: usize, _: AccessKind, _: NodeId, other: Entry) {
    let granule = address / GRANULE * GRANULE;
    let bytes = (0..GRANULE).filter(|bit| other.word.mask().0 >> bit & 1 == 1).map(|bit| granule + bit);
    let mut reported = REPORTED.lock().expect("no thread panicked");
    reported.get_or_insert_default().extend(bytes);
}

/// The engine at work for the running thread.
fn enter() -> Inside {
    current::enter().expect("the engine is not at work")
}

/// The reported bytes of `range`, by address, once.
fn take_reported(range: Range<usize>) -> HashSet<usize> {
    let mut reported = REPORTED.lock().expect("no thread panicked");
    reported.get_or_insert_default().extract_if(|address| range.contains(address)).collect()
}

/// Memory that all threads of a test share, with a life of its own.
struct Memory(Vec<AtomicU64>);

impl Memory {
    fn new() -> Memory {
        race_rt::start::ensure();
        gather::observe(observe);
        let memory = Memory((0..GRANULES).map(|_| AtomicU64::new(0)).collect());
        // Another test's memory may have lain here.
        enter().forget(memory.range().start, memory.range().end);
        memory
    }

    fn range(&self) -> Range<usize> {
        self.byte(0, 0)..self.byte(GRANULES - 1, 0) + GRANULE
    }

    /// The address of a byte of a granule.
    fn byte(&self, granule: usize, byte: usize) -> usize {
        &raw const self.0[granule] as usize + byte
    }

    /// The reported bytes, by address.
    fn reported(&self) -> HashSet<usize> {
        take_reported(self.range())
    }

    fn place(&self, granule: usize) -> AtomicPlace {
        AtomicPlace { address: self.byte(granule, 0), size: 8, site: NodeId::ROOT }
    }

    fn load(&self, granule: usize, order: Ordering) -> u64 {
        let load = || self.0[granule].load(SeqCst);
        let mut thread = enter();
        let known = thread.atomic_load_known(self.byte(granule, 0), 8, |_| NodeId::ROOT, load);
        known.unwrap_or_else(|| thread.atomic_load(self.place(granule), order, load))
    }

    fn store(&self, granule: usize, value: u64, order: Ordering) {
        let mut thread = enter();
        thread.atomic_store(self.place(granule), order, || self.0[granule].store(value, SeqCst));
    }

    fn add(&self, granule: usize, order: Ordering) -> u64 {
        let mut thread = enter();
        thread.atomic_update(self.place(granule), order, || self.0[granule].fetch_add(1, SeqCst))
    }
}

/// Runs `work` in [`THREADS`] threads, which are told their number and given a barrier that the engine does not see.
fn with_threads(work: impl Fn(usize, &Barrier) + Sync) {
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for index in 0..THREADS {
            let announced = Announced(registry::spawn(&mut enter(), None, NodeId::ROOT));
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                announced.install();
                work(index, barrier);
                current::end();
            });
        }
    });
}

/// Has each thread do `work(memory, thread, round)` in every round, and returns which bytes were reported, as (granule,
/// byte), round by round. Each round starts in all threads at once, on memory of its own.
fn hammer(work: impl Fn(&Memory, usize, usize) + Sync) -> Vec<HashSet<(usize, usize)>> {
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
struct Blocks {
    memory: Box<[u64]>,
    size: usize,
}

impl Blocks {
    /// A block of `size` bytes for each thread.
    fn new(size: usize) -> Blocks {
        race_rt::start::ensure();
        gather::observe(observe);
        let blocks = Blocks { memory: vec![0; THREADS * size / 8].into(), size };
        // Another test's memory may have lain here.
        enter().forget(blocks.range().start, blocks.range().end);
        blocks
    }

    fn range(&self) -> Range<usize> {
        let start = self.memory.as_ptr() as usize;
        start..start + THREADS * self.size
    }

    fn addresses(&self) -> Vec<usize> {
        self.range().step_by(self.size).collect()
    }

    fn reported(&self) -> HashSet<usize> {
        take_reported(self.range())
    }
}

/// A thread's state on its way to the thread.
struct Announced(Box<Thread>);

// SAFETY: nobody uses the state before the thread to which it is moved installs it.
unsafe impl Send for Announced {}

impl Announced {
    fn install(self) {
        current::install(self.0);
    }
}

fn read(address: usize, size: usize, site: usize) {
    // SAFETY: all addresses lie in a `Memory`.
    unsafe { access::read(address, size, Pc(site)) }
}

fn write(address: usize, size: usize, site: usize) {
    // SAFETY: all addresses lie in a `Memory`.
    unsafe { access::write(address, size, Pc(site)) }
}

fn assert_silent(rounds: &[HashSet<(usize, usize)>]) {
    for (round, reported) in rounds.iter().enumerate() {
        assert!(reported.is_empty(), "round {round}: reported {reported:?}");
    }
}

#[test]
fn neighbouring_bytes_of_different_threads_are_silent() {
    let rounds = hammer(|memory, index, _| {
        for turn in 0..3 {
            for granule in 0..GRANULES {
                let own = memory.byte(granule, 2 * index);
                write(own, 1 + turn % 2, 0x100 + turn);
                read(own, 2, 0x200 + index);
            }
        }
    });
    assert_silent(&rounds);
}

#[test]
fn bytes_that_all_read_are_silent() {
    let rounds = hammer(|memory, index, _| {
        for turn in 0..4 {
            for granule in 0..GRANULES {
                read(memory.byte(granule, turn % 4), 4, 0x100 * index + turn);
            }
        }
    });
    assert_silent(&rounds);
}

#[test]
fn atomic_variables_are_silent_and_lose_no_update() {
    let lost = AtomicUsize::new(0);
    let rounds = hammer(|memory, index, _| {
        for granule in 0..GRANULES {
            memory.add(granule, [Relaxed, Acquire, Release, SeqCst][index % 4]);
            if memory.load(granule, Acquire) == 0 {
                lost.fetch_add(1, Relaxed);
            }
        }
    });
    assert_eq!(lost.into_inner(), 0);
    assert_silent(&rounds);
}

/// One thread writes, two read, one keeps out: the byte races whoever comes first, and its neighbours do not.
#[test]
fn each_byte_that_one_writes_and_others_read_is_reported() {
    let rounds = hammer(|memory, index, round| {
        for granule in 0..GRANULES {
            let byte = (granule + round) % 8;
            match index {
                0 => write(memory.byte(granule, byte), 1, 0x101),
                1 | 2 => read(memory.byte(granule, byte), 1, 0x102),
                _ => read(memory.byte(granule, (byte + 1) % 8), 1, 0x103),
            }
        }
    });
    for (round, reported) in rounds.iter().enumerate() {
        let expected: HashSet<_> = (0..GRANULES).map(|granule| (granule, (granule + round) % 8)).collect();
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// Plain accesses to variables that other threads operate on atomically.
#[test]
fn each_plain_access_to_an_atomic_variable_is_reported() {
    let rounds = hammer(|memory, index, _| {
        for granule in 0..GRANULES {
            if index == 0 {
                read(memory.byte(granule, 4), 2, 0x101);
            } else {
                memory.add(granule, Relaxed);
            }
        }
    });
    let expected: HashSet<_> = (0..GRANULES).flat_map(|granule| [(granule, 4), (granule, 5)]).collect();
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// Each thread releases and so steps on between accesses to granules with several entries, which all threads change at
/// once. Then a write that nothing orders meets reads that were made many steps before.
#[test]
fn old_accesses_are_not_lost_among_steps() {
    let rounds = hammer(|memory, index, _| {
        let flag = GRANULES - 1;
        for _ in 0..4 {
            for granule in 0..flag {
                if index < 2 {
                    read(memory.byte(granule, 0), 4, 0x100 + index);
                } else {
                    read(memory.byte(granule, 4), 4, 0x100 + index);
                }
            }
            memory.add(flag, Release);
        }
        if index == 3 {
            for granule in 0..flag {
                write(memory.byte(granule, 0), 2, 0x105);
            }
        }
    });
    let expected: HashSet<_> = (0..GRANULES - 1).flat_map(|granule| [(granule, 0), (granule, 1)]).collect();
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// A token goes round; who has it writes to all granules. The turns are real: each thread waits for its number.
#[test]
fn what_a_token_hands_over_is_silent() {
    let rounds = hammer(|memory, index, _| {
        let token = GRANULES - 1;
        for turn in 0..3 {
            let number = (turn * THREADS + index) as u64;
            while memory.load(token, Acquire) != number {
                std::thread::yield_now();
            }
            for granule in 0..16 {
                read(memory.byte(granule, 0), 8, 0x101);
                write(memory.byte(granule, 0), 8, 0x102);
            }
            if turn == 1 {
                memory.add(token, Release);
            } else {
                memory.store(token, number + 1, Release);
            }
        }
    });
    assert_silent(&rounds);
}

/// Who waits for a variable's first release reads it while the engine begins to keep something for it.
#[test]
fn the_first_release_of_a_variable_reaches_who_spins_on_it() {
    let rounds = hammer(|memory, index, round| {
        let (sender, receiver) = (round % THREADS, (round + 1) % THREADS);
        for flag in (0..GRANULES).step_by(2) {
            if index == sender {
                write(memory.byte(flag + 1, 0), 8, 0x101);
                memory.store(flag, 1, Release);
            } else if index == receiver {
                while memory.load(flag, Acquire) == 0 {
                    std::hint::spin_loop();
                }
                read(memory.byte(flag + 1, 0), 8, 0x102);
            }
        }
    });
    assert_silent(&rounds);
}

/// The same with a token that is handed on by relaxed stores: every byte races, and is reported.
#[test]
fn what_a_relaxed_token_hands_over_is_reported() {
    let rounds = hammer(|memory, index, _| {
        let token = GRANULES - 1;
        while memory.load(token, Acquire) != index as u64 {
            std::thread::yield_now();
        }
        for granule in 0..16 {
            write(memory.byte(granule, 0), 8, 0x102);
        }
        memory.store(token, index as u64 + 1, Relaxed);
    });
    let expected: HashSet<_> = (0..16).flat_map(|granule| (0..8).map(move |byte| (granule, byte))).collect();
    for (round, reported) in rounds.iter().enumerate() {
        assert_eq!(*reported, expected, "round {round}");
    }
}

/// Blocks of a pool go from thread to thread with an order that the engine does not see; each allocation begins a life.
/// Small blocks have their lives in their granules, large ones in a table.
#[test]
fn blocks_that_pass_through_an_allocator_are_silent() {
    for size in [64, heap::LARGE] {
        let memory = Blocks::new(size);
        let pool = Mutex::new(memory.addresses());
        with_threads(|index, _| {
            for turn in 0..100 {
                let block = pool.lock().expect("no thread panicked").pop().expect("a block for each thread");
                enter().allocated(block, size, NodeId::ROOT);
                for place in [0, 16, size / 2, size - 8] {
                    write(block + place, 8, 0x100 + index);
                    read(block + place, 4, 0x200 + turn);
                }
                enter().freed(block, size, NodeId::ROOT);
                pool.lock().expect("no thread panicked").push(block);
            }
        });
        assert_eq!(memory.reported(), HashSet::new(), "blocks of {size} bytes");
    }
}

/// All threads write to a block that nothing hands to them: a race in each life, and never between two lives.
#[test]
fn what_happens_to_a_block_in_one_life_is_reported() {
    for size in [64, heap::LARGE] {
        let memory = Blocks::new(size);
        let blocks = memory.addresses();
        with_threads(|index, barrier| {
            for block in &blocks {
                if index == 0 {
                    enter().allocated(*block, size, NodeId::ROOT);
                }
                barrier.wait();
                // Bytes of their own: they race with the allocation only.
                if index > 0 {
                    write(block + size - 8 + index, 1, 0x100 + index);
                }
                barrier.wait();
            }
        });
        let expected =
            blocks.iter().flat_map(|block| (1..THREADS).map(move |index| block + size - 8 + index)).collect();
        assert_eq!(memory.reported(), expected, "blocks of {size} bytes");
    }
}

/// Threads that spawn and join others at once, so that slots pass on all the time: what a child does is ordered before
/// what its parent does after the join, and not with what others do.
#[test]
fn slots_that_pass_on_at_once_lose_nothing() {
    let memory = Memory::new();
    with_threads(|index, barrier| {
        for turn in 0..100 {
            let child = registry::spawn(&mut enter(), None, NodeId::ROOT);
            let id = child.id();
            std::thread::scope(|scope| {
                let (memory, child) = (&memory, Announced(child));
                scope.spawn(move || {
                    child.install();
                    // A byte of its own thread's, then one that all threads' children write.
                    write(memory.byte(turn, index), 1, 0x100 + index);
                    write(memory.byte(turn, 7), 1, 0x200 + index);
                    current::end();
                });
            });
            registry::join(&mut enter(), id);
            write(memory.byte(turn, index), 1, 0x300 + index);
            barrier.wait();
        }
    });
    assert_eq!(memory.reported(), (0..100).map(|turn| memory.byte(turn, 7)).collect());
}
