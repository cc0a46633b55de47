//! What the program says of order and memory.

use crate::case::{Place, cases, in_order};

static X: Place<u64> = Place::new(0);
static NAMED: u8 = 0;
static OTHER: u8 = 0;

cases! { clean_release_then_acquire race_acquire_of_another clean_ignored clean_forgotten race_ignored_no_more
clean_instrumented race_instrumented }

fn clean_release_then_acquire() {
    in_order(
        || {
            X.write(1);
            race::release(&NAMED);
        },
        || {
            race::acquire(&NAMED);
            X.write(2);
        },
    );
}

fn race_acquire_of_another() {
    in_order(
        || {
            X.write(1);
            race::release(&NAMED);
        },
        || {
            race::acquire(&OTHER);
            X.write(2);
        },
    );
}

fn clean_ignored() {
    in_order(|| race::ignore(|| X.write(1)), || X.write(2));
}

fn race_ignored_no_more() {
    in_order(
        || {
            race::ignore(|| ());
            X.write(1);
        },
        || X.write(2),
    );
}

fn clean_forgotten() {
    in_order(
        || X.write(1),
        || {
            race::forget(X.address().cast(), size_of::<u64>());
            X.write(2);
        },
    );
}

#[race::instrument]
fn set(place: *mut u64) {
    // SAFETY: it is not always safe, and that is what the cases are about.
    unsafe { *place = std::hint::black_box(1) }
}

/// Announced by the attribute and seen by the instrumentation: one access all the same.
fn race_instrumented() {
    in_order(|| set(X.address()), || set(X.address()));
}

fn clean_instrumented() {
    clean_after(|| set(X.address()));
}

fn clean_after(action: impl Fn() + Sync) {
    static LOCK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let locked = || {
        let _locked = LOCK.lock().unwrap();
        action();
    };
    in_order(locked, locked);
}
