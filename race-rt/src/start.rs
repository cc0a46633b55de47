//! The engine's own start: reservations and options, before the first event, whichever that is.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::options::Options;
use crate::report::exit;
use crate::report::sink::Sink;
use crate::shadow::{map, record};
use crate::sync::atomic_cell;
use crate::sys::spin::wait_while;
use crate::thread::{context, fork, last_step};

const NOT_STARTED: u8 = 0;
const STARTING: u8 = 1;
const STARTED: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(NOT_STARTED);

/// Makes sure that the engine has started.
///
/// Ends the process with status 2 and a sentence on stderr when the system refuses the address space, or when
/// `RACE_OPTIONS` cannot be understood.
#[inline]
pub fn ensure() {
    if STATE.load(Ordering::Acquire) != STARTED {
        start();
    }
}

/// The settings of this process and where its reports go.
struct Settings {
    options: Options,
    sink: Sink,
}

impl Settings {
    fn new(options: Options) -> Settings {
        let sink = Sink::new(&options.log_path).unwrap_or_else(|error| exit::refuse(&error));
        Settings { options, sink }
    }
}

/// Those that the program itself brought, in place of those of the start.
static OF_PROGRAM: OnceLock<Settings> = OnceLock::new();

fn settings() -> &'static Settings {
    static OF_START: OnceLock<Settings> = OnceLock::new();
    OF_PROGRAM.get().unwrap_or_else(|| OF_START.get_or_init(|| Settings::new(Options::from_env())))
}

/// The settings of this process.
pub fn options() -> &'static Options {
    &settings().options
}

/// Where the reports of this process go.
pub fn sink() -> &'static Sink {
    &settings().sink
}

/// The program has defaults of its own, at `place`, which the environment still overrides. The first ones stay.
///
/// Ends the process with status 2 and a sentence on stderr when they cannot be understood.
pub fn default_to(defaults: &str, place: &str) {
    ensure();
    OF_PROGRAM.get_or_init(|| Settings::new(Options::from_program_and_env(defaults, place)));
}

#[cold]
fn start() {
    if STATE.compare_exchange(NOT_STARTED, STARTING, Ordering::Acquire, Ordering::Acquire).is_err() {
        wait_while(|| STATE.load(Ordering::Acquire) != STARTED);
        return;
    }
    let probe = 0u8;
    if !map::is_covered(&raw const probe as usize) {
        exit::refuse(
            &"this process's stack lies outside the address ranges that have a shadow; run it without `ulimit -s unlimited`",
        );
    }
    let reserved = map::reserve().and_then(|()| record::reserve()).and_then(|()| atomic_cell::reserve());
    if let Err(error) = reserved.and_then(|()| context::reserve()) {
        exit::refuse(&format_args!(
            "cannot reserve the address space for the shadow memory ({error}); allow overcommit (vm.overcommit_memory=0) \
             and lift the limit on address space (`ulimit -v unlimited`)"
        ));
    }
    settings();
    STATE.store(STARTED, Ordering::Release);
    last_step::key();
    crate::finale::install();
    fork::install();
}
