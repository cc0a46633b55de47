//! Races that the plain schedule hides: found within twenty seeds of `perturb=full`, and their twins are silent whatever the
//! setting.
#![cfg(race_engine)]

mod wrapper_case;

use std::time::Duration;

use race::sync::atomic::AtomicU64;
use race::sync::atomic::Ordering::SeqCst;
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
