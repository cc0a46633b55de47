//! What raw locks say: the locks held at both accesses of a race, and self-deadlocks.
#![cfg(race_engine)]

mod wrapper_case;

use race::sync::raw;
use race::thread;
use wrapper_case::{Outcome, Place, Steps, in_own_process, one_then_other};

static MUTEX: raw::Mutex = raw::Mutex::new();
static LOCK: raw::RwLock = raw::RwLock::new();
static X: Place = Place::new();
static STEPS: Steps = Steps::new();

/// The section of a report that `heading` begins, up to the next: its functions.
fn functions<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let start = text.find(heading).unwrap_or_else(|| panic!("no {heading:?} in:\n{text}"));
    let section = text[start..].split("\n\n").next().unwrap_or_default();
    section.lines().filter_map(|line| line.trim().strip_suffix("()")).collect()
}

mod held {
    //! Where locks are locked, for the stacks.

    use super::{LOCK, MUTEX, X};

    #[inline(never)]
    pub fn lock() {
        MUTEX.lock();
        std::hint::black_box(());
    }

    #[inline(never)]
    pub fn read_lock() {
        LOCK.read_lock();
        std::hint::black_box(());
    }

    #[inline(never)]
    pub fn write(value: u64) {
        X.write(value);
        std::hint::black_box(());
    }
}

#[test]
fn a_report_shows_the_locks_held_at_both_accesses() {
    fn body() {
        one_then_other(
            || {
                // Neither held before nor after the access matters.
                MUTEX.lock();
                MUTEX.unlock();
                held::read_lock();
                held::lock();
                held::write(1);
                MUTEX.unlock();
                LOCK.read_unlock();
                held::lock();
            },
            || {
                held::read_lock();
                held::write(2);
                LOCK.read_unlock();
            },
        );
    }
    let Some(Outcome { status, text }) = in_own_process("a_report_shows_the_locks_held_at_both_accesses", body) else {
        return;
    };
    assert_eq!(status, 66, "{text}");
    let headings: Vec<&str> = text
        .lines()
        .filter(|line| line.ends_with(':') && !line.starts_with(' '))
        .map(|line| line.split(" 0x").next().unwrap_or_default())
        .collect();
    let expected =
        ["Write at", "Holding rwlock", "Previous write at", "Holding rwlock", "Holding mutex"].map(str::to_owned);
    assert_eq!(headings[..5], expected, "{text}");
    assert!(headings[5..].iter().all(|heading| heading.starts_with("Thread ")), "{text}");

    let (current, previous) = text.split_at(text.find("Previous").unwrap());
    // The innermost function is the place's own.
    assert_eq!(functions(current, "Write at")[1], "wrapper_raw_reports::held::write", "{text}");
    assert_eq!(functions(current, "Holding rwlock")[0], "wrapper_raw_reports::held::read_lock", "{text}");
    assert_eq!(functions(previous, "Previous write at")[1], "wrapper_raw_reports::held::write", "{text}");
    assert_eq!(functions(previous, "Holding rwlock")[0], "wrapper_raw_reports::held::read_lock", "{text}");
    assert_eq!(functions(previous, "Holding mutex")[0], "wrapper_raw_reports::held::lock", "{text}");
    assert!(functions(previous, "Holding mutex")[1].contains("a_report_shows"), "{text}");
    let of_lock = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("Holding rwlock")).unwrap();
        assert!(line.ends_with(" (read) locked at:"), "{line}");
        line.to_owned()
    };
    assert_eq!(of_lock(current), of_lock(previous), "both name the same lock");
}

/// A lock that another thread has unlocked is not held any more, and its former holder's accesses do not show it.
#[test]
fn a_lock_that_was_handed_over_is_not_held() {
    fn body() {
        thread::scope(|scope| {
            scope.spawn(|| {
                held::lock();
                STEPS.take();
                STEPS.wait_for(2);
                held::write(1);
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(1);
                MUTEX.unlock();
                STEPS.take();
                STEPS.wait_for(3);
                held::write(2);
            });
        });
    }
    let Some(Outcome { status, text }) = in_own_process("a_lock_that_was_handed_over_is_not_held", body) else {
        return;
    };
    assert_eq!((status, text.matches("Holding").count()), (66, 0), "{text}");
}

/// Runs `body`, the case called `name`, and asserts that it ends because `second` waits for what `first` has locked. The
/// harness has a thread of its own, so it takes the time that others are given; tests/raw_self_deadlock.rs has the cases
/// without another thread.
fn self_deadlock(name: &str, body: fn(), message: &str) {
    let Some(Outcome { status, text }) = in_own_process(name, body) else { return };
    assert_eq!((status, text.matches("fatal: ").count()), (2, 1), "{name}:\n{text}");
    let message = format!("fatal: self-deadlock: this thread locks {message}\n");
    assert_eq!(functions(&text, &message)[0], format!("wrapper_raw_reports::{name}::second"), "{text}");
    assert_eq!(functions(&text, "Locked at:\n")[0], format!("wrapper_raw_reports::{name}::first"), "{text}");
}

#[test]
fn a_mutex_locked_again_while_others_live() {
    #[inline(never)]
    fn first() {
        MUTEX.lock();
        second();
        MUTEX.unlock();
    }
    #[inline(never)]
    fn second() {
        MUTEX.lock();
        MUTEX.unlock();
    }
    self_deadlock("a_mutex_locked_again_while_others_live", first, "a mutex that it holds already");
}

#[test]
fn a_reader_locks_again_behind_a_waiting_writer() {
    #[inline(never)]
    fn first() {
        LOCK.read_lock();
        // Without a waiting writer a reader may lock again.
        LOCK.read_lock();
        LOCK.read_unlock();
        thread::spawn(|| LOCK.write_lock());
        while LOCK.try_read_lock() {
            LOCK.read_unlock();
            thread::yield_now();
        }
        second();
        LOCK.read_unlock();
    }
    #[inline(never)]
    fn second() {
        LOCK.read_lock();
        LOCK.read_unlock();
    }
    let message = "for reading an rwlock that it holds for reading already, while a writer waits";
    self_deadlock("a_reader_locks_again_behind_a_waiting_writer", first, message);
}
