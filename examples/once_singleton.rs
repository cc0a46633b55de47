//! A single instance is made by whoever comes first; a look without the lock is to save the others the lock.
//!
//! The mistake: double-checked locking by hand. The second look is under the lock, the first is not, and it is the only
//! one of those who come late: nothing orders it after the write.
//!
//! To read in the report: the write is followed by `Holding mutex`, the read is not, and both are in `settings_racy`: the
//! read is the first look, above the lock.
//!
//! The fix: `OnceLock`, which does the same with the orderings that it takes.
//!
//! `cargo run --features race --example once_singleton` runs the mistake, with `-- fixed` behind it the fix.

mod common;

use race::cell::RaceCell;
use race::sync::{OnceLock, raw};
use race::thread;

struct Settings {
    language: &'static str,
}

static ENGLISH: Settings = Settings { language: "English" };

// Racy: checked by hand, twice.

static LOCK: raw::Mutex = raw::Mutex::new();
static BY_HAND: RaceCell<Option<&Settings>> = RaceCell::new(None);

fn settings_racy() -> &'static Settings {
    // SAFETY: wrong, which is the mistake: another thread may be making the settings.
    if let Some(settings) = unsafe { BY_HAND.read() } {
        return settings;
    }
    LOCK.lock();
    // SAFETY: under the lock.
    if unsafe { BY_HAND.read() }.is_none() {
        // SAFETY: under the lock; but not everybody who reads is.
        unsafe { BY_HAND.write(Some(&ENGLISH)) };
    }
    LOCK.unlock();
    &ENGLISH
}

// Fixed: by the type that is made for it.

static SETTINGS: OnceLock<&Settings> = OnceLock::new();

fn settings_fixed() -> &'static Settings {
    SETTINGS.get_or_init(|| &ENGLISH)
}

/// Asks for the settings in two threads.
fn greet(settings: fn() -> &'static Settings) {
    let first = thread::spawn(settings);
    let second = thread::spawn(settings);
    let languages = [first, second].map(|thread| thread.join().expect("no thread panics").language);
    println!("the threads speak {}", languages.join(" and "));
}

fn main() {
    greet(if common::is_fixed() { settings_fixed } else { settings_racy });
}
