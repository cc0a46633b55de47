//! A report as text, in the layout of Go's race detector with threads for goroutines.
//!
//! Guarantees: one line of 18 `=` before and after, the access that completed the race first, then the one it races with,
//! each with the locks held there, if any, then where each thread but the main one was created, once, then what the
//! schedule was drawn from; nothing else is printed that would tell one run from another but addresses and thread numbers.
//! No decision is made here: which frames to show is `trim`'s, how a path is shown is `Frame`'s. docs/report-format.md is
//! the description for users.

use std::fmt::{self, Write};

use crate::access::AccessKind;
use crate::options::Options;
use crate::report::frame::{Frame, Symbolise};
use crate::report::model::{AccessSide, Creation, Fatal, HeldLock, LockKind, Pc, Report, ThreadLabel};
use crate::report::trim::{StackRole, shown_frames};
use crate::thread::ThreadId;

/// The line around each report.
const RULE: &str = "==================";

/// What stands in the place of a stack that is empty.
const NO_STACK: &str = "  [no stack was recorded]";

/// The whole text of a report, which ends with a newline.
pub fn render(report: &Report, symbols: &dyn Symbolise, options: &Options) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_report(&mut text, report, symbols, options);
    text
}

fn write_report(text: &mut String, report: &Report, symbols: &dyn Symbolise, options: &Options) -> fmt::Result {
    writeln!(text, "{RULE}\nWARNING: DATA RACE")?;
    let strip = options.strip_path_prefix.as_str();

    write_access_heading(text, &report.current, capitalised(kind_words(report.current.kind)))?;
    write_stack(text, &report.current.stack, StackRole::Access, symbols, strip)?;
    write_held(text, &report.current.held, symbols, strip)?;

    writeln!(text)?;
    let previous = format!("Previous {}", kind_words(report.previous.kind));
    write_access_heading(text, &report.previous, previous)?;
    write_stack(text, &report.previous.stack, StackRole::Access, symbols, strip)?;
    write_held(text, &report.previous.held, symbols, strip)?;

    for (index, creation) in report.creations.iter().enumerate() {
        let id = creation.thread.id;
        let repeated = report.creations[..index].iter().any(|earlier| earlier.thread.id == id);
        if id == ThreadId::MAIN || repeated {
            continue;
        }
        writeln!(text)?;
        write_creation_heading(text, creation)?;
        write_stack(text, &creation.stack, StackRole::Spawn, symbols, strip)?;
    }
    if let Some(schedule) = report.schedule {
        writeln!(text, "\nSchedule: {schedule}")?;
    }
    writeln!(text, "{RULE}")
}

/// The whole text about a mistake that ends the process, which ends with a newline.
pub fn render_fatal(fatal: &Fatal, symbols: &dyn Symbolise, options: &Options) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_fatal(&mut text, fatal, symbols, &options.strip_path_prefix);
    text
}

fn write_fatal(text: &mut String, fatal: &Fatal, symbols: &dyn Symbolise, strip: &str) -> fmt::Result {
    writeln!(text, "fatal: {}", fatal.message)?;
    write_stack(text, &fatal.stack, StackRole::Access, symbols, strip)?;
    if let Some(locked) = &fatal.locked {
        writeln!(text, "\nLocked at:")?;
        write_stack(text, locked, StackRole::Access, symbols, strip)?;
    }
    Ok(())
}

/// A section for each lock.
fn write_held(text: &mut String, held: &[HeldLock], symbols: &dyn Symbolise, strip: &str) -> fmt::Result {
    for lock in held {
        let (what, how) = match lock.kind {
            LockKind::Mutex => ("mutex", ""),
            LockKind::Read => ("rwlock", " (read)"),
            LockKind::Write => ("rwlock", " (write)"),
        };
        writeln!(text, "\nHolding {what} 0x{:012x}{how} locked at:", lock.address)?;
        write_stack(text, &lock.stack, StackRole::Access, symbols, strip)?;
    }
    Ok(())
}

/// What an access is called, in lower case.
fn kind_words(kind: AccessKind) -> &'static str {
    match kind {
        AccessKind::Read => "read",
        AccessKind::Write => "write",
        AccessKind::AtomicRead => "atomic read",
        AccessKind::AtomicWrite => "atomic write",
        AccessKind::VolatileRead => "volatile read",
        AccessKind::VolatileWrite => "volatile write",
        AccessKind::Allocate => "allocation",
        AccessKind::Free => "free",
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn write_access_heading(text: &mut String, side: &AccessSide, what: String) -> fmt::Result {
    write!(text, "{what} at 0x{:012x} by ", side.address)?;
    if side.thread.id == ThreadId::MAIN {
        writeln!(text, "main thread:")
    } else {
        write!(text, "{} ", if side.thread.is_task { "task" } else { "thread" })?;
        write_label(text, &side.thread)?;
        writeln!(text, ":")
    }
}

fn write_creation_heading(text: &mut String, creation: &Creation) -> fmt::Result {
    write!(text, "{} ", if creation.thread.is_task { "Task" } else { "Thread" })?;
    write_label(text, &creation.thread)?;
    let state = if creation.finished { "finished" } else { "running" };
    writeln!(text, " ({state}) created at:")
}

/// `8 'name'`, or `8` for a thread without name.
fn write_label(text: &mut String, thread: &ThreadLabel) -> fmt::Result {
    write!(text, "{}", thread.id.0)?;
    if let Some(name) = &thread.name {
        text.push_str(" '");
        // A line break in a name must not look like the end of the line.
        for letter in name.chars() {
            if letter.is_control() {
                write!(text, "{}", letter.escape_default())?;
            } else {
                text.push(letter);
            }
        }
        text.push('\'');
    }
    Ok(())
}

fn write_stack(text: &mut String, stack: &[Pc], role: StackRole, symbols: &dyn Symbolise, strip: &str) -> fmt::Result {
    let frames = shown_frames(stack, role, symbols);
    if frames.is_empty() {
        return writeln!(text, "{NO_STACK}");
    }
    frames.iter().try_for_each(|frame| write_frame(text, frame, strip))
}

fn write_frame(text: &mut String, frame: &Frame, strip: &str) -> fmt::Result {
    write!(text, "  {}()\n      {}", frame.shown_function(), frame.shown_file(strip))?;
    if let Some(line) = frame.line {
        write!(text, ":{line}")?;
        if let Some(column) = frame.column {
            write!(text, ":{column}")?;
        }
    }
    writeln!(text, " +0x{:x}", frame.offset)
}
