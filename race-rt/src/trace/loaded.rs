//! The files that the program's code came from, as a recording names them.
//!
//! Guarantee: the answer is the dynamic loader's. Can miss: a file that was replaced after it was loaded and before it is
//! asked for here.

use std::ffi::{CStr, OsString, c_int, c_void};
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::slice;

use super::event::ModuleRecord;

/// The name of the note that holds a build id, and its type.
const OWNER: &[u8] = b"GNU\0";
const BUILD_ID: u32 = 3;

/// A loaded file.
#[derive(Debug)]
pub struct Loaded {
    path: OsString,
    build_id: Vec<u8>,
    size: u64,
    modified: u64,
    base: usize,
    /// Where it lies.
    pub range: Range<usize>,
}

impl Loaded {
    /// As a recording has it.
    pub fn record(&self) -> ModuleRecord<'_> {
        let Range { start, end } = self.range;
        let (path, build_id) = (self.path.as_bytes(), self.build_id.as_slice());
        ModuleRecord { path, build_id, size: self.size, modified: self.modified, base: self.base, start, end }
    }
}

/// The length of a file and when it was changed last, in nanoseconds: what tells one without a build id from another.
pub fn identity(path: &Path) -> (u64, u64) {
    let identity = |found: std::fs::Metadata| {
        let modified = (found.mtime() as u64).wrapping_mul(1_000_000_000).wrapping_add(found.mtime_nsec() as u64);
        (found.len(), modified)
    };
    path.metadata().map(identity).unwrap_or_default()
}

/// All of them.
pub fn all() -> Vec<Loaded> {
    let mut all = Vec::new();
    // SAFETY: the callback has the signature that the function asks for, and `all` outlives the call, which is the only
    // time when the callback uses it.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut all).cast()) };
    all
}

/// Adds one loaded file; the result 0 goes on to the next.
///
/// # Safety
/// `info` must be the loader's description of a loaded file and `data` a vector of them that nobody else uses.
unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes on the `data` that `all` gave it and a description that is valid during this call.
    let (all, info) = unsafe { (&mut *data.cast::<Vec<Loaded>>(), &*info) };
    if info.dlpi_phdr.is_null() || info.dlpi_name.is_null() {
        return 0;
    }
    // SAFETY: a name that is not null is a C string that lives as long as the file is loaded.
    let name = unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes();
    let path = if name.is_empty() {
        std::env::current_exe().unwrap_or_default().into_os_string()
    } else {
        OsString::from_vec(name.to_vec())
    };
    // The kernel's own library is no file.
    if !path.as_bytes().starts_with(b"/") {
        return 0;
    }
    // SAFETY: the loader keeps `dlpi_phnum` program headers at `dlpi_phdr` while the file is loaded.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let base = info.dlpi_addr as usize;
    let parts = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let parts = parts.map(|part| base + part.p_vaddr as usize..base + (part.p_vaddr + part.p_memsz) as usize);
    let Some(range) = parts.reduce(|whole, part| whole.start.min(part.start)..whole.end.max(part.end)) else {
        return 0;
    };
    let notes = headers.iter().filter(|header| header.p_type == libc::PT_NOTE);
    let build_id = notes.filter_map(|note| {
        // SAFETY: the notes are loaded with the file, where the header says.
        build_id(unsafe { slice::from_raw_parts((base + note.p_vaddr as usize) as *const u8, note.p_memsz as usize) })
    });
    let build_id = build_id.map(<[u8]>::to_vec).next().unwrap_or_default();
    let (size, modified) = identity(Path::new(&path));
    all.push(Loaded { path, build_id, size, modified, base, range });
    0
}

/// The build id among a file's notes.
fn build_id(mut notes: &[u8]) -> Option<&[u8]> {
    while let Some((header, rest)) = notes.split_first_chunk::<12>() {
        let number = |at: usize| u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (name_size, size, kind) = (number(0) as usize, number(4) as usize, number(8));
        let (name, rest) = rest.split_at_checked(name_size.next_multiple_of(4))?;
        let id = rest.get(..size)?;
        if kind == BUILD_ID && name.starts_with(OWNER) {
            return Some(id);
        }
        notes = rest.get(size.next_multiple_of(4)..)?;
    }
    None
}
