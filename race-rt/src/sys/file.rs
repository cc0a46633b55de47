//! Reading a file whole, and mapping one, past the C library's functions, which the program's watching replaces.

use std::ffi::{CString, c_int, c_long};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The `SIZE` bytes that the file begins with.
///
/// # Errors
/// What the kernel said, or that there are fewer.
pub fn read_start<const SIZE: usize>(path: &Path) -> io::Result<[u8; SIZE]> {
    let start = read_at_most(path, SIZE)?;
    start.first_chunk().copied().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// What the file begins with, all of it if it has no more than `enough` bytes.
///
/// # Errors
/// What the kernel said.
pub fn read_at_most(path: &Path, enough: usize) -> io::Result<Vec<u8>> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: the path is a C string that outlives the call.
    let descriptor = succeeded(unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) })?;
    let contents = read_open(descriptor, enough);
    // SAFETY: the descriptor was opened above and nobody else knows it.
    unsafe { libc::syscall(libc::SYS_close, descriptor) };
    contents
}

fn read_open(descriptor: c_long, enough: usize) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    let mut part = [0_u8; 4096];
    while contents.len() < enough {
        // SAFETY: pointer and length are those of a live array, which the kernel fills.
        let result = unsafe { libc::syscall(libc::SYS_read, descriptor, part.as_mut_ptr(), part.len()) };
        match succeeded(result) {
            Ok(0) => return Ok(contents),
            Ok(length) => contents.extend_from_slice(&part[..length as usize]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(contents)
}

/// A system call's result, with the error that the C library keeps beside a negative one.
pub fn succeeded(result: c_long) -> io::Result<c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Maps `size` bytes of an open file from `offset` on: what is stored there is in the file.
///
/// # Errors
/// What the kernel said.
pub fn map(descriptor: c_int, offset: u64, size: usize) -> io::Result<usize> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a mapping where the kernel finds room touches no memory in use.
    let mapped = unsafe { libc::syscall(libc::SYS_mmap, 0, size, protection, libc::MAP_SHARED, descriptor, offset) };
    Ok(succeeded(mapped)? as usize)
}
