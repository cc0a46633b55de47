//! Which loaded file holds a code address, and where in it.
//!
//! Guarantees: the answer is the dynamic loader's, taken anew at each call, so libraries loaded later are found. Can
//! miss: code that belongs to no file, and libraries that have been unloaded since the address was recorded.

use std::ffi::{CStr, OsStr, c_int, c_void};
#[cfg(feature = "whole-program")]
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A code address in terms of the file it was loaded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name without its directories.
    pub module: String,
    /// The address with the load address subtracted.
    pub offset: usize,
}

/// Finds the loaded file that holds `address`.
pub fn locate(address: usize) -> Option<Place> {
    let mut search = Search { address, found: None };
    // SAFETY: the callback has the signature that the function asks for, and `search` outlives the call, which is the
    // only time when the callback uses it.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

struct Search {
    address: usize,
    found: Option<Place>,
}

/// Where the loaded files lie.
#[cfg(feature = "whole-program")]
pub fn all() -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    // SAFETY: as in `locate`.
    unsafe { libc::dl_iterate_phdr(Some(visit_range), (&raw mut ranges).cast()) };
    ranges
}

/// Adds where one loaded file lies.
///
/// # Safety
///
/// As for [`visit`], with a vector of ranges.
#[cfg(feature = "whole-program")]
unsafe extern "C" fn visit_range(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: as in `visit`.
    let (ranges, info) = unsafe { (&mut *data.cast::<Vec<Range<usize>>>(), &*info) };
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: as in `visit`.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let loaded = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    let base = info.dlpi_addr as usize;
    let parts =
        loaded.map(|header| (base + header.p_vaddr as usize, base + (header.p_vaddr + header.p_memsz) as usize));
    let range = parts.fold(None, |whole: Option<Range<usize>>, (start, end)| {
        Some(whole.map_or(start..end, |whole| whole.start.min(start)..whole.end.max(end)))
    });
    ranges.extend(range);
    0
}

/// Looks at one loaded file; a result other than 0 ends the walk.
///
/// # Safety
///
/// `info` must be the loader's description of a loaded file and `data` a [`Search`] that nobody else uses.
unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes on the `data` that `locate` gave it and a description that is valid during this call.
    let (search, info) = unsafe { (&mut *data.cast::<Search>(), &*info) };
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: the loader keeps `dlpi_phnum` program headers at `dlpi_phdr` while the file is loaded.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let base = info.dlpi_addr as usize;
    let offset = search.address.wrapping_sub(base);
    let holds = |header: &libc::Elf64_Phdr| {
        header.p_type == libc::PT_LOAD && offset.wrapping_sub(header.p_vaddr as usize) < header.p_memsz as usize
    };
    if !headers.iter().any(holds) {
        return 0;
    }
    let name = if info.dlpi_name.is_null() {
        c""
    } else {
        // SAFETY: a name that is not null is a C string that lives as long as the file is loaded.
        unsafe { CStr::from_ptr(info.dlpi_name) }
    };
    search.found = Some(Place { module: file_name(name), offset });
    1
}

/// The last component of a module's path; the loader gives the executable itself an empty one.
pub(super) fn file_name(path: &CStr) -> String {
    let executable;
    let path = if path.is_empty() {
        executable = std::env::current_exe().unwrap_or_default();
        executable.as_path()
    } else {
        Path::new(OsStr::from_bytes(path.to_bytes()))
    };
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_code_is_in_the_own_executable() {
        let place = locate(locate as fn(usize) -> Option<Place> as usize).expect("this code is loaded");
        let executable = std::env::current_exe().expect("it runs");
        assert_eq!(Some(place.module.as_ref()), executable.file_name().and_then(OsStr::to_str));
        assert!(place.offset < 1 << 32);
    }

    #[test]
    fn a_libc_function_is_in_a_shared_library() {
        let place = locate(libc::strlen as *const () as usize).expect("libc is loaded");
        assert!(place.module.contains("libc") || place.module.contains("ld-"), "{}", place.module);
    }

    #[test]
    fn memory_that_is_no_file_is_in_no_module() {
        let boxed = Box::new(0u8);
        assert_eq!(locate(&raw const *boxed as usize), None);
        assert_eq!(locate(0), None);
        assert_eq!(locate(usize::MAX), None);
    }
}
