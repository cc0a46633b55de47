//! Runs each case in a process of its own and judges it by its name: `race_...` must be reported, `clean_...` must not.
//!
//! The engine's state is the process's, and the exit status is part of what is tested, so the test binary starts itself
//! again for each case. Threads are ordered by std's own primitives, which this tier does not see ([`Steps`]).

#![allow(dead_code)] // each test uses what it needs

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use race::cell::UnsafeCell;
use race::thread;

/// Says which case this process runs.
const CASE: &str = "RACE_WRAPPER_CASE";

/// Seconds that a case may take, on a busy machine too; most take a tenth of one.
const LONGEST: u32 = 300;

/// How a case ended.
pub struct Outcome {
    /// The exit status.
    pub status: i32,
    /// Everything it wrote to stderr.
    pub text: String,
}

/// Runs the body when this is the case's own process; otherwise starts that process and returns how it ended.
pub fn in_own_process(name: &str, body: fn()) -> Option<Outcome> {
    if std::env::var(CASE).is_ok_and(|case| case == name) {
        // A case that hangs is killed, and fails.
        // SAFETY: the call has no preconditions.
        unsafe { libc::alarm(LONGEST) };
        body();
        return None;
    }
    let test = std::env::current_exe().expect("a test knows its own file");
    let output = Command::new(test)
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(CASE, name)
        .env("RACE_OPTIONS", "atexit_sleep_ms=0")
        .output()
        .expect("a test can start itself");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let libtest = String::from_utf8_lossy(&output.stdout);
    assert!(libtest.contains("running 1 test\n"), "{name} is not the one test that its process ran:\n{libtest}");
    let status = output.status.code().unwrap_or_else(|| panic!("{name} was killed: {:?}\n{text}", output.status));
    Some(Outcome { status, text })
}

/// Runs a case and judges it by its name.
pub fn judge(name: &str, body: fn()) {
    let Some(Outcome { status, text }) = in_own_process(name, body) else { return };
    let reports = text.matches("WARNING: DATA RACE").count();
    let (expected_status, expected_reports) = if name.starts_with("race_") { (66, 1) } else { (0, 0) };
    assert_eq!((status, reports), (expected_status, expected_reports), "status and reports of {name}:\n{text}");
}

/// Declares cases: functions that are judged by their names.
#[macro_export]
macro_rules! cases {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)*) => {
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                fn body() $body
                wrapper_case::judge(stringify!($name), body);
            }
        )*
    };
}

/// A number that several threads may access, rightly or not.
#[derive(Default)]
pub struct Place(UnsafeCell<u64>);

// SAFETY: it is not safe; that is what the cases are about. The accesses are ordered in time by `Steps`.
unsafe impl Sync for Place {}

impl Place {
    /// Holds zero.
    pub const fn new() -> Place {
        Place(UnsafeCell::new(0))
    }

    /// A read.
    pub fn read(&self) -> u64 {
        // SAFETY: no write at the same time, see above.
        self.0.with(|value| unsafe { *value })
    }

    /// A write.
    pub fn write(&self, new: u64) {
        // SAFETY: no other access at the same time, see above.
        self.0.with_mut(|value| unsafe { *value = new });
    }

    /// The place as others see it.
    pub fn pointer(&self) -> *mut u64 {
        self.0.get()
    }
}

/// An order in time that the detector does not see.
#[derive(Default)]
pub struct Steps(AtomicUsize);

impl Steps {
    /// No step was taken.
    pub const fn new() -> Steps {
        Steps(AtomicUsize::new(0))
    }

    /// One more step was taken.
    pub fn take(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until so many steps were taken.
    pub fn wait_for(&self, steps: usize) {
        while self.0.load(Ordering::SeqCst) < steps {
            std::thread::yield_now();
        }
    }
}

/// Runs the two in threads of their own, one after the other in time, and unordered as far as the detector sees.
pub fn one_then_other(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    static TURN: Steps = Steps::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            one();
            TURN.take();
        });
        scope.spawn(|| {
            TURN.wait_for(1);
            other();
        });
    });
}
