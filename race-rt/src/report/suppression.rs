//! Races that are not to be reported: idioms whose authors chose them, listed in `suppressions.txt`, and what a file of
//! the user's lists.
//!
//! The form is ThreadSanitizer's: a line `race:PATTERN` holds for a race if some frame of one of its two accesses has a
//! function that matches, `race_top:PATTERN` if the innermost frame outside of std and of this library has. A pattern may
//! stand anywhere in the name; `*` stands for any text, `^` and `$` tie it to the name's ends. Guarantees: a list is
//! understood wholly or refused with its line; how often each entry hid a race is counted. Can miss: what it is asked
//! to, which is why the shipped entries are all of the narrow kind; without symbols nothing matches.

use std::fmt;
use std::path::{Path, PathBuf};

use super::frame::{Frame, Symbolise};
use super::model::{Pc, Report};
use super::trim;
use crate::options::SuppressionList;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::file;

const SHIPPED: &str = include_str!("suppressions.txt");

/// The longest file that is taken for a list.
const LONGEST: usize = 1 << 24;

/// Which frames of an access an entry looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Any,
    Innermost,
}

/// One line of a list.
#[derive(Debug)]
struct Entry {
    scope: Scope,
    pattern: String,
    hits: AtomicU64,
}

/// The entries that hold in this process.
#[derive(Debug)]
pub struct Suppressions(Vec<Entry>);

/// Why a file is not a list of suppressions.
#[derive(Debug)]
pub enum SuppressionError {
    /// The file cannot be read.
    Unreadable(PathBuf, String),
    /// A line of it, counted from 1, is no entry.
    NoEntry(PathBuf, usize, String),
}

impl fmt::Display for SuppressionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, cause) => write!(
                formatter,
                "the option suppressions names {}, which cannot be read ({cause}); give a text file that can be read",
                path.display()
            ),
            Self::NoEntry(path, line, text) => write!(
                formatter,
                "{}:{line}: {text:?} suppresses nothing, write race:FUNCTION or race_top:FUNCTION, or # before a comment",
                path.display()
            ),
        }
    }
}

impl std::error::Error for SuppressionError {}

impl Suppressions {
    /// The entries that the option asks for.
    ///
    /// # Errors
    /// Its file cannot be read or understood.
    pub fn new(list: &SuppressionList) -> Result<Suppressions, SuppressionError> {
        let mut entries = Vec::new();
        if *list != SuppressionList::Off {
            read(SHIPPED, Path::new("suppressions.txt"), &mut entries)?;
        }
        if let SuppressionList::File(path) = list {
            let unreadable = |cause: String| SuppressionError::Unreadable(path.clone(), cause);
            let bytes = file::read_at_most(path, LONGEST + 1).map_err(|cause| unreadable(cause.to_string()))?;
            if bytes.len() > LONGEST {
                return Err(unreadable(format!("it is longer than {LONGEST} bytes")));
            }
            let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
            read(&text, path, &mut entries)?;
        }
        Ok(Suppressions(entries))
    }

    /// Whether an entry holds for the race; the first that does counts it.
    pub fn hold_for(&self, report: &Report, symbols: &impl Symbolise) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let frames = |stack: &[Pc]| -> Vec<Frame> { stack.iter().flat_map(|&pc| symbols.frames(pc)).collect() };
        let sides = [frames(&report.current.stack), frames(&report.previous.stack)];
        let holding = self.0.iter().find(|entry| sides.iter().any(|frames| entry.holds_for(frames)));
        holding.inspect(|entry| _ = entry.hits.fetch_add(1, Ordering::Relaxed)).is_some()
    }

    /// A line for each entry that hid races; `None` when none did.
    pub fn summary(&self) -> Option<String> {
        let hits = |entry: &Entry| entry.hits.load(Ordering::Relaxed);
        let line = |entry: &Entry| format!("race: {} race(s) suppressed by {entry}\n", hits(entry));
        let text: String = self.0.iter().filter(|entry| hits(entry) > 0).map(line).collect();
        (!text.is_empty()).then_some(text)
    }
}

impl Entry {
    fn holds_for(&self, frames: &[Frame]) -> bool {
        let matches = |frame: &Frame| frame.function.as_deref().is_some_and(|name| is_match(&self.pattern, name));
        match self.scope {
            Scope::Any => frames.iter().any(matches),
            Scope::Innermost => {
                frames.iter().find(|frame| !trim::is_library(frame) && !trim::is_standard(frame)).is_some_and(matches)
            }
        }
    }
}

/// As it stands in a list.
impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.scope {
            Scope::Any => "race",
            Scope::Innermost => "race_top",
        };
        write!(formatter, "{kind}:{}", self.pattern)
    }
}

/// Adds the entries of a list.
fn read(text: &str, path: &Path, entries: &mut Vec<Entry>) -> Result<(), SuppressionError> {
    for (index, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let scope_and_pattern = match line.split_once(':') {
            Some(("race", pattern)) => Some((Scope::Any, pattern.trim())),
            Some(("race_top", pattern)) => Some((Scope::Innermost, pattern.trim())),
            _ => None,
        };
        let Some((scope, pattern)) = scope_and_pattern.filter(|(_, pattern)| !pattern.is_empty()) else {
            return Err(SuppressionError::NoEntry(path.to_owned(), index + 1, line.to_owned()));
        };
        entries.push(Entry { scope, pattern: pattern.to_owned(), hits: AtomicU64::new(0) });
    }
    Ok(())
}

/// Whether the pattern matches somewhere in the name.
fn is_match(pattern: &str, name: &str) -> bool {
    let (pattern, from_start) = pattern.strip_prefix('^').map_or((pattern, false), |rest| (rest, true));
    let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |rest| (rest, true));
    let mut pieces = pattern.split('*');
    // Splitting yields one piece at least.
    let first = pieces.next().unwrap_or_default();
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return match (from_start, to_end) {
            (true, true) => name == first,
            (true, false) => name.starts_with(first),
            (false, true) => name.ends_with(first),
            (false, false) => name.contains(first),
        };
    };
    let after = |rest: &'_ str, piece: &str| rest.find(piece).map(|at| at + piece.len());
    let begin = if from_start { name.starts_with(first).then_some(first.len()) } else { after(name, first) };
    // The earliest place for each piece leaves most room for those that follow.
    let rest = pieces.iter().try_fold(begin.map(|at| &name[at..]), |rest, piece| {
        let rest = rest?;
        Some(after(rest, piece).map(|at| &rest[at..]))
    });
    rest.flatten().is_some_and(|rest| if to_end { rest.ends_with(last) } else { rest.contains(last) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::AccessKind;
    use crate::report::model::{AccessSide, ThreadLabel};
    use crate::thread::ThreadId;

    struct Names(&'static [&'static str]);

    impl Symbolise for Names {
        fn frames(&self, pc: Pc) -> Vec<Frame> {
            let function = Some(self.0[pc.0].to_owned());
            vec![Frame { pc, function, file: None, line: None, column: None, module: None, offset: 0 }]
        }
    }

    const NAMES: Names = Names(&["core::ptr::read_volatile", "cell::atomic_load", "user::main", "user::other"]);

    fn race_between(current: &[usize], previous: &[usize]) -> Report {
        let side = |stack: &[usize]| AccessSide {
            address: 8,
            kind: AccessKind::Read,
            thread: ThreadLabel { id: ThreadId::MAIN, name: None, is_task: false },
            stack: stack.iter().copied().map(Pc).collect(),
            held: Vec::new(),
        };
        Report { current: side(current), previous: side(previous), creations: Vec::new(), schedule: None }
    }

    fn list(text: &str) -> Suppressions {
        let mut entries = Vec::new();
        read(text, Path::new("list"), &mut entries).unwrap_or_else(|error| panic!("{error}"));
        Suppressions(entries)
    }

    #[test]
    fn patterns_match_as_in_thread_sanitizer() {
        let cases = [
            ("load", "cell::atomic_load", true),
            ("^load", "cell::atomic_load", false),
            ("^cell::", "cell::atomic_load", true),
            ("load$", "cell::atomic_load", true),
            ("atomic$", "cell::atomic_load", false),
            ("^cell::atomic_load$", "cell::atomic_load", true),
            ("^cell*load$", "cell::atomic_load", true),
            ("^cell*load$", "cell::atomic_loads", false),
            ("c*a*m*d", "cell::atomic_load", true),
            ("c*z*d", "cell::atomic_load", false),
            ("^ab*ba$", "aba", false),
            ("a*", "aba", true),
            ("*", "", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(is_match(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn an_entry_holds_for_either_side() {
        for (current, previous) in [([0, 1, 2], [3, 2, 2]), ([3, 2, 2], [0, 1, 2])] {
            let race = race_between(&current, &previous);
            assert!(list("race:atomic_load").hold_for(&race, &NAMES));
            assert!(!list("race:atomic_store\nrace:^atomic_load").hold_for(&race, &NAMES));
        }
    }

    #[test]
    fn the_top_is_the_innermost_function_outside_std() {
        let inside = race_between(&[0, 1, 2], &[3]);
        let below = race_between(&[2, 1], &[3]);
        assert!(list("race_top:atomic_load").hold_for(&inside, &NAMES));
        assert!(!list("race_top:atomic_load").hold_for(&below, &NAMES));
        assert!(list("race:atomic_load").hold_for(&below, &NAMES));
    }

    #[test]
    fn the_first_entry_that_holds_counts() {
        let list = list("race:nobody\nrace_top:^cell\nrace:atomic_load");
        assert_eq!(list.summary(), None);
        for _ in 0..2 {
            assert!(list.hold_for(&race_between(&[1], &[3]), &NAMES));
        }
        assert!(!list.hold_for(&race_between(&[2], &[3]), &NAMES));
        assert_eq!(list.summary().as_deref(), Some("race: 2 race(s) suppressed by race_top:^cell\n"));
    }

    #[test]
    fn a_line_that_is_no_entry_is_refused() {
        for bad in ["thread:f", "race", "race:", "race_top: ", "f"] {
            let error = read(&format!("# fine\n\n race:f \n{bad}"), Path::new("list"), &mut Vec::new());
            let text = error.expect_err(bad).to_string();
            assert!(text.starts_with("list:4: ") && text.contains(&format!("{:?}", bad.trim())), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_file_or_too_long_is_refused() {
        let long = std::env::temp_dir().join(format!("race-suppressions-{}", std::process::id()));
        let file = std::fs::File::create(&long).expect("it can be written");
        file.set_len(LONGEST as u64 + 1).expect("holes take no room");
        let cases =
            [("/dev/zero", "no plain file"), ("/", "no plain file"), (long.to_str().expect("text"), "longer than")];
        for (path, word) in cases {
            let text = Suppressions::new(&SuppressionList::File(PathBuf::from(path))).expect_err("no list").to_string();
            assert!(text.contains(path) && text.contains(word), "{text}");
        }
        std::fs::remove_file(&long).expect("it is there");
    }

    #[test]
    fn the_shipped_list_is_narrow_and_off_turns_it_off() {
        let shipped = Suppressions::new(&SuppressionList::Shipped).expect("it can be read").0;
        assert!(!shipped.is_empty() && shipped.iter().all(|entry| entry.scope == Scope::Innermost));
        assert!(Suppressions::new(&SuppressionList::Off).expect("nothing is read").0.is_empty());
    }
}
