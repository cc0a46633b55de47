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
use std::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Barrier, Mutex};

use race_rt::access::{self, AccessKind};
use race_rt::report::gather;
use race_rt::report::model::Pc;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::sync::atomics::AtomicPlace;
use race_rt::thread::context::NodeId;
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

/// Memory that all threads of a test share, a new one for each round.
struct Memory(Vec<AtomicU64>);

impl Memory {
    fn new() -> Memory {
        race_rt::start::ensure();
        gather::observe(observe);
        Memory((0..GRANULES).map(|_| AtomicU64::new(0)).collect())
    }

    /// The address of a byte of a granule.
    fn byte(&self, granule: usize, byte: usize) -> usize {
        &raw const self.0[granule] as usize + byte
    }

    fn reported(&self) -> HashSet<usize> {
        let range = self.byte(0, 0)..self.byte(GRANULES - 1, 0) + GRANULE;
        let mut reported = REPORTED.lock().expect("no thread panicked");
        reported.get_or_insert_default().extract_if(|address| range.contains(address)).collect()
    }

    fn place(&self, granule: usize) -> AtomicPlace {
        AtomicPlace { address: self.byte(granule, 0), size: 8, site: NodeId::ROOT }
    }

    fn load(&self, granule: usize, order: Ordering) -> u64 {
        let load = || self.0[granule].load(SeqCst);
        let mut thread = current::enter().expect("the engine is not at work");
        let known = thread.atomic_load_known(self.byte(granule, 0), 8, |_| NodeId::ROOT, load);
        known.unwrap_or_else(|| thread.atomic_load(self.place(granule), order, load))
    }

    fn store(&self, granule: usize, value: u64, order: Ordering) {
        let mut thread = current::enter().expect("the engine is not at work");
        thread.atomic_store(self.place(granule), order, || self.0[granule].store(value, SeqCst));
    }

    fn add(&self, granule: usize, order: Ordering) -> u64 {
        let mut thread = current::enter().expect("the engine is not at work");
        thread.atomic_update(self.place(granule), order, || self.0[granule].fetch_add(1, SeqCst))
    }
}

/// Has each of [`THREADS`] threads do `work(memory, thread, round)` in every round, and returns which bytes were
/// reported, as (granule, byte), round by round. Each round starts in all threads at once, on memory of its own.
fn hammer(work: impl Fn(&Memory, usize, usize) + Sync) -> Vec<HashSet<(usize, usize)>> {
    let memories: Vec<Memory> = (0..ROUNDS).map(|_| Memory::new()).collect();
    let barrier = Barrier::new(THREADS);
    // The test's own thread may not have been met yet, or another test's memory lain here before.
    for memory in &memories {
        let mut thread = current::enter().expect("the engine is not at work");
        thread.forget(memory.byte(0, 0), memory.byte(GRANULES - 1, 0) + GRANULE);
    }
    let spawn = || {
        let mut parent = current::enter().expect("the engine is not at work");
        Announced(registry::spawn(&mut parent, None, NodeId::ROOT))
    };
    std::thread::scope(|scope| {
        for index in 0..THREADS {
            let announced = spawn();
            let (memories, barrier, work) = (&memories, &barrier, &work);
            scope.spawn(move || {
                announced.install();
                for (round, memory) in memories.iter().enumerate() {
                    barrier.wait();
                    work(memory, index, round);
                }
                current::end();
            });
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
