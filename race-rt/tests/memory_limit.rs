//! The engine under a limit on its memory: it takes no more, misses what it has forgotten and nothing else, and says so.
//!
//! One test, because the limit is the process's.

use std::fs;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{self, SeqCst};

use race_rt::access::AccessKind;
use race_rt::counters::COUNTERS;
use race_rt::report::gather;
use race_rt::shadow::budget;
use race_rt::shadow::granule::Entry;
use race_rt::shadow::map::GRANULE;
use race_rt::start;
use race_rt::sync::atomics::AtomicPlace;
use race_rt::sys::memory;
use race_rt::thread::context::NodeId;
use race_rt::thread::{Thread, registry};

const MIB: usize = 1 << 20;
const LIMIT: usize = 8 * MIB;
/// Half of it needs four times the shadow that there is room for.
const MEMORY: usize = 40 * MIB;

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

#[test]
fn the_oldest_accesses_are_forgotten_and_no_edge_is() {
    start::ensure();
    gather::observe(observe);
    budget::limit_to(LIMIT).expect("there is address space");
    // The program's memory: nobody touches it, so that all that becomes resident is the engine's.
    let start = memory::reserve(MEMORY).expect("there is address space").next_multiple_of(4096);
    let (mut one, mut other) = (registry::adopt(false), registry::adopt(false));
    let site = NodeId::ROOT;
    let write = |thread: &mut Thread, address| thread.access(address, GRANULE, AccessKind::Write, site);

    // In the oldest region an access, in another one a variable that carries an edge, and an access beside it.
    let variable = AtomicPlace { address: start + 4 * memory::PAGE, size: 8, site: Some(site) };
    let guarded = variable.address + 8 * GRANULE;
    write(&mut one, start);
    write(&mut one, guarded);
    one.atomic_store(variable, Ordering::Release, || ());
    let before = resident();
    let mut most = 0;
    for address in (start + 8 * memory::PAGE..start + MEMORY / 2).step_by(GRANULE) {
        write(&mut one, address);
        if address % MIB == 0 {
            most = most.max(resident() - before);
        }
    }
    assert!(most < LIMIT + 2 * MIB, "{most} bytes are taken");
    let forgotten = COUNTERS.shadow_forgotten.get() as usize;
    let all = MEMORY / 2 / MIB * 3 / 2;
    assert!((all - LIMIT / MIB - 1..=all).contains(&forgotten), "{forgotten} MiB are forgotten");
    let told = COUNTERS.summary(false).expect("something was given up");
    assert_eq!(told, format!("race: {forgotten} MiB of shadow forgotten (memory_limit)\n"));

    assert_eq!(shown(|| write(&mut other, start)), 0, "forgotten: a race is missed");
    assert_eq!(shown(|| write(&mut other, start + MEMORY / 2 - GRANULE)), 1, "the newest accesses are not");
    // What the variable carries is not, for else this would be a race; nor what lies in its region.
    other.atomic_load(variable, Ordering::Acquire, || ());
    assert_eq!(shown(|| write(&mut other, guarded)), 0);
    assert_eq!(shown(|| write(&mut one, guarded)), 1);
    [one, other].into_iter().for_each(registry::finish);
}
