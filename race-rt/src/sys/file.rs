//! Reading a file whole, and mapping one, past the C library's functions, which the program's watching replaces.
//!
//! Plain files only: the user may name a pipe that nobody writes to, which would be waited for without end, or a device, of
//! which nobody knows what opening it, reading it or writing to it does.

use std::ffi::{CStr, CString, c_int, c_long};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The `SIZE` bytes that the file begins with.
///
/// # Errors
/// What the kernel said, that it is no plain file, or that there are fewer bytes.
pub fn read_start<const SIZE: usize>(path: &Path) -> io::Result<[u8; SIZE]> {
    let start = read_at_most(path, SIZE)?;
    start.first_chunk().copied().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// What the file begins with, all of it if it has no more than `enough` bytes.
///
/// # Errors
/// What the kernel said, or that it is no plain file.
pub fn read_at_most(path: &Path, enough: usize) -> io::Result<Vec<u8>> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let file = Open::plain(&path, libc::O_RDONLY)?;
    read_open(&file, enough)
}

/// Why something that is there cannot be used.
pub fn no_plain_file() -> io::Error {
    io::Error::other("it is no plain file")
}

/// An open file. Closes the descriptor, which nobody else knows.
pub struct Open(c_int);

impl Open {
    /// Opens a plain file with such access as `flags` say, which may also ask for a new one.
    ///
    /// # Errors
    /// What the kernel said, or that it is no plain file.
    pub fn plain(path: &CStr, flags: c_int) -> io::Result<Open> {
        Open::one_of(&[libc::S_IFREG], path, flags)
    }

    /// Opens a plain file or a device that takes characters, as a terminal is one, to add to what it has. Makes the file if
    /// there is none.
    ///
    /// # Errors
    /// What the kernel said, or that it is nothing of that.
    pub fn log(path: &CStr) -> io::Result<Open> {
        Open::one_of(&[libc::S_IFREG, libc::S_IFCHR], path, libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND)
    }

    fn one_of(kinds: &[libc::mode_t], path: &CStr, flags: c_int) -> io::Result<Open> {
        // Without the last flag the open itself might wait.
        let flags = flags | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;
        // SAFETY: the path is a C string that outlives the call.
        let opened = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o666) };
        let file = Open(succeeded(opened)? as c_int);
        if kinds.contains(&file.kind()?) { Ok(file) } else { Err(no_plain_file()) }
    }

    fn kind(&self) -> io::Result<libc::mode_t> {
        let mut status = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: the place is valid, and filled when the call succeeds.
        let status = unsafe {
            succeeded(libc::syscall(libc::SYS_fstat, self.0, status.as_mut_ptr()))?;
            status.assume_init()
        };
        Ok(status.st_mode & libc::S_IFMT)
    }

    /// The descriptor, for calls of the kernel's.
    pub fn descriptor(&self) -> c_int {
        self.0
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: the descriptor was opened for this value alone.
        unsafe { libc::syscall(libc::SYS_close, self.0) };
    }
}

fn read_open(file: &Open, enough: usize) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    let mut part = [0_u8; 4096];
    while contents.len() < enough {
        // SAFETY: pointer and length are those of a live array, which the kernel fills.
        let result = unsafe { libc::syscall(libc::SYS_read, file.0, part.as_mut_ptr(), part.len()) };
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

/// Maps `size` bytes of a file from `offset` on: what is stored there is in the file.
///
/// # Errors
/// What the kernel said.
pub fn map(file: &Open, offset: u64, size: usize) -> io::Result<usize> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a mapping where the kernel finds room touches no memory in use.
    let mapped = unsafe { libc::syscall(libc::SYS_mmap, 0, size, protection, libc::MAP_SHARED, file.0, offset) };
    Ok(succeeded(mapped)? as usize)
}
