//! Raw locks that the only thread of a process locks twice: it ends at once with both stacks, in place of waiting for ever.
//!
//! Without the harness of libtest, which would be another thread: a process for each case, whose main thread runs it.

#[cfg(not(race_engine))]
fn main() {}

#[cfg(race_engine)]
fn main() {
    use cases::{CASES, Case};

    let chosen = std::env::var(cases::CHOSEN);
    if let Some(Case { body, .. }) = CASES.iter().find(|case| chosen.as_deref() == Ok(case.name)) {
        // A case that hangs is killed, and fails.
        // SAFETY: the call has no preconditions.
        unsafe { libc::alarm(60) };
        return body();
    }
    for case in &CASES {
        case.judge();
        println!("{} ... ok", case.name);
    }
}

#[cfg(race_engine)]
mod cases {
    use std::process::Command;

    use race::sync::raw;

    /// Names the case that a process is to run.
    pub const CHOSEN: &str = "RACE_RAW_CASE";

    pub struct Case {
        pub name: &'static str,
        pub body: fn(),
        /// What is said, or `None` where all is well.
        message: Option<&'static str>,
    }

    pub static CASES: [Case; 5] = [
        Case {
            name: "mutex_locked_again",
            body: || both(|| MUTEX.lock(), || MUTEX.lock()),
            message: Some("a mutex that it holds already"),
        },
        Case {
            name: "writer_writes_again",
            body: || both(|| LOCK.write_lock(), || LOCK.write_lock()),
            message: Some("for writing an rwlock that it holds for writing already"),
        },
        Case {
            name: "reader_writes",
            body: || both(|| LOCK.read_lock(), || LOCK.write_lock()),
            message: Some("for writing an rwlock that it holds for reading already"),
        },
        Case {
            name: "writer_reads",
            body: || both(|| LOCK.write_lock(), || LOCK.read_lock()),
            message: Some("for reading an rwlock that it holds for writing already"),
        },
        Case { name: "reader_reads_again", body: || both(|| LOCK.read_lock(), || LOCK.read_lock()), message: None },
    ];

    static MUTEX: raw::Mutex = raw::Mutex::new();
    static LOCK: raw::RwLock = raw::RwLock::new();

    fn both(one: fn(), other: fn()) {
        first(one);
        second(other);
    }

    #[inline(never)]
    fn first(lock: fn()) {
        lock();
        std::hint::black_box(());
    }

    #[inline(never)]
    fn second(lock: fn()) {
        lock();
        std::hint::black_box(());
    }

    impl Case {
        pub fn judge(&self) {
            let test = std::env::current_exe().expect("a test knows its own file");
            let output = Command::new(test)
                .env(CHOSEN, self.name)
                .env("RACE_OPTIONS", "atexit_sleep_ms=0")
                .output()
                .expect("a test can start itself");
            let text = String::from_utf8_lossy(&output.stderr);
            let Some(message) = self.message else {
                assert!(output.status.success() && text.is_empty(), "{}: {}\n{text}", self.name, output.status);
                return;
            };
            assert_eq!(output.status.code(), Some(2), "{}:\n{text}", self.name);
            let functions: Vec<&str> = text
                .lines()
                .map(str::trim)
                .filter(|line| line.ends_with("()") && !line.contains("{{closure}}") && !line.contains("call_once"))
                .collect();
            let [second, .., main] = functions[..] else { panic!("{}:\n{text}", self.name) };
            assert_eq!((second, main), ("raw_self_deadlock::cases::second()", "raw_self_deadlock::main()"), "{text}");
            assert!(text.starts_with(&format!("fatal: self-deadlock: this thread locks {message}\n")), "{text}");
            let (_, locked) = text.split_once("\n\nLocked at:\n").unwrap_or_else(|| panic!("{text}"));
            assert!(locked.contains("  raw_self_deadlock::cases::first()\n"), "{text}");
            assert!(!locked.contains("  raw_self_deadlock::cases::second()\n"), "{text}");
        }
    }
}
