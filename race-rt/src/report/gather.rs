//! From a conflict to a report: whose accesses they were, from where, and where those threads came from.

use std::sync::{Mutex, OnceLock};

use hashbrown::HashSet;

use super::dedupe::{Dedupe, RaceKey};
use super::frame::Symbolise;
use super::model::{AccessSide, Creation, Pc, Report, ThreadLabel};
use super::sink::Sink;
use super::symbol::Symboliser;
use super::trim;
use super::{exit, text};
use crate::access::AccessKind;
use crate::options::Options;
use crate::shadow::granule::Entry;
use crate::start::options;
use crate::sys::errno;
use crate::thread::context::{self, NodeId};
use crate::thread::{Thread, ThreadId, registry};

static DEDUPE: Dedupe = Dedupe::new();
static SYMBOLS: Symboliser = Symboliser::new();
/// Pairs of call stacks reported already: a racy loop comes here at every turn.
static SEEN: Mutex<Option<HashSet<(NodeId, NodeId)>>> = Mutex::new(None);

/// Who is shown each race in place of a report.
static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// What an observer is shown: what [`race`] is told.
pub type Observer = fn(&Thread, usize, AccessKind, NodeId, Entry);

/// From now on `observer` is shown every race of the process, repeated ones too, and nothing is reported: for tests that
/// compare what is found with what there is to find. The first observer stays.
pub fn observe(observer: Observer) {
    OBSERVER.get_or_init(|| observer);
}

/// Where reports go.
pub fn sink() -> &'static Sink {
    static SINK: OnceLock<Sink> = OnceLock::new();
    SINK.get_or_init(|| Sink::new(&options().log_path).unwrap_or_else(|error| exit::refuse(&error)))
}

/// How many races were reported.
pub fn count() -> u64 {
    DEDUPE.reported()
}

/// `thread` accesses the granule of `address` at `site`, and races with the entry `other` on its bytes.
#[cold]
#[inline(never)]
pub fn race(thread: &Thread, address: usize, kind: AccessKind, site: NodeId, other: Entry) {
    if let Some(observer) = OBSERVER.get() {
        return observer(thread, address, kind, site, other);
    }
    let options = options();
    if !options.report_bugs || (options.suppress_equal_stacks && !first_of_stacks(site, other.site)) {
        return;
    }
    errno::keep(|| report(thread, address, kind, site, other, options));
}

fn report(thread: &Thread, address: usize, kind: AccessKind, site: NodeId, other: Entry, options: &Options) {
    let report = gather(thread, address, kind, site, other);
    let key = RaceKey::of(&report, is_own);
    if !DEDUPE.admit(key, options.suppress_equal_stacks) {
        return;
    }
    sink().write(&text::render(&report, &SYMBOLS, options));
    if options.halt_on_error {
        exit::leave(i32::from(options.exitcode));
    }
}

/// Whether the code is of this library, which stands at the inner end of the stacks that were unwound.
fn is_own(pc: Pc) -> bool {
    cfg!(not(feature = "whole-program")) && SYMBOLS.frames(pc).iter().all(trim::is_library)
}

fn first_of_stacks(one: NodeId, other: NodeId) -> bool {
    let pair = (one.0.min(other.0), one.0.max(other.0));
    let mut seen = SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    seen.get_or_insert_default().insert((NodeId(pair.0), NodeId(pair.1)))
}

fn gather(thread: &Thread, address: usize, kind: AccessKind, site: NodeId, other: Entry) -> Report {
    let first_byte = other.word.mask().0.trailing_zeros() as usize;
    let address = (address & !7) + first_byte;
    let other_id = registry::owner_of(other.word.epoch());
    let side = |id: ThreadId, kind, site| AccessSide { address, kind, thread: label(id), stack: context::stack(site) };
    let ids = [thread.id(), other_id];
    let mut creations: Vec<Creation> = Vec::new();
    for id in ids {
        if id != ThreadId::MAIN && !creations.iter().any(|creation| creation.thread.id == id) {
            creations.push(creation(id));
        }
    }
    Report { current: side(ids[0], kind, site), previous: side(ids[1], other.word.kind(), other.site), creations }
}

fn label(id: ThreadId) -> ThreadLabel {
    ThreadLabel { id, name: registry::info(id).and_then(|info| info.name).map(String::from) }
}

fn creation(id: ThreadId) -> Creation {
    let info = registry::info(id);
    Creation {
        thread: label(id),
        finished: info.as_ref().is_some_and(|info| info.finished),
        stack: info.map_or_else(Vec::new, |info| context::stack(info.creation)),
    }
}
