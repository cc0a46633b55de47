//! Signals that ask a series of runs to end: its temporary files are removed, then the process ends as the signal would have
//! ended it.
//!
//! Ctrl-C reaches the run under way too, which may have its own things to say before it ends; so the first one is only
//! noted, for the owner of the series to ask about between runs. A second one, a termination and a hang-up end the process
//! at once. Can miss: SIGKILL, which nobody can catch.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Those that are caught.
const SIGNALS: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];

/// How often to try to empty a directory into which a dying run still writes.
const ATTEMPTS: usize = 20;

/// The watch over the signals, to the end of the process.
pub struct Interruption {
    /// The last signal, or 0; the handlers themselves set it, so that who was signalled together with a run knows when
    /// that has ended.
    noted: Arc<AtomicUsize>,
    directory: PathBuf,
}

impl Interruption {
    /// From now on signals remove `directory`.
    pub fn watch(directory: &Path) -> io::Result<Self> {
        let watch = Self { noted: Arc::default(), directory: directory.to_owned() };
        for signal in SIGNALS {
            flag::register_usize(signal, Arc::clone(&watch.noted), signal as usize)?;
        }
        let mut signals = Signals::new(SIGNALS)?;
        let directory = watch.directory.clone();
        std::thread::spawn(move || {
            let mut interrupted = false;
            for signal in signals.forever() {
                if signal != SIGINT || interrupted {
                    end(&directory, signal);
                }
                interrupted = true;
            }
        });
        Ok(watch)
    }

    /// Ends the process if there was a signal.
    pub fn check(&self) {
        match self.noted.load(Ordering::Relaxed) {
            0 => {}
            signal => end(&self.directory, signal as i32),
        }
    }
}

fn end(directory: &Path, signal: i32) {
    for _ in 0..ATTEMPTS {
        if std::fs::remove_dir_all(directory).is_ok() || !directory.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    // All three end the process by default; should that fail, the status is the one that a shell gives to it.
    let _ended = emulate_default_handler(signal);
    std::process::exit(128 + signal);
}
