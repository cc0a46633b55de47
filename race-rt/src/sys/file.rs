//! Reading a file whole, past the C library's functions, which the program's watching replaces.

use std::ffi::{CString, c_long};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What is in the file.
///
/// # Errors
/// What the kernel said.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: the path is a C string that outlives the call.
    let descriptor = succeeded(unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) })?;
    let contents = read_all(descriptor);
    // SAFETY: the descriptor was opened above and nobody else knows it.
    unsafe { libc::syscall(libc::SYS_close, descriptor) };
    contents
}

fn read_all(descriptor: c_long) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    let mut part = [0_u8; 4096];
    loop {
        // SAFETY: pointer and length are those of a live array, which the kernel fills.
        let result = unsafe { libc::syscall(libc::SYS_read, descriptor, part.as_mut_ptr(), part.len()) };
        match succeeded(result) {
            Ok(0) => return Ok(contents),
            Ok(length) => contents.extend_from_slice(&part[..length as usize]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
}

/// A system call's result, with the error that the C library keeps beside a negative one.
pub fn succeeded(result: c_long) -> io::Result<c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
