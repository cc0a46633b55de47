//! Where reports go: stderr, stdout or a file of this process.
//!
//! Guarantees: a report is written whole before the next one starts; what cannot be written is counted, and never makes
//! the program panic or wait for more than [`PATIENCE_MS`] without progress. No lock of the program is taken: the text
//! goes to the kernel past std's and libc's streams. The file is opened for each report anew, so it does not matter
//! that the program closes all its files, and a forked child gets a file of its own. Can miss: text that a program
//! which kills itself in the middle of a write would have received; a reader of a pipe that never reads blocks the
//! report as it blocks the program's own output.

use std::ffi::{CString, c_int};
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::options::LogPath;
use crate::report::process_lock::ProcessLock;
use crate::sys::atomic::{AtomicU64, Ordering};
use crate::sys::file::{Open, no_plain_file, succeeded};

/// How long to wait for a stream that is set to not block and is full.
const PATIENCE_MS: c_int = 1000;

/// The one place that reports are written to.
#[derive(Debug)]
pub struct Sink {
    target: Target,
    lock: ProcessLock,
    unwritten: AtomicU64,
}

#[derive(Debug)]
enum Target {
    /// A stream that the program was started with.
    Stream(c_int),
    /// A file with this name and the number of the process after it.
    File(PathBuf),
}

/// Why a log file cannot be written.
#[derive(Debug)]
pub struct SinkError {
    path: PathBuf,
    cause: io::Error,
}

impl fmt::Display for SinkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, cause) = (self.path.display(), &self.cause);
        write!(
            formatter,
            "the option log_path names {path}, which cannot be written ({cause}); give a path that can be written"
        )
    }
}

impl std::error::Error for SinkError {}

impl Sink {
    /// A sink for the target that the options name; an error if it could not be written.
    ///
    /// Makes no file yet: a process without a race leaves none.
    pub fn new(log_path: &LogPath) -> Result<Self, SinkError> {
        let target = match log_path {
            LogPath::Stderr => Target::Stream(libc::STDERR_FILENO),
            LogPath::Stdout => Target::Stream(libc::STDOUT_FILENO),
            LogPath::File(path) => {
                let failed = |cause| SinkError { path: path.clone(), cause };
                // The program may change its directory before the first report.
                let path = std::path::absolute(path).map_err(failed)?;
                check_writable(&file_of_process(&path)).map_err(failed)?;
                Target::File(path)
            }
        };
        Ok(Self { target, lock: ProcessLock::new(), unwritten: AtomicU64::new(0) })
    }

    /// Writes a text that ends with a newline, undivided.
    pub fn write(&self, text: &str) {
        let _only_writer = self.lock.acquire();
        let written = match &self.target {
            Target::Stream(descriptor) => write_all(*descriptor, text.as_bytes()),
            Target::File(path) => {
                let path = file_of_process(path);
                // A report is too precious to lose to a directory that has gone since the start.
                append(&path, text).or_else(|cause| write_to_stderr(SinkError { path, cause }, text))
            }
        };
        if written.is_err() {
            self.unwritten.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many texts could not be written, at least not wholly.
    pub fn unwritten(&self) -> u64 {
        self.unwritten.load(Ordering::Relaxed)
    }
}

/// `PATH.<pid>`.
fn file_of_process(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    PathBuf::from(name)
}

/// Whether the file could be opened for writing, without making it.
fn check_writable(file: &Path) -> io::Result<()> {
    match file.metadata() {
        Ok(found) if found.is_dir() => return Err(io::Error::from_raw_os_error(libc::EISDIR)),
        Ok(found) if !found.is_file() && !found.file_type().is_char_device() => return Err(no_plain_file()),
        _ => {}
    }
    match access(file, libc::W_OK) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let directory = file.parent().unwrap_or(Path::new("/"));
            if !directory.metadata()?.is_dir() {
                return Err(io::Error::from_raw_os_error(libc::ENOTDIR));
            }
            access(directory, libc::W_OK | libc::X_OK)
        }
        known => known,
    }
}

fn access(path: &Path, mode: c_int) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the path is a C string that outlives the call.
    succeeded(unsafe { libc::access(path.as_ptr(), mode) }.into()).map(drop)
}

fn write_to_stderr(error: SinkError, text: &str) -> io::Result<()> {
    write_all(libc::STDERR_FILENO, format!("race: {error}\n{text}").as_bytes())
}

fn append(file: &Path, text: &str) -> io::Result<()> {
    let file = CString::new(file.as_os_str().as_bytes())?;
    let file = Open::log(&file)?;
    write_all(file.descriptor(), text.as_bytes())
}

/// Writes everything to an open file or stream, past every buffer and lock of the process.
///
/// The kernel is called directly because libc's `write` may be one that watches the program.
pub fn write_all(descriptor: c_int, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        // SAFETY: pointer and length are those of a live slice, which the kernel only reads.
        let result = succeeded(unsafe { libc::syscall(libc::SYS_write, descriptor, bytes.as_ptr(), bytes.len()) });
        match result {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written as usize..).unwrap_or_default(),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => wait_until_writable(descriptor)?,
            Err(cause) => return Err(cause),
        }
    }
    Ok(())
}

fn wait_until_writable(descriptor: c_int) -> io::Result<()> {
    let mut stream = libc::pollfd { fd: descriptor, events: libc::POLLOUT, revents: 0 };
    // SAFETY: the pointer is to one `pollfd`, as the count says.
    match succeeded(unsafe { libc::syscall(libc::SYS_poll, &raw mut stream, 1, PATIENCE_MS) }) {
        Ok(0) => Err(io::ErrorKind::TimedOut.into()),
        Ok(_) => Ok(()),
        Err(cause) if cause.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(cause) => Err(cause),
    }
}
