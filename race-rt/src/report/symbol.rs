//! From code addresses to functions and source lines, by the `backtrace` crate out of the program's debug information.
//!
//! Guarantees: inlined calls are expanded, innermost first; what was once looked up is kept. Takes no lock but its own
//! and those of `backtrace` and the dynamic loader, so a report may be made while the program holds any of its own. Can
//! miss: file and line where there is no debug information, and calls that the compiler turned into jumps.

use std::sync::PoisonError;

use hashbrown::HashMap;

use crate::report::frame::{Frame, Symbolise};
use crate::report::model::Pc;
use crate::report::{module, name};
use crate::sys::atomic::Mutex;

/// Looks addresses up in the running program.
#[derive(Default)]
pub struct Symboliser {
    known: Mutex<Option<HashMap<Pc, Vec<Frame>>>>,
}

impl Symboliser {
    /// A symboliser that knows nothing yet.
    pub const fn new() -> Self {
        Self { known: Mutex::new(None) }
    }
}

impl Symbolise for Symboliser {
    fn frames(&self, pc: Pc) -> Vec<Frame> {
        if let Some(frames) =
            self.known.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|map| map.get(&pc))
        {
            return frames.clone();
        }
        // Not under the lock: reading debug information takes long, and doing it twice does no harm.
        let frames = look_up(pc);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_default().insert(pc, frames.clone());
        frames
    }
}

/// Asks the loader and the debug information.
fn look_up(pc: Pc) -> Vec<Frame> {
    // The address is where the call returns to; one byte earlier lies inside the call and so in its line.
    let call = pc.0.saturating_sub(1);
    let place = module::locate(call);
    let bare = Frame {
        pc,
        function: None,
        file: None,
        line: None,
        column: None,
        offset: place.as_ref().map_or(call, |place| place.offset),
        module: place.map(|place| place.module),
    };
    let mut frames = Vec::new();
    // `resolve` wants a return address too and steps back by itself.
    backtrace::resolve(pc.0 as *mut std::ffi::c_void, |symbol| {
        frames.push(Frame {
            function: symbol.name().map(|function| name::plain(&format!("{function:#}"))),
            file: symbol.filename().map(|file| file.to_string_lossy().into_owned()),
            // Zero says that the code belongs to no particular line or column.
            line: symbol.lineno().filter(|&line| line != 0),
            column: symbol.colno().filter(|&column| column != 0),
            ..bare.clone()
        });
    });
    if frames.is_empty() {
        frames.push(bare);
    }
    frames
}
