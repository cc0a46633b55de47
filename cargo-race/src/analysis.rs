//! `cargo race analyze FILE`: judges a recording and prints the reports that the recorded process printed.
//!
//! What was not reported there is not reported here: repeated pairs of places, harmless memory, what suppressions name, and in
//! the wrapper tier releases by reference counts. `RACE_OPTIONS` holds for what is printed and for the exit status, which is
//! that of the recorded process if it did not fail by itself.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;

use race_rt::access::AccessKind;
use race_rt::counters::COUNTERS;
use race_rt::options::{LogPath, Options, VARIABLE};
use race_rt::replay::{By, Race, Replay};
use race_rt::report::attribution::Charged;
use race_rt::report::dedupe::{Admission, Dedupe, RaceKey};
use race_rt::report::frame::Symbolise;
use race_rt::report::sink::Sink;
use race_rt::report::suppression::Suppressions;
use race_rt::report::{counted, exit, text, trim};
use race_rt::sys::room::Room;
use race_rt::thread::context::NodeId;
use race_rt::trace::header::{self, Header};

use crate::arguments::AnalyzeArguments;
use crate::error::Error;
use crate::recorded_code::RecordedCode;

/// Judges the recording that the arguments name.
pub fn run(arguments: &AnalyzeArguments) -> Result<ExitCode, Error> {
    let refused = |reason: String| Error::NotAnalyzed { path: arguments.file.clone(), reason };
    let options = take_options()?;
    let bytes = read(&arguments.file).map_err(|reason| refused(reason.to_string()))?;
    let replay = Replay::new(&bytes).map_err(|reason| refused(reason.to_string()))?;
    let mut reporter = Reporter::new(options, replay.is_whole_program())?;
    let by = if arguments.oracle { By::Oracle } else { By::Engine };
    let judged = replay.judge(by, |race, judged| {
        reporter.code.know(judged.modules);
        reporter.tell(&race)
    });
    judged.map_err(|reason| refused(reason.to_string()))?;
    Ok(reporter.end())
}

/// What is in a file, unless it is more than there is memory for; only the beginning of what is no recording.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    const PIECE: u64 = 1 << 24;
    let (mut file, room, mut bytes) = (File::open(path)?, Room::of_system(), Vec::new());
    file.by_ref().take(header::SIZE as u64).read_to_end(&mut bytes)?;
    if Header::read(&bytes).is_ok() {
        while file.by_ref().take(PIECE).read_to_end(&mut bytes)? > 0 {
            if room.is_used_up() {
                return Err(io::Error::other("it is larger than the memory that this machine has free"));
            }
        }
    }
    Ok(bytes)
}

/// The options of the environment, which the engine in this process must not take for its own: it would record itself.
fn take_options() -> Result<Options, Error> {
    let wrong = |reason: String| Error::WrongOptions { reason };
    let given = std::env::var_os(VARIABLE).unwrap_or_default();
    let given = given.to_str().ok_or_else(|| Error::VariableNotUnicode { variable: VARIABLE.to_owned() })?;
    let options = Options::parse(given).map_err(|reason| wrong(reason.to_string()))?;
    // SAFETY: this process has no other thread yet.
    unsafe { std::env::remove_var(VARIABLE) };
    Ok(options)
}

/// Decides which races are told, and tells.
struct Reporter {
    options: Options,
    whole_program: bool,
    code: RecordedCode,
    sink: Sink,
    suppressions: Suppressions,
    dedupe: Dedupe,
    seen: HashSet<(NodeId, NodeId, Charged)>,
}

impl Reporter {
    fn new(options: Options, whole_program: bool) -> Result<Reporter, Error> {
        let wrong = |reason: String| Error::WrongOptions { reason };
        let log_path = LogPath::clone(&options.log_path);
        let sink = Sink::new(&log_path).map_err(|reason| wrong(reason.to_string()))?;
        let suppressions = Suppressions::new(&options.suppressions).map_err(|reason| wrong(reason.to_string()))?;
        let (code, dedupe, seen) = (RecordedCode::default(), Dedupe::new(), HashSet::new());
        Ok(Reporter { options, whole_program, code, sink, suppressions, dedupe, seen })
    }

    /// Tells of a race if it is to be told of. Whether to go on.
    fn tell(&mut self, race: &Race) -> bool {
        let Race { report, stacks: [one, other], charged } = race;
        let pair = if one.0 < other.0 { (*one, *other) } else { (*other, *one) };
        let is_first = self.seen.insert((pair.0, pair.1, *charged));
        if !self.options.report_bugs || !is_first && self.options.suppress_equal_stacks {
            return true;
        }
        let by_count = || counted::is_by_reference_count(&report.current.stack, &self.code);
        if !self.whole_program && report.current.kind == AccessKind::Free && by_count() {
            return true;
        }
        let is_own = |pc| self.code.frames(pc).iter().all(trim::is_library);
        if self.suppressions.hold_for(report, &self.code) {
            return true;
        }
        let key = RaceKey::of(report, is_own).in_tests(*charged);
        match self.dedupe.admit(key, self.options.suppress_equal_stacks, self.options.max_reports) {
            Admission::Reported => {}
            Admission::Repeated => return true,
            Admission::Withheld => {
                COUNTERS.reports_withheld.increment();
                return true;
            }
        }
        self.sink.write(&text::render(report, &self.code, &self.options));
        !self.options.halt_on_error
    }

    /// The last line and the exit status.
    fn end(self) -> ExitCode {
        let races = self.dedupe.reported();
        if let Some(given_up) = COUNTERS.summary(true) {
            self.sink.write(&given_up);
        }
        if let Some(line) = exit::final_line(races)
            && !self.options.halt_on_error
        {
            self.sink.write(&line);
        }
        let status = exit::status(0, races, self.options.exitcode);
        ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX))
    }
}
