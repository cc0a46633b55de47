//! Races that the plain schedule hides: found within twenty seeds of `perturb=full`, and their twins are silent whatever the
//! setting.
#![cfg(race_engine)]

mod wrapper_case;

use std::time::Duration;

use race::sync::atomic::AtomicU64;
use race::sync::atomic::Ordering::{Release, SeqCst};
use race::sync::{Mutex, Once, mpsc};
use race::thread;
use wrapper_case::{Outcome, Place, in_own_process_with};

static PLACE: Place = Place::new();
static LOCK: Mutex<()> = Mutex::new(());

/// Whether the process runs a clean twin, whose accesses are made under a lock.
fn write() {
    let is_clean = std::env::args().any(|argument| argument.starts_with("clean_"));
    let _guard = is_clean.then(|| LOCK.lock());
    PLACE.write(1);
}

/// Runs both, the second one when the first has usually ended.
fn one_and_later_other(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    thread::scope(|scope| {
        scope.spawn(one);
        std::thread::sleep(Duration::from_millis(1));
        scope.spawn(other);
    });
}

fn lock_after_access() {
    let total = Mutex::new(0);
    let count = || *total.lock().expect("nobody panics") += 1;
    one_and_later_other(
        || {
            write();
            count();
        },
        || {
            count();
            write();
        },
    );
}

fn before_once() {
    let once = Once::new();
    one_and_later_other(
        || {
            write();
            once.call_once(|| ());
        },
        || {
            once.call_once(|| ());
            write();
        },
    );
}

fn counted_by_both() {
    let counted = AtomicU64::new(0);
    one_and_later_other(
        || {
            write();
            counted.fetch_add(1, SeqCst);
        },
        || {
            counted.fetch_add(1, SeqCst);
            write();
        },
    );
}

fn channel_after_access() {
    let (sender, receiver) = mpsc::channel();
    one_and_later_other(
        move || {
            write();
            // Whether the receiver is still there or not.
            let _ = sender.send(());
        },
        move || {
            // Whether there is a message or not.
            let _ = receiver.try_recv();
            write();
        },
    );
}

fn is_found_within_twenty_seeds(name: &str, body: fn()) {
    for seed in 1..=20 {
        let options = format!("perturb=full seed={seed}");
        let Some(Outcome { status, text }) = in_own_process_with(name, &options, body) else { return };
        let reports = text.matches("WARNING: DATA RACE").count();
        if reports > 0 {
            let told = format!("\n\nSchedule: {options}\n==================\n");
            assert_eq!((status, reports, text.matches(&told).count()), (66, 1, 1), "{text}");
            assert!(text.contains(&format!("\nrace: {options} (in RACE_OPTIONS ")), "{text}");
            return;
        }
        assert_eq!((status, &*text), (0, ""), "{name} with seed {seed}");
    }
    panic!("{name} was not found with the seeds 1 to 20");
}

fn is_silent(name: &str, body: fn()) {
    for options in ["off", "on", "full seed=1", "full seed=2", "full seed=3", "full seed=4", "full seed=7"] {
        let Some(outcome) = in_own_process_with(name, &format!("perturb={options}"), body) else { return };
        assert_eq!((outcome.status, &*outcome.text), (0, ""), "{name} with perturb={options}");
    }
}

macro_rules! twins {
    ($($body:ident: $race:ident $clean:ident;)*) => {$(
        #[test]
        fn $race() {
            is_found_within_twenty_seeds(stringify!($race), $body);
        }

        #[test]
        fn $clean() {
            is_silent(stringify!($clean), $body);
        }
    )*};
}

twins! {
    lock_after_access: race_lock_after_access clean_lock_after_access;
    before_once: race_before_once clean_before_once;
    counted_by_both: race_counted_by_both clean_counted_by_both;
    channel_after_access: race_channel_after_access clean_channel_after_access;
}

/// A thread waits, drops a few references and ends; how often the process paused.
fn pauses(name: &str, body: fn()) -> Option<u32> {
    let outcome = in_own_process_with(name, "verbose=1 seed=4", body)?;
    assert_eq!(outcome.status, 0, "{}", outcome.text);
    let told = outcome.text.lines().find_map(|line| line.strip_prefix("race: ")?.split_once(" pauses, "));
    Some(told.and_then(|(count, _)| count.parse().ok()).unwrap_or_else(|| panic!("{}", outcome.text)))
}

fn drop_after(wait: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    static COUNT: AtomicU64 = AtomicU64::new(100);
    thread::spawn(move || {
        wait();
        // The first is no matter, see the engine's `perturb`.
        for _ in 0..5 {
            COUNT.fetch_sub(1, Release);
        }
    })
}

#[test]
fn a_thread_that_was_notified_is_paused() {
    let body = || {
        let thread = drop_after(|| thread::park_timeout(Duration::from_secs(100)));
        thread.thread().unpark();
        thread.join().expect("it does not panic");
    };
    if let Some(pauses) = pauses("a_thread_that_was_notified_is_paused", body) {
        assert!(pauses >= 4, "{pauses}");
    }
}

// Under `cargo race` the test's own thread is paused where std drops references: `cargo-race/tests/schedules.rs` has this.
#[cfg(not(race))]
#[test]
fn a_thread_that_gave_up_waiting_is_not_paused() {
    let body = || {
        let by_condition = || {
            let (lock, condition) = (Mutex::new(()), race::sync::Condvar::new());
            let time = Duration::from_millis(1);
            drop(condition.wait_timeout_while(lock.lock().expect("nobody panics"), time, |()| true));
        };
        let by_channel = || assert!(mpsc::channel::<()>().1.recv_timeout(Duration::from_millis(1)).is_err());
        let by_parking = || thread::park_timeout(Duration::from_millis(1));
        drop_after(by_condition).join().expect("it does not panic");
        drop_after(by_channel).join().expect("it does not panic");
        drop_after(by_parking).join().expect("it does not panic");
    };
    if let Some(pauses) = pauses("a_thread_that_gave_up_waiting_is_not_paused", body) {
        // Those of the creator.
        assert_eq!(pauses, 3);
    }
}
