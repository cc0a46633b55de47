//! Runs each case in a process of its own and judges it by its name: `race_...` must be reported, `clean_...` must not.
//!
//! The engine's state is the process's, and the exit status is part of what is tested, so the test binary starts itself
//! again for each case. Threads are ordered by inline assembly, which neither tier sees ([`Steps`]).

#![allow(dead_code)] // each test uses what it needs

use std::arch::asm;
use std::process::Command;

use race::cell::RaceCell;
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
    in_own_process_with(name, "", body)
}

/// The same with these options.
pub fn in_own_process_with(name: &str, options: &str, body: fn()) -> Option<Outcome> {
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
        .env("RACE_OPTIONS", format!("atexit_sleep_ms=0 {options}"))
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
pub struct Place(RaceCell<u64>);

impl Place {
    /// Holds zero.
    pub const fn new() -> Place {
        Place(RaceCell::new(0))
    }

    /// A read.
    pub fn read(&self) -> u64 {
        // SAFETY: it is not always safe; that is what the cases are about. The accesses are ordered in time by `Steps`.
        unsafe { self.0.read() }
    }

    /// A write.
    pub fn write(&self, new: u64) {
        // SAFETY: as in `read`.
        unsafe { self.0.write(new) }
    }

    /// The place as others see it.
    pub fn pointer(&self) -> *mut u64 {
        self.0.get()
    }
}

/// An order in time that the detector does not see.
#[derive(Default)]
pub struct Steps(std::cell::UnsafeCell<usize>);

// SAFETY: only single instructions access it, which are atomic on this machine.
unsafe impl Sync for Steps {}

impl Steps {
    /// No step was taken.
    pub const fn new() -> Steps {
        Steps(std::cell::UnsafeCell::new(0))
    }

    /// One more step was taken.
    pub fn take(&self) {
        // SAFETY: the place is aligned and lives; the instruction is atomic.
        unsafe { asm!("lock inc qword ptr [{}]", in(reg) self.0.get(), options(nostack)) }
    }

    /// Waits until so many steps were taken.
    pub fn wait_for(&self, steps: usize) {
        while self.taken() < steps {
            std::thread::yield_now();
        }
    }

    fn taken(&self) -> usize {
        let taken: usize;
        // SAFETY: as in `take`.
        unsafe { asm!("mov {}, qword ptr [{}]", out(reg) taken, in(reg) self.0.get(), options(nostack)) }
        taken
    }
}

/// A lock that the detector does not see.
#[derive(Default)]
pub struct Unseen(std::cell::UnsafeCell<u64>);

// SAFETY: only single instructions access it, which are atomic on this machine.
unsafe impl Sync for Unseen {}

/// An [`Unseen`] that is locked.
pub struct UnseenGuard<'a>(&'a Unseen);

impl Unseen {
    /// Not locked.
    pub const fn new() -> Unseen {
        Unseen(std::cell::UnsafeCell::new(0))
    }

    /// Waits until nobody has it.
    pub fn lock(&self) -> UnseenGuard<'_> {
        while self.put(1) == 1 {
            std::thread::yield_now();
        }
        UnseenGuard(self)
    }

    fn put(&self, new: u64) -> u64 {
        let mut word = new;
        // SAFETY: the place is aligned and lives; the instruction is atomic.
        unsafe { asm!("xchg qword ptr [{}], {}", in(reg) self.0.get(), inout(reg) word, options(nostack)) }
        word
    }
}

impl Drop for UnseenGuard<'_> {
    fn drop(&mut self) {
        self.0.put(0);
    }
}

/// Runs the two in threads of their own, one after the other in time, and unordered as far as the detector sees. Both live
/// from before the one to after the other: what std does at a thread's end orders nothing between them.
pub fn one_then_other(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    static TURN: Steps = Steps::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            TURN.take();
            TURN.wait_for(2);
            one();
            TURN.take();
            TURN.wait_for(4);
        });
        scope.spawn(|| {
            TURN.take();
            TURN.wait_for(3);
            other();
            TURN.take();
        });
    });
}
