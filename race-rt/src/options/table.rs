//! The one list of options: names, values, defaults, meanings, and how each is read and shown.
//!
//! Guarantees: parser, help and documentation are made from the same rows, so none can know an option that another does
//! not. Can miss: that a row's words say what its reader does is for the reader of this file to see.

use std::fmt::{self, Display};
use std::num::NonZero;
use std::path::PathBuf;

use super::{LogPath, Options, Perturb, SuppressionList, VARIABLE};

/// One option: its description, and how it is set and shown.
pub struct Row {
    /// The name before the `=`.
    pub name: &'static str,
    /// What may follow the `=`.
    pub values: &'static str,
    /// One line for help and documentation.
    pub meaning: &'static str,
    /// Whether the value is a path or a part of one, in which a colon does not separate.
    pub(super) path: bool,
    /// Takes over a value; `None` if it is not one of `values`.
    pub(super) set: fn(&mut Options, &str) -> Option<()>,
    /// The value as one would write it.
    pub(super) get: fn(&Options) -> String,
}

/// A row whose value is not a path.
const fn row(
    name: &'static str,
    values: &'static str,
    meaning: &'static str,
    set: fn(&mut Options, &str) -> Option<()>,
    get: fn(&Options) -> String,
) -> Row {
    Row { name, values, meaning, path: false, set, get }
}

/// Every option there is.
pub const TABLE: [Row; 17] = [
    Row {
        path: true,
        ..row(
            "log_path",
            "`stderr`, `stdout` or a path",
            "where reports go; a path gets `.` and the process number appended",
            |options, value| assign(&mut options.log_path, read_log_path(value)),
            |options| show_log_path(&options.log_path),
        )
    },
    row(
        "exitcode",
        "0 to 255",
        "exit status of a process that has reported a race and ends without failure of its own",
        |options, value| assign(&mut options.exitcode, value.parse().ok()),
        |options| options.exitcode.to_string(),
    ),
    Row {
        path: true,
        ..row(
            "strip_path_prefix",
            "any text",
            "show of each path what comes after the first occurrence of this text",
            |options, value| assign(&mut options.strip_path_prefix, Some(value.to_owned())),
            |options| options.strip_path_prefix.clone(),
        )
    },
    row(
        "halt_on_error",
        "0 or 1",
        "end the process right after the first report",
        |options, value| assign(&mut options.halt_on_error, read_switch(value)),
        |options| show_switch(options.halt_on_error),
    ),
    row(
        "atexit_sleep_ms",
        "0 to 4294967295",
        "how long to wait at exit for races of threads that still run, in milliseconds",
        |options, value| assign(&mut options.atexit_sleep_ms, value.parse().ok()),
        |options| options.atexit_sleep_ms.to_string(),
    ),
    row(
        "history_size",
        "0 to 7",
        "no effect, known because Go has it: stacks of earlier accesses are never lost",
        |options, value| assign(&mut options.history_size, value.parse().ok().filter(|&size| size <= 7)),
        |options| options.history_size.to_string(),
    ),
    row(
        "suppress_equal_stacks",
        "0 or 1",
        "report a race between the same two places of the code once only",
        |options, value| assign(&mut options.suppress_equal_stacks, read_switch(value)),
        |options| show_switch(options.suppress_equal_stacks),
    ),
    row(
        "suppress_equal_addresses",
        "0 or 1",
        "no effect, known because Go has it: races are never taken for one because of their address",
        |options, value| assign(&mut options.suppress_equal_addresses, read_switch(value)),
        |options| show_switch(options.suppress_equal_addresses),
    ),
    row(
        "max_reports",
        "0 to 4294967295",
        "how many races a process reports at most; 0 for any number",
        |options, value| assign(&mut options.max_reports, value.parse().ok().map(NonZero::new)),
        |options| options.max_reports.map_or(0, NonZero::get).to_string(),
    ),
    row(
        "memory_limit",
        "`off`, or MiB from 8 on, or a number with `M`, `G` or `T`",
        "how much memory the detector takes before it forgets the oldest accesses; `off` or 0 for any amount",
        |options, value| assign(&mut options.memory_limit, read_memory_limit(value)),
        |options| options.memory_limit.map_or("off".to_owned(), show_mebibytes),
    ),
    row(
        "report_bugs",
        "0 or 1",
        "report races; with 0 nothing is printed and the exit status is the program's own",
        |options, value| assign(&mut options.report_bugs, read_switch(value)),
        |options| show_switch(options.report_bugs),
    ),
    row(
        "perturb",
        "`off`, `on` or `full`",
        "disturb the schedule so that races show which it would hide, much with `full`, or leave it alone",
        |options, value| assign(&mut options.perturb, read_perturb(value)),
        |options| options.perturb.to_string(),
    ),
    row(
        "seed",
        "`random` or 0 to 18446744073709551615",
        "what the disturbance is drawn from; the same seed asks for the same pauses",
        |options, value| assign(&mut options.seed, read_seed(value)),
        |options| options.seed.map_or("random".to_owned(), |seed| seed.to_string()),
    ),
    Row {
        path: true,
        ..row(
            "suppressions",
            "`shipped`, `off` or a path",
            "which races are not reported: those of the shipped list, none, or those of the shipped list and of a file",
            |options, value| assign(&mut options.suppressions, read_suppressions(value)),
            |options| show_suppressions(&options.suppressions),
        )
    },
    Row {
        path: true,
        ..row(
            "record",
            "`off` or a path",
            "the file that the executed events are recorded in, for `cargo race analyze`",
            |options, value| assign(&mut options.record, read_record(value)),
            |options| options.record.as_ref().map_or("off".to_owned(), |path| path.display().to_string()),
        )
    },
    row(
        "verbose",
        "0 or 1",
        "say at start which options hold and at exit what the engine did",
        |options, value| assign(&mut options.verbose, read_switch(value)),
        |options| show_switch(options.verbose),
    ),
    row(
        "help",
        "0 or 1",
        "print this table and end with status 0",
        |options, value| assign(&mut options.help, read_switch(value)),
        |options| show_switch(options.help),
    ),
];

/// The table for a terminal.
pub fn help_text() -> String {
    let defaults = Options::default();
    let mut text = format!("{VARIABLE}: name=value pairs, separated by spaces or commas\n\n");
    for row in &TABLE {
        let default = (row.get)(&defaults);
        let (values, meaning) = (row.values.replace('`', ""), row.meaning.replace('`', ""));
        let shown = if default.is_empty() { "empty" } else { &default };
        text.push_str(&format!("  {}={shown}\n      {meaning} ({values})\n", row.name));
    }
    text
}

/// The table for docs/options.md.
pub fn markdown_table() -> String {
    let defaults = Options::default();
    let mut text = "| option | values | default | meaning |\n|---|---|---|---|\n".to_owned();
    for row in &TABLE {
        let default = match (row.get)(&defaults) {
            empty if empty.is_empty() => "empty".to_owned(),
            value => format!("`{value}`"),
        };
        text.push_str(&format!("| `{}` | {} | {default} | {} |\n", row.name, row.values, row.meaning));
    }
    text
}

/// The row of an option.
pub(super) fn find(name: &str) -> Option<&'static Row> {
    const ROWS: &[Row] = &TABLE;
    ROWS.iter().find(|row| row.name == name)
}

/// The option whose name differs least from what was written, if it is near enough to be meant.
pub(super) fn nearest(written: &str) -> Option<&'static str> {
    let near = |row: &Row| (edit_distance(written, row.name), row.name);
    let (distance, name) = TABLE.iter().map(near).min()?;
    (distance <= 2.max(name.len() / 4)).then_some(name)
}

/// How many letters must be put in, taken out or changed to get from one word to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut row = vec![index + 1];
        for (column, other) in to.iter().enumerate() {
            let change = above[column] + usize::from(letter != *other);
            let cheapest = change.min(above[column + 1] + 1).min(row[column] + 1);
            row.push(cheapest);
        }
        above = row;
    }
    above.last().copied().unwrap_or_default()
}
/// Stores a value that could be read.
fn assign<T>(place: &mut T, value: Option<T>) -> Option<()> {
    *place = value?;
    Some(())
}

fn read_switch(value: &str) -> Option<bool> {
    match value {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

fn show_switch(on: bool) -> String {
    u8::from(on).to_string()
}

fn read_log_path(value: &str) -> Option<LogPath> {
    match value {
        "" => None,
        "stderr" => Some(LogPath::Stderr),
        "stdout" => Some(LogPath::Stdout),
        path => Some(LogPath::File(PathBuf::from(path))),
    }
}

fn show_log_path(path: &LogPath) -> String {
    match path {
        LogPath::Stderr => "stderr".to_owned(),
        LogPath::Stdout => "stdout".to_owned(),
        LogPath::File(path) => path.display().to_string(),
    }
}

fn read_suppressions(value: &str) -> Option<SuppressionList> {
    match value {
        "" => None,
        "shipped" => Some(SuppressionList::Shipped),
        "off" => Some(SuppressionList::Off),
        path => Some(SuppressionList::File(PathBuf::from(path))),
    }
}

fn show_suppressions(list: &SuppressionList) -> String {
    match list {
        SuppressionList::Shipped => "shipped".to_owned(),
        SuppressionList::Off => "off".to_owned(),
        SuppressionList::File(path) => path.display().to_string(),
    }
}

fn read_record(value: &str) -> Option<Option<PathBuf>> {
    match value {
        "" => None,
        "off" => Some(None),
        path => Some(Some(PathBuf::from(path))),
    }
}

const PERTURB_WORDS: [(&str, Perturb); 3] = [("off", Perturb::Off), ("on", Perturb::On), ("full", Perturb::Full)];

fn read_perturb(value: &str) -> Option<Perturb> {
    PERTURB_WORDS.iter().find(|(word, _)| *word == value).map(|(_, perturb)| *perturb)
}

impl Display for Perturb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = PERTURB_WORDS.iter().find(|(_, perturb)| perturb == self).map_or("", |(word, _)| word);
        formatter.write_str(word)
    }
}

/// A smaller limit would leave next to nothing for accesses.
const SMALLEST_LIMIT: usize = 8;

fn read_memory_limit(value: &str) -> Option<Option<NonZero<usize>>> {
    if value == "off" {
        return Some(None);
    }
    let units = [("M", 1), ("G", 1 << 10), ("T", 1 << 20), ("", 1)];
    let (digits, unit) = units.iter().find_map(|(name, unit)| Some((value.strip_suffix(name)?, *unit)))?;
    let number: usize = digits.parse().ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_digit()))?;
    let mebibytes = number.checked_mul(unit).filter(|mebibytes| *mebibytes <= usize::MAX >> 20)?;
    (mebibytes == 0 || mebibytes >= SMALLEST_LIMIT).then_some(NonZero::new(mebibytes))
}

fn show_mebibytes(mebibytes: NonZero<usize>) -> String {
    format!("{mebibytes}M")
}

fn read_seed(value: &str) -> Option<Option<u64>> {
    if value == "random" { Some(None) } else { value.parse().ok().map(Some) }
}
