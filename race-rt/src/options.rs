//! What the user can ask of the engine: the environment variable `RACE_OPTIONS`.
//!
//! `name=value` pairs, separated by white space or commas; a colon separates too, except inside a path where no option's
//! name and `=` follow it. A value may be put in single or double quotes, then it may hold any separator. The last of
//! several settings of one option counts. [`TABLE`] is the one list of options that the parser, `help=1` and
//! docs/options.md share. Guarantees: any text is either understood wholly or refused with one sentence; nothing is
//! ignored. Can miss: a value that needs both kinds of quotes cannot be written.

use std::fmt::{self, Display};
use std::num::NonZero;
use std::path::PathBuf;

use crate::report::exit;
use crate::report::sink;

mod table;

pub use table::{Row, TABLE, help_text, markdown_table};
use table::{find, nearest};

/// The environment variable that holds the options.
pub const VARIABLE: &str = "RACE_OPTIONS";

/// Where reports go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPath {
    /// The program's standard error.
    Stderr,
    /// The program's standard output.
    Stdout,
    /// A file with this name, a dot and the process number.
    File(PathBuf),
}

/// Which races are not reported although they are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressionList {
    /// Those that the engine's own list names.
    Shipped,
    /// None: all are reported.
    Off,
    /// Those of the engine's own list and of this file.
    File(PathBuf),
}

/// How much the engine disturbs the schedule so that races show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Perturb {
    /// Not at all.
    Off,
    /// Short pauses where they reveal most.
    On,
    /// Pauses wherever threads synchronise or start.
    Full,
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where reports go.
    pub log_path: LogPath,
    /// The status of a process that ends with a race reported.
    pub exitcode: u8,
    /// The text up to whose first occurrence paths are cut; empty for none.
    pub strip_path_prefix: String,
    /// Whether the process ends after its first report.
    pub halt_on_error: bool,
    /// How long to wait at exit for races of threads that still run.
    pub atexit_sleep_ms: u32,
    /// Accepted because Go has it; the history of accesses has no bound here.
    pub history_size: u8,
    /// Whether a race between the same two places is reported once only.
    pub suppress_equal_stacks: bool,
    /// Accepted because Go has it; races are not told apart by address here.
    pub suppress_equal_addresses: bool,
    /// How many races are reported at most; `None` for any number.
    pub max_reports: Option<NonZero<u32>>,
    /// How many MiB of memory the engine takes before it forgets accesses; `None` for any number.
    pub memory_limit: Option<NonZero<usize>>,
    /// Whether races are reported at all.
    pub report_bugs: bool,
    /// How much the schedule is disturbed.
    pub perturb: Perturb,
    /// What the disturbance is drawn from; `None` lets the engine choose.
    pub seed: Option<u64>,
    /// Which races are not reported although they are there.
    pub suppressions: SuppressionList,
    /// The file that the executed events are recorded in, if they are.
    pub record: Option<PathBuf>,
    /// Whether to say at start and end what the engine did.
    pub verbose: bool,
    /// Whether to print the options and end.
    pub help: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            log_path: LogPath::Stderr,
            exitcode: 66,
            strip_path_prefix: String::new(),
            halt_on_error: false,
            atexit_sleep_ms: 1000,
            history_size: 1,
            suppress_equal_stacks: true,
            suppress_equal_addresses: true,
            max_reports: NonZero::new(1000),
            memory_limit: None,
            report_bugs: true,
            perturb: Perturb::On,
            seed: None,
            suppressions: SuppressionList::Shipped,
            record: None,
            verbose: false,
            help: false,
        }
    }
}

/// Why a text is not a list of options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// There is no option of that name.
    Unknown {
        /// What was written.
        name: String,
    },
    /// The option's name stands without `=` and value.
    NoValue {
        /// The option.
        name: &'static str,
    },
    /// The option does not take that value.
    BadValue {
        /// The option.
        name: &'static str,
        /// What was written.
        value: String,
        /// What may be written.
        allowed: &'static str,
    },
    /// A quote is opened and not closed.
    OpenQuote {
        /// From the quote on.
        rest: String,
    },
    /// The environment variable is not UTF-8.
    NotText,
}

impl Display for OptionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => match nearest(name) {
                Some(known) => write!(formatter, "there is no option {name:?}, write {known:?} if that is meant"),
                None => write!(formatter, "there is no option {name:?}, set {VARIABLE}=help=1 to see those that exist"),
            },
            Self::NoValue { name } => write!(formatter, "the option {name} stands without a value, write {name}=VALUE"),
            Self::BadValue { name, value, allowed } => {
                write!(formatter, "the option {name} cannot be {value:?}, write {}", allowed.replace('`', ""))
            }
            Self::OpenQuote { rest } => write!(
                formatter,
                "the quote that opens {rest:?} is not closed, add the same quote at the end of the value"
            ),
            Self::NotText => {
                write!(formatter, "the value is not valid UTF-8, write paths with such names through a link")
            }
        }
    }
}

impl std::error::Error for OptionError {}

impl Options {
    /// Reads a list of options; what it does not mention has its default.
    pub fn parse(text: &str) -> Result<Self, OptionError> {
        Self::default().changed_by(text)
    }

    /// Reads a list of options; what it does not mention stays as it is here.
    fn changed_by(mut self, text: &str) -> Result<Self, OptionError> {
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(is_separator);
            if rest.is_empty() {
                return Ok(self);
            }
            let end = rest.find(|c| c == '=' || is_separator(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let Some(row) = find(name) else {
                return Err(OptionError::Unknown { name: name.to_owned() });
            };
            let Some(written) = after.strip_prefix('=') else {
                return Err(OptionError::NoValue { name: row.name });
            };
            let (value, after) = split_value(written, row.path)?;
            (row.set)(&mut self, value).ok_or_else(|| OptionError::BadValue {
                name: row.name,
                value: value.to_owned(),
                allowed: row.values,
            })?;
            rest = after;
        }
    }

    /// The options of this process. Does not return if they are wrong or ask for help.
    pub fn from_env() -> Self {
        Self::default().changed_by_env()
    }

    /// The options of this process where the program has defaults of its own, written as in [`VARIABLE`]. `place` is where
    /// it has them. Does not return if they are wrong or ask for help.
    pub fn from_program_and_env(defaults: &str, place: &str) -> Self {
        match Self::parse(defaults) {
            Ok(options) => options.changed_by_env(),
            Err(error) => exit::refuse(&format_args!("{place}: {error}")),
        }
    }

    fn changed_by_env(self) -> Self {
        let text = std::env::var_os(VARIABLE).unwrap_or_default();
        let parsed = text.to_str().ok_or(OptionError::NotText).and_then(|text| self.changed_by(text));
        match parsed {
            Ok(options) if options.help => {
                // Nothing is left to be done if stderr is closed.
                let _ = sink::write_all(libc::STDERR_FILENO, help_text().as_bytes());
                exit::leave(0)
            }
            Ok(options) => options,
            Err(error) => exit::refuse(&format_args!("{VARIABLE}: {error}")),
        }
    }
}

/// All settings as one would write them; the parser reads them back.
impl Display for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, row) in TABLE.iter().enumerate() {
            let value = (row.get)(self);
            let quote = match () {
                () if !value.contains(|c| is_separator(c) || c == '\'' || c == '"') => "",
                () if value.contains('\'') => "\"",
                () => "'",
            };
            let space = if index == 0 { "" } else { " " };
            write!(formatter, "{space}{}={quote}{value}{quote}", row.name)?;
        }
        Ok(())
    }
}

fn is_separator(character: char) -> bool {
    character.is_whitespace() || character == ',' || character == ':'
}

/// Splits the text after a `=` into the value and what follows it.
fn split_value(text: &str, path: bool) -> Result<(&str, &str), OptionError> {
    if let Some(quote) = text.chars().next().filter(|&c| c == '\'' || c == '"') {
        return text[1..].split_once(quote).ok_or_else(|| OptionError::OpenQuote { rest: text.to_owned() });
    }
    let ends = |(at, character): &(usize, char)| match character {
        ':' if path => starts_option(&text[at + 1..]),
        other => is_separator(*other),
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    Ok(text.split_at(end))
}

/// Whether an option's name and `=` come next.
fn starts_option(text: &str) -> bool {
    TABLE.iter().any(|row| text.strip_prefix(row.name).is_some_and(|rest| rest.starts_with('=')))
}
