//! The file that a recording is written to, as memory: what was stored is in the file, however the process ends.
//!
//! A window of the file is mapped and filled; the next one is mapped behind it. Room is made with zeros before it is
//! mapped, so that a full disk is an error here and no signal later. The first byte of a record is stored last: a reader
//! of the file, also of one whose writer was killed, finds whole records and then a zero. No descriptor is kept, because
//! the program may close or reuse any.
//!
//! Can miss: a file that somebody else shortens meanwhile ends the program with a signal.

use std::ffi::{CStr, CString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering::Release;
use std::sync::atomic::{AtomicU8, compiler_fence};

use crate::sys::file::{self, Open, succeeded};
use crate::sys::memory::{self, PAGE};

/// Bytes of the file that are mapped at a time.
const WINDOW: usize = 1 << 20;
/// The longest record.
const LONGEST: usize = WINDOW / 2;

/// A file being written.
#[derive(Debug)]
pub struct TraceFile {
    path: CString,
    /// Where the window is mapped, and from where in the file.
    window: usize,
    offset: u64,
    /// How much of the window is filled.
    filled: usize,
}

fn open(path: &CStr) -> io::Result<Open> {
    Open::plain(path, libc::O_RDWR)
}

impl TraceFile {
    /// An empty file at `path`, in place of what was there.
    ///
    /// # Errors
    /// What the kernel said, or that something else than a plain file is there. If there is no room, there is no file.
    pub fn create(path: &Path) -> io::Result<TraceFile> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        let file = Open::plain(&path, libc::O_RDWR | libc::O_CREAT)?;
        // SAFETY: the call takes numbers only.
        let emptied = unsafe { libc::syscall(libc::SYS_ftruncate, file.descriptor(), 0) };
        match succeeded(emptied).and_then(|_| map(&file, 0)) {
            Ok(window) => Ok(TraceFile { path, window, offset: 0, filled: 0 }),
            Err(cause) => {
                // SAFETY: the path is a C string that outlives the call. Nothing is left to be done if it fails.
                unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path.as_ptr(), 0) };
                Err(cause)
            }
        }
    }

    /// How many bytes have been written.
    pub fn length(&self) -> u64 {
        self.offset + self.filled as u64
    }

    /// Appends a record, whose first byte is not zero.
    ///
    /// # Errors
    /// There is no more room, by the kernel's word. What was appended before is there.
    pub fn append(&mut self, record: &[u8]) -> io::Result<()> {
        debug_assert!(record.len() < LONGEST);
        // A zero has to follow.
        if self.filled + record.len() >= WINDOW {
            self.advance()?;
        }
        let Some((first, rest)) = record.split_first() else { return Ok(()) };
        let at = (self.window + self.filled) as *mut u8;
        // SAFETY: the window has room for the record, as was checked, and nobody else writes to it.
        unsafe {
            at.add(1).copy_from_nonoverlapping(rest.as_ptr(), rest.len());
            AtomicU8::from_ptr(at).store(*first, Release);
        }
        self.filled += record.len();
        Ok(())
    }

    /// Takes back all from `length` on, if it is still in the window.
    pub fn take_back(&mut self, length: u64) -> bool {
        let Some(filled) = length.checked_sub(self.offset) else { return false };
        let filled = filled as usize;
        let at = (self.window + filled) as *mut u8;
        // SAFETY: what is taken back lies in the window.
        unsafe {
            AtomicU8::from_ptr(at).store(0, Release);
            compiler_fence(Release);
            at.write_bytes(0, self.filled - filled);
        }
        self.filled = filled;
        true
    }

    /// Changes a byte of the header, in the first window or by a write of its own.
    fn put(&self, offset: u64, byte: u8) {
        if let Ok(file) = open(&self.path) {
            // SAFETY: pointer and length are those of a live value. Nothing is left to be done if it fails.
            unsafe { libc::syscall(libc::SYS_pwrite64, file.descriptor(), &raw const byte, 1, offset) };
        }
    }

    fn advance(&mut self) -> io::Result<()> {
        let start = self.filled & !(PAGE - 1);
        let offset = self.offset + start as u64;
        let next = map(&open(&self.path)?, offset)?;
        // SAFETY: the window is no longer used.
        unsafe { memory::release(self.window, WINDOW) };
        (self.window, self.offset, self.filled) = (next, offset, self.filled - start);
        Ok(())
    }

    /// The end: the file gets its length, and the byte at `offset` becomes `byte`.
    pub fn end(self, offset: u64, byte: u8) {
        self.put(offset, byte);
        if let Ok(file) = open(&self.path) {
            // SAFETY: the call takes numbers only.
            unsafe { libc::syscall(libc::SYS_ftruncate, file.descriptor(), self.length()) };
        }
    }
}

impl Drop for TraceFile {
    fn drop(&mut self) {
        // SAFETY: nobody uses the window any more.
        unsafe { memory::release(self.window, WINDOW) };
    }
}

/// Makes room for a window from `offset` on, and maps it.
fn map(file: &Open, offset: u64) -> io::Result<usize> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    // What lies before the end of the file may hold records.
    // SAFETY: the call takes numbers only.
    let end = succeeded(unsafe { libc::syscall(libc::SYS_lseek, file.descriptor(), 0, libc::SEEK_END) })? as u64;
    let mut at = end.max(offset);
    let window_end = offset + WINDOW as u64;
    while at < window_end {
        let size = ZEROS.len().min((window_end - at) as usize);
        // SAFETY: pointer and length are those of a live array.
        let written = unsafe { libc::syscall(libc::SYS_pwrite64, file.descriptor(), ZEROS.as_ptr(), size, at) };
        match succeeded(written) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => at += written as u64,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    file::map(file, offset, WINDOW)
}
