//! The file that the option `suppressions` names.
//!
//! Any file is a list or refused with one sentence that names its line. What a list says of a function is what the
//! definition of a pattern says, written here as a table over all prefixes.
//!
//! The bytes are the file, then a zero byte and the names that the frames of a race have, one a line.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::PathBuf;

use race_rt::access::AccessKind;
use race_rt::options::SuppressionList;
use race_rt::report::frame::{Frame, Symbolise};
use race_rt::report::model::{AccessSide, Pc, Report, ThreadLabel};
use race_rt::report::suppression::Suppressions;
use race_rt::thread::ThreadId;

/// Reads the bytes as a list and asks it about a race.
///
/// # Panics
/// The refusal is no sentence, or the list holds for what it does not name.
pub fn run(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (list, names) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let names = Names(String::from_utf8_lossy(names).lines().take(64).map(str::to_owned).collect());
    let file = Memory::with(list);
    match Suppressions::new(&SuppressionList::File(file.path())) {
        Ok(suppressions) => {
            let held = suppressions.hold_for(&race_through(&names), &names);
            assert_eq!(held, suppressions.summary().is_some(), "what hid a race is counted");
            let text = std::str::from_utf8(list).expect("it was read as text");
            let anywhere = text.lines().filter_map(|line| line.trim().strip_prefix("race:"));
            let named = anywhere.map(str::trim).any(|pattern| names.0.iter().any(|name| is_named(pattern, name)));
            assert!(held || !named, "an entry names a function of the race");
        }
        Err(error) => {
            let sentence = error.to_string();
            assert_eq!(sentence.lines().count(), 1, "{sentence}");
        }
    }
}

/// A file without a name.
struct Memory(File);

impl Memory {
    fn with(content: &[u8]) -> Memory {
        // SAFETY: the name is a C string; the descriptor is new and this value's own.
        let mut file = unsafe {
            let descriptor = libc::memfd_create(c"list".as_ptr(), libc::MFD_CLOEXEC);
            assert!(descriptor >= 0, "{}", std::io::Error::last_os_error());
            File::from_raw_fd(descriptor)
        };
        file.write_all(content).expect("memory has room");
        Memory(file)
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

/// The functions by the numbers of their addresses.
struct Names(Vec<String>);

impl Symbolise for Names {
    fn frames(&self, pc: Pc) -> Vec<Frame> {
        let function = self.0.get(pc.0).cloned();
        vec![Frame { pc, function, file: None, line: None, column: None, module: None, offset: 0 }]
    }
}

/// A race with every second name on either stack.
fn race_through(names: &Names) -> Report {
    let side = |first: usize| AccessSide {
        address: 8,
        kind: AccessKind::Write,
        thread: ThreadLabel { id: ThreadId::MAIN, name: None, is_task: false },
        stack: (first..names.0.len()).step_by(2).map(Pc).collect(),
        held: Vec::new(),
    };
    Report { current: side(0), previous: side(1), creations: Vec::new(), schedule: None }
}

/// Whether the pattern matches, letter by letter: of each prefix of the name, whether the letters of the pattern so far can
/// end there.
fn is_named(pattern: &str, name: &str) -> bool {
    let (pattern, from_start) = pattern.strip_prefix('^').map_or((pattern, false), |rest| (rest, true));
    let (pattern, to_end) = pattern.strip_suffix('$').map_or((pattern, false), |rest| (rest, true));
    let name: Vec<char> = name.chars().collect();
    let mut ends: Vec<bool> = (0..=name.len()).map(|at| at == 0 || !from_start).collect();
    for letter in pattern.chars() {
        let before = ends.clone();
        let mut reached = false;
        for at in 0..=name.len() {
            reached |= before[at];
            ends[at] = if letter == '*' { reached } else { at > 0 && before[at - 1] && name[at - 1] == letter };
        }
    }
    if to_end { ends[name.len()] } else { ends.contains(&true) }
}
