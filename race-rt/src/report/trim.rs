//! Takes away the frames that say nothing about the program: how std starts a thread, how it spawns one, and this
//! library's own functions.
//!
//! A stack `inner ... outer` keeps its middle: at the outer end goes all that lies outward of the thread's entry (the
//! closure given to `spawn`, or `main`), at the inner end goes this library, and of the frames that spawn a thread only
//! the function that the user called stays. Guarantees: frames between user frames are never touched, and a stack
//! never becomes empty. Can miss: frames are recognised by name and file, so a std that renames its functions shows more
//! frames than it needs to, never fewer.

use crate::report::frame::{Frame, Symbolise, shorten};
use crate::report::model::Pc;
use crate::report::name;

/// What a stack is the stack of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackRole {
    /// Of an access to memory.
    Access,
    /// Of the place where a thread was spawned.
    Spawn,
}

/// The frames of a stack that a report shows, innermost first.
pub fn shown_frames(stack: &[Pc], role: StackRole, symbols: &dyn Symbolise) -> Vec<Frame> {
    let all: Vec<Frame> = stack.iter().flat_map(|&pc| symbols.frames(pc)).collect();
    let inward = trim_thread_entry(&all);
    let shown = match role {
        StackRole::Access => trim_library(inward),
        StackRole::Spawn => trim_spawn(inward),
    };
    if shown.is_empty() { inward.to_vec() } else { shown.to_vec() }
}

/// Removes what lies outward of the thread's entry.
pub fn trim_thread_entry(frames: &[Frame]) -> &[Frame] {
    // The marker closest to the access counts: libtest has one of its own inside the thread's.
    let entry = frames
        .iter()
        .position(|frame| matches!(base_of(frame).as_str(), "__rust_begin_short_backtrace" | "__race_begin_turn"));
    let mut inward = &frames[..entry.unwrap_or(frames.len())];
    while let Some((outermost, rest)) = inward.split_last()
        && (is_plumbing(outermost) || is_library(outermost))
    {
        inward = rest;
    }
    if inward.is_empty() && !frames.is_empty() {
        // Without debug information the program's function may be inlined, unseen, into the marker.
        let kept = entry.unwrap_or(0);
        return &frames[kept..=kept];
    }
    inward
}

/// Removes this library's frames from the inner end, with what std has between them.
fn trim_library(frames: &[Frame]) -> &[Frame] {
    let run = frames.iter().take_while(|frame| is_library(frame) || is_standard(frame)).count();
    let hidden = frames[..run].iter().rposition(is_library).map_or(0, |last| last + 1);
    &frames[hidden..]
}

/// Of the frames at the inner end that spawn a thread, keeps the outermost: the function that the user called.
fn trim_spawn(frames: &[Frame]) -> &[Frame] {
    let machinery = frames.iter().take_while(|frame| is_spawn_machinery(frame)).count();
    let Some(called) = machinery.checked_sub(1) else {
        return frames;
    };
    let hidden = if is_engine(&frames[called]) { machinery } else { called };
    &frames[hidden..]
}

/// Whether the frame is of the engine, which no user calls by name.
fn is_engine(frame: &Frame) -> bool {
    match crate_of(frame) {
        Some(name) => name == "race_rt",
        // Debug information without linkage names: only the file tells.
        None => frame.file.as_deref().is_some_and(|file| file.contains("/race-rt-") || is_below(file, ENGINE)),
    }
}

/// Whether the frame is of this library: the engine, or the `race` crate in front of it.
pub fn is_library(frame: &Frame) -> bool {
    is_engine(frame)
        || match (crate_of(frame), frame.file.as_deref()) {
            // A program may happen to be called `race` too.
            (Some(name), file) => name == "race" && file.is_none_or(is_facade_file),
            (None, file) => file.is_some_and(is_facade_file),
        }
}

/// The directory that holds the engine.
const ENGINE: &str = env!("CARGO_MANIFEST_DIR");

/// Whether a source file is of the `race` crate: it lies beside the engine or in a directory of the package's name.
fn is_facade_file(file: &str) -> bool {
    let workspace = ENGINE.rsplit_once('/').map_or("", |(parent, _)| parent);
    file.contains("/race-detector-") || file.contains("/race-detector/") || is_below(file, workspace)
}

/// Whether a source file is one of the crate in that directory.
fn is_below(file: &str, crate_directory: &str) -> bool {
    file.strip_prefix(crate_directory).is_some_and(|rest| rest.starts_with("/src/"))
}

/// Whether the frame is of the standard library or of libtest.
pub fn is_standard(frame: &Frame) -> bool {
    match crate_of(frame) {
        Some(name) => matches!(name, "std" | "core" | "alloc" | "test" | "__rustc"),
        // Names have no path in debug information without linkage names.
        None => frame.file.as_deref().is_some_and(|file| shorten(file).starts_with("library/")),
    }
}

/// Whether the frame only hands the call on, between the operating system's entry and the program's.
fn is_plumbing(frame: &Frame) -> bool {
    let base = base_of(frame);
    if is_standard(frame) {
        return matches!(
            base.as_str(),
            "call_once"
                | "call_mut"
                | "call"
                | "do_call"
                | "catch_unwind"
                | "lang_start"
                | "lang_start_internal"
                | "thread_start"
        ) || base.starts_with("spawn_unchecked") && is_closure(frame);
    }
    match base.as_str() {
        "__rust_try" | "start_thread" | "clone" | "clone3" | "__clone" | "__clone3" | "_start" => true,
        // rustc's own C `main` has no source; one written in C has, and is the program's.
        "main" => frame.file.is_none() && crate_of(frame).is_none(),
        other => other.starts_with("__libc_start_"),
    }
}

/// Whether the frame is on the way from the function that a user calls to the operating system's new thread.
fn is_spawn_machinery(frame: &Frame) -> bool {
    if is_library(frame) || base_of(frame) == "pthread_create" {
        return true;
    }
    let in_thread_file = || {
        frame.file.as_deref().map(shorten).is_some_and(|file| {
            file.starts_with("library/std/src/thread/") || file.starts_with("library/std/src/sys/thread/")
        })
    };
    let function = frame.shown_function().trim_start_matches('<');
    function.starts_with("std::thread::")
        || function.starts_with("std::sys::thread::")
        || crate_of(frame).is_none() && in_thread_file()
}

fn is_closure(frame: &Frame) -> bool {
    frame.shown_function().contains("{{closure}}") || frame.shown_function().contains("{closure#")
}

fn crate_of(frame: &Frame) -> Option<&str> {
    name::crate_of(frame.function.as_deref()?)
}

fn base_of(frame: &Frame) -> String {
    frame.function.as_deref().map(name::base).unwrap_or_default()
}
