//! What `cargo race analyze` makes of a file: the recording judged by the engine and by the oracle, and the reports.
//!
//! Any file ends in reports or in one sentence, in memory that is bounded. Nothing that a recording names on the disk is
//! opened here; cargo-race's own tests do that.

use std::collections::HashSet;
use std::ops::ControlFlow;

use race_rt::access::AccessKind;
use race_rt::options::{Options, SuppressionList};
use race_rt::replay::{By, Race, Replay, ReplayError};
use race_rt::report::attribution::Charged;
use race_rt::report::dedupe::{Admission, Dedupe, RaceKey};
use race_rt::report::frame::{Frame, Symbolise};
use race_rt::report::model::Pc;
use race_rt::report::suppression::Suppressions;
use race_rt::report::{counted, text};
use race_rt::thread::context::NodeId;

/// So many reports are looked at.
const REPORTS: usize = 20;
/// Bytes of memory that a recording may take.
const ROOM: usize = 1 << 30;

/// Judges the bytes.
///
/// # Panics
/// A judge panics, or says what is no sentence.
pub fn run(bytes: &[u8]) {
    for by in [By::Engine, By::Oracle] {
        if let Err(error) = judge(bytes, by) {
            let sentence = error.to_string();
            assert_eq!(sentence.lines().count(), 1, "{sentence}");
        }
    }
}

fn judge(bytes: &[u8], by: By) -> Result<(), ReplayError> {
    let replay = Replay::new(bytes)?.within(ROOM);
    let suppressions = Suppressions::new(&SuppressionList::Shipped).expect("the shipped list can be read");
    let options = Options::default();
    let mut reporter = Reporter { suppressions, options, dedupe: Dedupe::new(), seen: HashSet::new(), told: 0 };
    replay.judge(by, |race, judged| {
        assert!(judged.modules.iter().all(|module| module.path.as_os_str().len() <= bytes.len()));
        reporter.tell(&race).is_continue()
    })
}

struct Reporter {
    suppressions: Suppressions,
    options: Options,
    dedupe: Dedupe,
    seen: HashSet<([NodeId; 2], Charged)>,
    told: usize,
}

impl Reporter {
    /// As the command does it.
    fn tell(&mut self, race: &Race) -> ControlFlow<()> {
        let Race { report, stacks, charged } = race;
        let of_count =
            || report.current.kind == AccessKind::Free && counted::is_by_reference_count(&report.current.stack, &Code);
        if !self.seen.insert((*stacks, *charged)) || of_count() || self.suppressions.hold_for(report, &Code) {
            return ControlFlow::Continue(());
        }
        let key = RaceKey::of(report, |_| false).in_tests(*charged);
        if self.dedupe.admit(key, true, self.options.max_reports) == Admission::Reported {
            let text = text::render(report, &Code, &self.options);
            let ends = ("==================\nWARNING: DATA RACE\n", "==================\n");
            assert!(text.starts_with(ends.0) && text.ends_with(ends.1), "{text}");
            self.told += 1;
        }
        if self.told < REPORTS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Functions with names of all sorts.
struct Code;

impl Symbolise for Code {
    fn frames(&self, pc: Pc) -> Vec<Frame> {
        let function = match pc.0 % 4 {
            0 => None,
            1 => Some("core::ptr::drop_in_place".to_owned()),
            2 => Some("alloc::sync::Arc::drop".to_owned()),
            _ => Some(format!("program::function_{}", pc.0 % 64)),
        };
        vec![Frame { pc, function, file: None, line: None, column: None, module: None, offset: pc.0 }]
    }
}
