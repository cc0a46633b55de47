//! How a step comes in: plain accesses as instrumented code's do, from a return address that stands for the site, and atomic
//! operations in turn as either tier's do.

use race_rt::access::{self, AccessKind};
use race_rt::report::model::Pc;
use race_rt::shadow::map::GRANULE;
use race_rt::sync::atomics::{AtomicPlace, CallSite};
use race_rt::thread::Thread;
use race_rt::thread::context::{self, NodeId};

use crate::execution::Site;

/// The return address that stands for a site.
pub fn pc_of(site: Site) -> Pc {
    Pc(site.0 + 1)
}

/// The site that a stack of one frame stands for.
pub fn site_of(node: NodeId) -> Site {
    let [pc] = context::stack(node)[..] else { return Site(usize::MAX) };
    Site(pc.0 - 1)
}

/// An access comes in as instrumented code's does: within a granule by the hot path.
pub fn access(kind: AccessKind, address: usize, size: usize, pc: Pc) {
    let in_granule = address % GRANULE + size <= GRANULE;
    match kind {
        // SAFETY: the callers' addresses lie in memory of theirs.
        AccessKind::Read if in_granule => unsafe { access::read(address, size, pc) },
        // SAFETY: as above.
        AccessKind::Write if in_granule => unsafe { access::write(address, size, pc) },
        _ => access::range(address, size, kind, pc),
    }
}

/// Where an atomic operation works: with its call stack where that is asked for in advance, or with a return address.
pub fn atomic_place(thread: &mut Thread, address: usize, size: usize, site: Site) -> AtomicPlace {
    let pc = pc_of(site);
    if site.0.is_multiple_of(2) {
        AtomicPlace::of(thread, address, size, AccessKind::AtomicWrite, |thread| thread.site(pc))
    } else {
        AtomicPlace { address, size, from: CallSite::Call(pc) }
    }
}
