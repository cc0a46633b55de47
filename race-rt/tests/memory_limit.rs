//! The engine under a limit on its memory: it takes no more, misses what it has forgotten and nothing else, and says so.
//!
//! One test, because the limit is the process's. Its parts come one after the other.

use std::fs;
use std::ops::Range;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{self, SeqCst};

use race_rt::access::AccessKind;
use race_rt::counters::COUNTERS;
use race_rt::report::gather;
use race_rt::shadow::budget;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::shadow::region::{self, Region};
use race_rt::start;
use race_rt::sync::atomics::{AtomicPlace, CallSite};
use race_rt::sys::memory;
use race_rt::thread::context::NodeId;
use race_rt::thread::{Thread, registry};

const MIB: usize = 1 << 20;
const LIMIT: usize = 8 * MIB;
/// As much needs almost four times the shadow that there is room for.
const MUCH: usize = 20 * MIB;

static SHOWN: AtomicUsize = AtomicUsize::new(0);

fn observe(_: &Thread, _: usize, _: AccessKind, _: NodeId, _: Entry) {
    SHOWN.fetch_add(1, SeqCst);
}

/// How many races the engine shows of `action`.
fn shown(action: impl FnOnce()) -> usize {
    let before = SHOWN.load(SeqCst);
    action();
    SHOWN.load(SeqCst) - before
}

/// Bytes of the process in memory.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux tells");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number of pages") * memory::PAGE
}

/// Memory of the program's, which nobody touches, so that all that becomes resident is the engine's.
fn memory(size: usize) -> Range<usize> {
    let start = memory::reserve(size + Region::SIZE).expect("there is address space").next_multiple_of(Region::SIZE);
    start..start + size
}

const SITE: NodeId = NodeId::ROOT;

fn write(thread: &mut Thread, address: usize) {
    thread.access(address, GRANULE, AccessKind::Write, SITE);
}

fn write_all(thread: &mut Thread, memory: Range<usize>) {
    memory.step_by(GRANULE).for_each(|address| write(thread, address));
}

/// A variable that carries an edge, and in its region an access beside it.
struct Kept {
    variable: AtomicPlace,
    guarded: usize,
}

impl Kept {
    fn new(thread: &mut Thread) -> Kept {
        let address = memory(Region::SIZE).start;
        let variable = AtomicPlace { address, size: GRANULE, from: CallSite::Stack(SITE) };
        let guarded = address + 8 * GRANULE;
        write(thread, guarded);
        thread.atomic_store(variable, Ordering::Release, || ());
        Kept { variable, guarded }
    }
}

#[test]
fn the_oldest_accesses_are_forgotten_and_no_edge_is() {
    start::ensure();
    gather::observe(observe);
    budget::limit_to(LIMIT).expect("there is address space");
    let (mut one, mut other) = (registry::adopt(false), registry::adopt(false));
    let before = resident();
    old_accesses(&mut one, &mut other, before);
    what_is_empty_already(&mut one);
    what_is_given_back(&mut one);
    what_could_not_be_forgotten_once(&mut one, &mut other);
    the_newest_whatever_the_limit(&mut one, &mut other);
    budget::limit_to(LIMIT).expect("there is address space");
    records(&mut one, &mut other, before);
    [one, other].into_iter().for_each(registry::finish);
}

fn old_accesses(one: &mut Thread, other: &mut Thread, before: usize) {
    let oldest = memory(Region::SIZE).start;
    write(one, oldest);
    let Kept { variable, guarded } = Kept::new(one);
    let much = memory(MUCH);
    let mut most = 0;
    for address in much.clone().step_by(GRANULE) {
        write(one, address);
        if address % MIB == 0 {
            most = most.max(resident() - before);
        }
    }
    assert!(most < LIMIT + 2 * MIB, "{most} bytes are taken");
    let forgotten = COUNTERS.shadow_forgotten.get() as usize;
    let all = MUCH / MIB * 3 / 2;
    assert!((all - LIMIT / MIB - 1..=all).contains(&forgotten), "{forgotten} MiB are forgotten");
    let told = COUNTERS.summary(false).expect("something was given up");
    assert_eq!(told, format!("race: {forgotten} MiB of shadow forgotten (memory_limit)\n"));

    assert_eq!(shown(|| write(other, oldest)), 0, "forgotten: a race is missed");
    assert_eq!(shown(|| write(other, much.end - GRANULE)), 1, "the newest accesses are not");
    // What the variable carries is not, for else this would be a race; nor what lies in its region.
    other.atomic_load(variable, Ordering::Acquire, || ());
    assert_eq!(shown(|| write(other, guarded)), 0);
    assert_eq!(shown(|| write(one, guarded)), 1);
}

/// Memory that the program has given up counts as forgotten by nobody.
fn what_is_empty_already(one: &mut Thread) {
    let (given_up, next) = (memory(6 * MIB), memory(3 * MIB));
    write_all(one, given_up.clone());
    one.forget(given_up.start, given_up.end);
    let before = COUNTERS.shadow_forgotten.get();
    write_all(one, next);
    assert_eq!(COUNTERS.shadow_forgotten.get(), before);
}

/// The shadow of memory that nobody has any more goes back to the kernel, all of it.
fn what_is_given_back(one: &mut Thread) {
    let given_up = memory(3 * MIB);
    write_all(one, given_up.clone());
    one.forget(given_up.start, given_up.end);
    let before = resident();
    region::give_back(given_up.start, given_up.end);
    assert!(before - resident() > 4 * MIB, "{before} bytes before, {} after", resident());
}

/// Once the variable is gone that was in the way.
fn what_could_not_be_forgotten_once(one: &mut Thread, other: &mut Thread) {
    let Kept { variable, guarded } = Kept::new(one);
    write_all(one, memory(8 * MIB));
    one.forget(variable.address, variable.address + variable.size);
    write_all(one, memory(8 * MIB));
    assert_eq!(shown(|| write(other, guarded)), 0);
}

fn the_newest_whatever_the_limit(one: &mut Thread, other: &mut Thread) {
    const FEW: usize = 64;
    const MANY: usize = 1000;
    budget::limit_to(1).expect("there is address space");
    // A few old regions go for each new one: now none is left but the newest.
    memory(MANY * Region::SIZE).step_by(Region::SIZE).for_each(|address| write(one, address));
    let few: Vec<usize> = memory(FEW * Region::SIZE).step_by(Region::SIZE).collect();
    few.iter().for_each(|address| write(one, *address));
    assert_eq!(shown(|| few.iter().for_each(|address| write(other, *address))), FEW);
}

/// Where a granule has several accesses, the others than the newest are in records, which count: of all parts of a granule
/// each with each, so that hardly any record is shared.
fn records(one: &mut Thread, other: &mut Thread, before: usize) {
    let parts: Vec<Range<usize>> =
        (0..GRANULE).flat_map(|start| (start + 1..=GRANULE).map(move |end| start..end)).collect();
    let mut most = 0;
    for (turn, address) in memory(6 * MIB).step_by(GRANULE).enumerate() {
        let part = &parts[turn % parts.len()];
        one.access(address + part.start, part.len(), AccessKind::Read, SITE);
        let part = &parts[turn / parts.len() % parts.len()];
        other.access(address + part.start, part.len(), AccessKind::Read, SITE);
        if address % MIB == 0 {
            most = most.max(resident() - before);
        }
    }
    assert!(most < LIMIT + 4 * MIB, "{most} bytes are taken");
}
