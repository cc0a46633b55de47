//! From a conflict to a report: whose accesses they were, from where, and where those threads came from.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hashbrown::HashSet;

use super::attribution::{self, Charged, Underway};
use super::dedupe::{Admission, Dedupe, RaceKey};
use super::frame::Symbolise;
use super::listener::{self, Untold};
use super::model::{AccessSide, Creation, Fatal, Pc, Report, ThreadLabel};
use super::sink;
use super::symbol::Symboliser;
use super::trim;
use super::{benign, counted, exit, text};
use crate::access::AccessKind;
use crate::counters::COUNTERS;
use crate::options::{Options, Perturb};
use crate::perturb;
use crate::shadow::granule::Entry;
use crate::start::{self, options};
use crate::sys::atomic::{AtomicBool, AtomicUsize, Mutex, Ordering};
use crate::sys::sleep::sleep;
use crate::sys::{cancellation, errno, stack};
use crate::thread::context::{self, NodeId};
use crate::thread::{Thread, ThreadId, current, holds, registry};
use crate::trace;

static DEDUPE: Dedupe = Dedupe::new();
static SYMBOLS: Symboliser = Symboliser::new();
/// Pairs of call stacks reported already, for each test: a racy loop comes here at every turn.
static SEEN: Mutex<Option<HashSet<(NodeId, NodeId, Charged)>>> = Mutex::new(None);
/// How many of them are kept: 4 MB.
const SEEN_AT_MOST: usize = 1 << 17;
/// Reports between their being counted and their being written.
static WRITING: AtomicUsize = AtomicUsize::new(0);
/// The process ends: what is not counted by now is not reported.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// The first report was written, and the process ends when the program was told of it.
static HALTING: AtomicBool = AtomicBool::new(false);

/// Who is shown each race in place of a report.
static OBSERVER: OnceLock<Observer> = OnceLock::new();

/// What an observer is shown: what [`race`] is told.
pub type Observer = fn(&Thread, usize, AccessKind, NodeId, Entry);

/// From now on `observer` is shown every race of the process, repeated ones too, and nothing is reported: for tests that
/// compare what is found with what there is to find. The first observer stays.
pub fn observe(observer: Observer) {
    OBSERVER.get_or_init(|| observer);
}

/// How many races were reported.
pub fn count() -> u64 {
    DEDUPE.reported()
}

/// Nothing is reported from now on, so that the count of reports can be told. Waits for those that are being written, not for
/// longer than `longest`: somebody may have to read them first.
pub(crate) fn close(longest: Duration) {
    CLOSED.store(true, Ordering::SeqCst);
    let end = Instant::now() + longest;
    while WRITING.load(Ordering::SeqCst) > 0 && Instant::now() < end {
        sleep(Duration::from_millis(1));
    }
}

/// This process has not reported anything: it was forked just now.
pub(crate) fn forget_reports() {
    WRITING.store(0, Ordering::SeqCst);
    DEDUPE.forget();
    SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
}

/// `thread` accesses the granule of `address` at `site`, and races with the entry `other` on its bytes.
#[cold]
#[inline(never)]
pub fn race(thread: &mut Thread, address: usize, kind: AccessKind, site: NodeId, other: Entry) {
    if let Some(observer) = OBSERVER.get() {
        return observer(thread, address, kind, site, other);
    }
    if COUNTERS.times_exhausted.get() > 0 {
        // Times are not told apart any more, so orders may have been lost.
        return;
    }
    let options = options();
    if !options.report_bugs || benign::covers(address, other.word.mask()) {
        return;
    }
    let charged = charged(thread, &other);
    let Some(underway) = begin_report(site, other.site, charged, options) else { return };
    let has_room = has_room(thread);
    let mut report = || {
        let report = gather(thread, address, kind, site, other);
        if let Some(untold) = write(report, charged, &underway, options) {
            thread.tell_later(untold);
        }
    };
    let on_a_stack = || if has_room { report() } else { stack::with_room(report) };
    errno::keep(|| cancellation::put_off(on_a_stack));
}

/// What a report may take of the stack: reading debug information takes most of it.
const ROOM: usize = 128 << 10;

/// Whether the running thread has as much left of its stack. Not on another stack than its own, as handlers of signals and
/// coroutines have them, which tend to be small.
fn has_room(thread: &Thread) -> bool {
    let here = stack::pointer();
    match &thread.stack {
        Some(own) => own.contains(&here) && here - own.start > ROOM,
        None => !stack::for_signals().contains(&here),
    }
}

/// The tests of the two threads. Both are asked for only where there are tests.
fn charged(thread: &Thread, other: &Entry) -> Charged {
    if !attribution::is_in_use() {
        return Charged::default();
    }
    let other = registry::owner_of(other.word.epoch());
    Charged::to(registry::trial_of(thread.id()), registry::trial_of(other))
}

/// Writes the report, unless it repeats one or is not wanted; hands it back when the program wants to be told of it.
fn write(report: Report, charged: Charged, underway: &Underway, options: &Options) -> Option<Untold> {
    let kind = report.current.kind;
    if kind == AccessKind::Free && !cfg!(feature = "whole-program") && is_counted(&report) {
        return None;
    }
    if start::suppressions().hold_for(&report, &SYMBOLS) {
        return None;
    }
    let key = RaceKey::of(&report, is_own).in_tests(charged);
    let _writing = Writing::begin();
    if CLOSED.load(Ordering::SeqCst) || HALTING.load(Ordering::Acquire) {
        return None;
    }
    match DEDUPE.admit(key, options.suppress_equal_stacks, options.max_reports) {
        Admission::Reported => {}
        Admission::Repeated => return None,
        Admission::Withheld => {
            COUNTERS.reports_withheld.increment();
            return None;
        }
    }
    underway.charge();
    let text = text::render(&report, &SYMBOLS, options);
    start::sink().write(&text);
    let untold = listener::any().then_some(Untold { report, text });
    if options.halt_on_error {
        HALTING.store(true, Ordering::Release);
        if untold.is_none() {
            halt(options);
        }
    }
    untold
}

/// A report that is counted and written, until dropped.
struct Writing;

impl Writing {
    fn begin() -> Writing {
        WRITING.fetch_add(1, Ordering::SeqCst);
        Writing
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Tells the program of its reports, now that the engine has finished with the access.
pub(crate) fn tell(untold: &[Untold]) {
    errno::keep(|| untold.iter().for_each(Untold::tell));
    if HALTING.load(Ordering::Acquire) {
        halt(options());
    }
}

fn halt(options: &Options) -> ! {
    trace::end();
    exit::leave(i32::from(options.exitcode))
}

/// Says on stderr what makes it impossible to go on, and ends the process with status 2 at once.
#[cold]
pub fn fatal(fatal: &Fatal) -> ! {
    let _inside = current::enter();
    // Nothing is left to be done if stderr is closed.
    let _ = sink::write_all(libc::STDERR_FILENO, text::render_fatal(fatal, &SYMBOLS, options()).as_bytes());
    exit::leave(exit::FATAL)
}

fn is_counted(report: &Report) -> bool {
    counted::is_by_reference_count(&report.current.stack, &SYMBOLS)
}

/// Whether the code is of this library, at the inner end of a stack that was unwound or came through the library.
fn is_own(pc: Pc) -> bool {
    SYMBOLS.frames(pc).iter().all(trim::is_library)
}

/// The report of a race between two stacks, unless these tests have had it.
fn begin_report(one: NodeId, other: NodeId, charged: Charged, options: &Options) -> Option<Underway> {
    let (one, other) = (holds::without_locks(one), holds::without_locks(other));
    let pair = (one.0.min(other.0), one.0.max(other.0));
    let mut seen = SEEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if seen.as_ref().is_some_and(|seen| seen.len() >= SEEN_AT_MOST) {
        // What comes again is found to be a repeat when its places have their names.
        seen.take();
    }
    let is_first = seen.get_or_insert_default().insert((NodeId(pair.0), NodeId(pair.1), charged));
    // Under the lock: who finds the pair seen may rely on its test's knowing of it.
    (is_first || !options.suppress_equal_stacks).then(|| charged.begin_report())
}

fn gather(thread: &Thread, address: usize, kind: AccessKind, site: NodeId, other: Entry) -> Report {
    let first_byte = other.word.mask().0.trailing_zeros() as usize;
    let address = (address & !7) + first_byte;
    let other_id = registry::owner_of(other.word.epoch());
    let side = |id: ThreadId, kind, site| AccessSide {
        address,
        kind,
        thread: label(id),
        stack: context::stack(site),
        held: holds::held_at(site),
    };
    let ids = [thread.id(), other_id];
    let mut creations: Vec<Creation> = Vec::new();
    for id in ids {
        if id != ThreadId::MAIN && !creations.iter().any(|creation| creation.thread.id == id) {
            creations.push(creation(id));
        }
    }
    Report {
        current: side(ids[0], kind, site),
        previous: side(ids[1], other.word.kind(), other.site),
        creations,
        schedule: (options().perturb != Perturb::Off).then(perturb::schedule),
    }
}

fn label(id: ThreadId) -> ThreadLabel {
    let info = registry::info(id);
    let is_task = info.as_ref().is_some_and(|info| info.is_task);
    ThreadLabel { id, name: info.and_then(|info| info.name).map(String::from), is_task }
}

fn creation(id: ThreadId) -> Creation {
    let info = registry::info(id);
    Creation {
        thread: label(id),
        // Only ended ones are forgotten.
        finished: info.as_ref().is_none_or(|info| info.finished),
        stack: info.map_or_else(Vec::new, |info| context::stack(info.creation)),
    }
}
