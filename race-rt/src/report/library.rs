//! The shared libraries of this process in which the engine sees nothing.
//!
//! A library whose code is instrumented calls the engine, and so has relocations that name functions beginning with
//! `__tsan_`; the loader keeps the tables in which that can be read. Guarantees: a loaded library is named when it has no
//! such relocation, and only then; nothing is opened or allocated but the names. Can miss: a library unloaded before, and
//! one that is instrumented in parts counts as instrumented. The program itself is not looked at.

use std::ffi::{CStr, c_int, c_void};
use std::slice;

use super::module;

/// What begins the name of each function that instrumented code calls.
const CALLED: &[u8] = b"__tsan_";

/// Tags of the dynamic section's entries.
const STRINGS: u64 = 5;
const SYMBOLS: u64 = 6;
const RELOCATIONS: u64 = 7;
const RELOCATIONS_SIZE: u64 = 8;
const CALLS: u64 = 23;
const CALLS_SIZE: u64 = 2;

/// An entry of the dynamic section; the last one has the tag 0.
#[repr(C)]
struct Entry {
    tag: u64,
    value: u64,
}

/// A symbol of the dynamic symbol table.
#[repr(C)]
struct Symbol {
    name: u32,
    rest: [u32; 5],
}

/// A relocation with addend.
#[repr(C)]
struct Relocation {
    place: u64,
    /// The symbol's number in the upper half.
    info: u64,
    addend: i64,
}

/// One line with the names of all such libraries, in the order in which they were loaded.
pub fn unwatched_line() -> String {
    let names = unwatched();
    let list = if names.is_empty() { "no shared library".to_owned() } else { names.join(", ") };
    format!("race: not instrumented: {list}\n")
}

fn unwatched() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    // SAFETY: the callback has the signature that the function asks for, and `names` outlives the call, which is the only
    // time when the callback uses it.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut names).cast()) };
    names
}

/// Looks at one loaded file; the result 0 goes on to the next.
///
/// # Safety
/// `info` must be the loader's description of a loaded file and `data` a `Vec<String>` that nobody else uses.
unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes on the `data` that `unwatched` gave it and a description that is valid during this call.
    let (names, info) = unsafe { (&mut *data.cast::<Vec<String>>(), &*info) };
    if info.dlpi_name.is_null() || info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: a name that is not null is a C string that lives as long as the file is loaded.
    let path = unsafe { CStr::from_ptr(info.dlpi_name) };
    // The program itself has no name, and the kernel's own library is no file.
    if path.is_empty() || path.to_bytes().starts_with(b"linux-vdso") {
        return 0;
    }
    // SAFETY: passed on.
    if !unsafe { calls_the_engine(info) } {
        names.push(module::file_name(path));
    }
    0
}

/// Whether a relocation of the file names one of the engine's functions.
///
/// # Safety
/// `info` describes a file that is loaded.
unsafe fn calls_the_engine(info: &libc::dl_phdr_info) -> bool {
    let base = info.dlpi_addr;
    // SAFETY: the loader keeps `dlpi_phnum` program headers at `dlpi_phdr` while the file is loaded.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let Some(dynamic) = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC) else {
        return false;
    };
    let value = |wanted: u64| {
        let mut entry = (base + dynamic.p_vaddr) as *const Entry;
        // SAFETY: the section is loaded with the file and ends with the tag 0.
        unsafe {
            while (*entry).tag != 0 {
                if (*entry).tag == wanted {
                    return Some((*entry).value);
                }
                entry = entry.add(1);
            }
        }
        None
    };
    // The loader adds the base to addresses in the section where the section can be written.
    let address = |tag: u64| value(tag).map(|at| if at < base { at + base } else { at });
    let (Some(symbols), Some(strings)) = (address(SYMBOLS), address(STRINGS)) else {
        return false;
    };
    let names_the_engine = |relocation: &Relocation| {
        let number = (relocation.info >> 32) as usize;
        // SAFETY: the tables are loaded with the file, and its own relocation has the number of a symbol in them.
        number != 0
            && unsafe {
                let symbol = (symbols as *const Symbol).add(number);
                let name = (strings as *const u8).add((*symbol).name as usize);
                CStr::from_ptr(name.cast()).to_bytes().starts_with(CALLED)
            }
    };
    [(RELOCATIONS, RELOCATIONS_SIZE), (CALLS, CALLS_SIZE)].into_iter().any(|(table, size)| {
        let (Some(table), Some(size)) = (address(table), value(size)) else {
            return false;
        };
        // SAFETY: the table is loaded with the file and has that size.
        let relocations =
            unsafe { slice::from_raw_parts(table as *const Relocation, size as usize / size_of::<Relocation>()) };
        relocations.iter().any(names_the_engine)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libc_is_not_instrumented() {
        let names = unwatched();
        assert!(names.iter().any(|name| name.starts_with("libc.so")), "{names:?}");
        let program = std::env::current_exe().expect("it runs");
        let program = program.file_name().expect("a file").to_string_lossy();
        assert!(!names.iter().any(|name| *name == program), "{names:?}");
        assert!(unwatched_line().starts_with("race: not instrumented: lib"), "{}", unwatched_line());
    }
}
