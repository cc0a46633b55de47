//! The engine's own start: reservations and options, before the first event, whichever that is.

use std::io;
use std::sync::OnceLock;

use crate::options::{Options, VARIABLE};
use crate::perturb;
use crate::report::exit;
use crate::report::sink::Sink;
use crate::report::suppression::Suppressions;
use crate::shadow::{budget, map, record};
use crate::sync::atomic_cell;
use crate::sys::atomic::{AtomicU8, Ordering};
use crate::sys::memory::{self, PAGE};
use crate::sys::spin::wait_while;
use crate::thread::{context, fork, last_step};
use crate::trace;

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

/// The settings of this process, where its reports go, and which are not wanted.
struct Settings {
    options: Options,
    sink: Sink,
    suppressions: Suppressions,
}

impl Settings {
    fn new(options: Options) -> Settings {
        perturb::set_up(&options);
        if let Some(mebibytes) = options.memory_limit {
            budget::limit_to(mebibytes.get() << 20).unwrap_or_else(|error| {
                exit::refuse(&format_args!(
                    "cannot reserve the address space for memory_limit ({error}); lift the limit on address space (`ulimit -v unlimited`)"
                ))
            });
        }
        let sink = Sink::new(&options.log_path).unwrap_or_else(|error| exit::refuse(&error));
        let suppressions = Suppressions::new(&options.suppressions)
            .unwrap_or_else(|error| exit::refuse(&format_args!("{VARIABLE}: {error}")));
        if options.verbose {
            sink.write(&format!("race: {VARIABLE}: {options}\n"));
        }
        Settings { options, sink, suppressions }
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

/// Which races this process does not report.
pub fn suppressions() -> &'static Suppressions {
    &settings().suppressions
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
    if let Err(error) = reserve() {
        exit::refuse(&format_args!(
            "cannot reserve the address space for the shadow memory ({error}); allow overcommit (vm.overcommit_memory=0) \
             and lift the limit on address space (`ulimit -v unlimited`)"
        ));
    }
    settings();
    if let Some(path) = &options().record {
        trace::begin(path);
    }
    STATE.store(STARTED, Ordering::Release);
    last_step::key();
    crate::finale::install();
    fork::install();
}

/// Reserves all that must exist before the first event.
fn reserve() -> io::Result<()> {
    // The kernel tells where it maps by doing so; the stack and the program itself are always where they should.
    let probe = memory::reserve(PAGE)?;
    if !map::is_covered(probe) {
        exit::refuse(&format_args!(
            "the kernel maps memory at {probe:#x}, which the shadow memory needs; run it with a limited stack \
             (`ulimit -s 8192`) and without `setarch --addr-compat-layout`"
        ));
    }
    // SAFETY: the page is the one just reserved, and nobody has seen it.
    unsafe { memory::release(probe, PAGE) };
    #[cfg(feature = "whole-program")]
    crate::abi::reserve::reserve()?;
    map::reserve()?;
    record::reserve()?;
    atomic_cell::reserve()?;
    context::reserve()
}
