//! From a recorded process's code addresses to functions and source lines, out of the files that it had.
//!
//! Equals the engine's own [`Symboliser`](race_rt::report::symbol::Symboliser), which asks the running program: the same
//! library reads the debug information, and names are spelled alike. A file that is gone or no longer the same is told
//! of once; its frames have no names. Can miss: debug information apart that is not named by a build id; files that were unloaded, where another one lay later.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use addr2line::Loader;
use object::{Object, ReadCache};
use race_rt::replay::Module;
use race_rt::report::frame::{Frame, Symbolise};
use race_rt::report::model::Pc;
use race_rt::report::name;
use race_rt::trace::loaded::identity;

/// The files of a recording.
#[derive(Default)]
pub struct RecordedCode {
    files: RefCell<Vec<File>>,
    known: RefCell<HashMap<Pc, Vec<Frame>>>,
}

/// A file, and its debug information once that was asked for; `None` in it when there is none that can be trusted.
struct File {
    module: Module,
    loader: Option<Option<Loader>>,
}

impl RecordedCode {
    /// These are the files by now.
    pub fn know(&self, modules: &[Module]) {
        let mut files = self.files.borrow_mut();
        let new = modules.iter().skip(files.len());
        let before = files.len();
        files.extend(new.map(|module| File { module: module.clone(), loader: None }));
        if files.len() > before {
            self.known.borrow_mut().clear();
        }
    }

    fn look_up(&self, pc: Pc) -> Vec<Frame> {
        let call = pc.0.saturating_sub(1);
        let mut files = self.files.borrow_mut();
        // Of files that lay there one after the other the last one.
        let file = files.iter_mut().rev().find(|file| file.module.range.contains(&call));
        let Some(file) = file else {
            return vec![bare(pc, call, None)];
        };
        let offset = call.wrapping_sub(file.module.base);
        let name = file.module.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let bare = bare(pc, offset, name);
        let File { module, loader } = file;
        let loader = loader.get_or_insert_with(|| open(module));
        let mut frames = loader.as_ref().map_or_else(Vec::new, |loader| named(loader, offset as u64, &bare));
        if frames.is_empty() {
            frames.push(bare);
        }
        frames
    }
}

impl Symbolise for RecordedCode {
    fn frames(&self, pc: Pc) -> Vec<Frame> {
        if let Some(frames) = self.known.borrow().get(&pc) {
            return frames.clone();
        }
        let frames = self.look_up(pc);
        self.known.borrow_mut().insert(pc, frames.clone());
        frames
    }
}

fn bare(pc: Pc, offset: usize, module: Option<String>) -> Frame {
    Frame { pc, function: None, file: None, line: None, column: None, module, offset }
}

/// A module's debug information, if the file is still the same.
fn open(module: &Module) -> Option<Loader> {
    let path = &module.path;
    let complaint = match is_same(module) {
        Some(true) => match load(module) {
            Ok(loader) => return Some(loader),
            Err(reason) => format!("cannot be read ({reason})"),
        },
        Some(false) => "has changed since the recording".to_owned(),
        None => "is gone".to_owned(),
    };
    eprintln!("cargo race: {} {complaint}; its functions have no names in the reports", path.display());
    None
}

/// From the file with debug information that the system has apart, if there is one, else from the file itself.
fn load(module: &Module) -> Result<Loader, Box<dyn std::error::Error>> {
    if let Some((first, rest)) = module.build_id.split_first() {
        let rest: String = rest.iter().map(|byte| format!("{byte:02x}")).collect();
        let apart = format!("/usr/lib/debug/.build-id/{first:02x}/{rest}.debug");
        if let Ok(loader) = Loader::new(apart) {
            return Ok(loader);
        }
    }
    Loader::new(&module.path)
}

/// Whether the file has the build id that it had, or else its size and age; `None` when it is gone. What the recording
/// names that is no plain file may block whoever opens it.
fn is_same(module: &Module) -> Option<bool> {
    module.path.metadata().ok().filter(|found| found.is_file())?;
    if module.build_id.is_empty() {
        return Some(identity(&module.path) == (module.size, module.modified));
    }
    build_id(&module.path).map(|found| found == module.build_id)
}

/// The build id of a file; empty when it has none, `None` when there is no file.
fn build_id(path: &Path) -> Option<Vec<u8>> {
    let cache = ReadCache::new(std::fs::File::open(path).ok()?);
    let id = object::File::parse(&cache).ok().and_then(|file| file.build_id().ok().flatten().map(<[u8]>::to_vec));
    Some(id.unwrap_or_default())
}

/// The frames at an address, inlined ones first.
fn named(loader: &Loader, address: u64, bare: &Frame) -> Vec<Frame> {
    let symbol = || loader.find_symbol(address).map(|symbol| plain(symbol.as_bytes()));
    let mut frames = Vec::new();
    if let Ok(mut found) = loader.find_frames(address) {
        while let Ok(Some(frame)) = found.next() {
            let function = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let location = frame.location;
            frames.push(Frame {
                function: function.map(|function| plain(function.as_bytes())).or_else(symbol),
                file: location.as_ref().and_then(|place| place.file).map(str::to_owned),
                // Zero says that the code belongs to no particular line or column.
                line: location.as_ref().and_then(|place| place.line).filter(|&line| line != 0),
                column: location.as_ref().and_then(|place| place.column).filter(|&column| column != 0),
                ..bare.clone()
            });
        }
    }
    if frames.is_empty()
        && let Some(function) = symbol()
    {
        frames.push(Frame { function: Some(function), ..bare.clone() });
    }
    frames
}

fn plain(raw: &[u8]) -> String {
    let raw = String::from_utf8_lossy(raw);
    name::plain(&format!("{:#}", rustc_demangle::demangle(&raw)))
}
