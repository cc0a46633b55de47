//! Two threads add to one counter without a lock: a race, and its report.
//!
//! `cargo run --features race --example counter` prints the report and ends with status 66. To read there: the first
//! stack is the increment that came second, `Previous ...` the one it was not ordered with, both in `Shared::add`; the
//! `created at` sections lead to the two `thread::spawn` lines of `main`. Without the feature the race is still there,
//! and the sum that is printed may be wrong. `counter_fixed` is the cure.

use race::cell::UnsafeCell;
use race::sync::Arc;
use race::thread;

struct Shared {
    count: UnsafeCell<u64>,
}

// SAFETY: none of it is true, which is the point: two threads call `add` at once.
unsafe impl Sync for Shared {}

impl Shared {
    fn add(&self) {
        // SAFETY: wrong, as above.
        self.count.with_mut(|count| unsafe { *count += 1 });
    }
}

fn main() {
    let shared = Arc::new(Shared { count: UnsafeCell::new(0) });
    let first = thread::spawn({
        let shared = shared.clone();
        move || add_often(&shared)
    });
    let second = thread::spawn({
        let shared = shared.clone();
        move || add_often(&shared)
    });
    first.join().expect("the first thread does not panic");
    second.join().expect("the second thread does not panic");
    // SAFETY: both threads were joined.
    println!("{}", shared.count.with(|count| unsafe { *count }));
}

fn add_often(shared: &Shared) {
    for _ in 0..1000 {
        shared.add();
    }
}
