//! Memory behind raw pointers, as `#[race::instrument]` shows it to the wrapper tier.

use race::cell::UnsafeCell;
use race::thread;

/// A half for each of two threads.
struct Halves([UnsafeCell<[u64; 512]>; 2]);

// SAFETY: each thread has a half of its own.
unsafe impl Sync for Halves {}

pub fn sweep_in_two_threads() {
    let halves = Halves([const { UnsafeCell::new([0; 512]) }; 2]);
    let halves = &halves;
    thread::scope(|scope| {
        for half in &halves.0 {
            let place = Place(half);
            scope.spawn(move || place.sweep_often());
        }
    });
}

/// The half that a thread has.
struct Place<'halves>(&'halves UnsafeCell<[u64; 512]>);

// SAFETY: a half is given to one thread.
unsafe impl Send for Place<'_> {}

impl Place<'_> {
    fn sweep_often(self) {
        for _ in 0..60_000 {
            // SAFETY: the half is this thread's.
            unsafe { sweep(self.0.get().cast(), 512) };
        }
    }
}

#[race::instrument]
unsafe fn sweep(start: *mut u64, count: usize) {
    for index in 0..count {
        // SAFETY: the caller's promise.
        unsafe { *std::hint::black_box(start.add(index)) += 1 };
    }
}
