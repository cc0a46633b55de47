//! Accesses of which the wrapper tier tells, and the lives of memory that its allocators hand out.
//!
//! An access counts also where the library's own doing is hidden: it is the program's, by the library's word.

use super::super::with_return_address;
use crate::access::{AccessKind, whole_granules};
use crate::report::model::Pc;
use crate::shadow::map::GRANULE;
use crate::thread::current;

/// The kinds in the order of their numbers.
const KINDS: [AccessKind; 6] = [
    AccessKind::Read,
    AccessKind::Write,
    AccessKind::VolatileRead,
    AccessKind::VolatileWrite,
    // Two kinds of which each is at peace with itself and in conflict with the other: who lets others in, and who waits
    // for all to be through.
    AccessKind::AtomicRead,
    AccessKind::VolatileWrite,
];

extern "C" fn access(address: usize, size: usize, kind: usize, pc: usize) {
    let Some(mut thread) = current::enter() else { return };
    if thread.is_solo() {
        return;
    }
    let hidden = thread.reveal();
    let site = thread.site(Pc(pc));
    thread.access(address, size, KINDS[kind], site);
    thread.conceal(hidden);
}

/// The granules of a block, those that it shares with its neighbours included.
fn around(address: usize, size: usize) -> (usize, usize) {
    let end = address.saturating_add(size);
    (address & !(GRANULE - 1), end.checked_next_multiple_of(GRANULE).unwrap_or(end))
}

extern "C" fn allocated(address: usize, size: usize, pc: usize) {
    let (start, end) = around(address, size);
    let Some(mut thread) = current::enter() else { return current::forget(start, end) };
    thread.forget(start, end);
    if !thread.is_hidden() {
        let site = thread.site(Pc(pc));
        thread.allocated(address, size, site);
    }
}

extern "C" fn freed(address: usize, size: usize, pc: usize) {
    if let Some(mut thread) = current::enter()
        && !thread.is_hidden()
    {
        let site = thread.site(Pc(pc));
        thread.freed(address, size, site);
    }
}

extern "C" fn given_back(address: usize, size: usize, pc: usize) {
    if let Some(mut thread) = current::enter()
        && !thread.is_solo()
        && whole_granules(address, address.saturating_add(size)).is_some()
    {
        let site = thread.site(Pc(pc));
        thread.freed_where_touched(address, address + size, site);
    }
}

/// The memory has a new life, in which nothing was done to it yet.
#[unsafe(no_mangle)]
pub extern "C" fn __race_forget(address: usize, size: usize) {
    let (start, end) = around(address, size);
    current::forget(start, end);
}

with_return_address! {
    __race_access => access, "rcx";
    __race_allocated => allocated, "rdx";
    __race_freed => freed, "rdx";
    __race_given_back => given_back, "rdx";
}
