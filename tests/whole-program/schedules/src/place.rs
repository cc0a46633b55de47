//! Memory that any thread may touch, as it is or under a lock.

use std::cell::UnsafeCell;
use std::sync::Mutex;
use std::time::Duration;

/// Which of the two programs of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Twin {
    /// The one with the race.
    Racy,
    /// The one without.
    Clean,
}

impl Twin {
    /// From the first word of a name.
    pub fn parse(word: &str) -> Option<Twin> {
        match word {
            "race" => Some(Twin::Racy),
            "clean" => Some(Twin::Clean),
            _ => None,
        }
    }
}

/// A number that any thread may read and write, with nothing in the type system against it.
pub(crate) struct Place(UnsafeCell<u64>);

// SAFETY: wrong for racy programs, which is their point; any bytes are a number.
unsafe impl Sync for Place {}

static LOCK: Mutex<()> = Mutex::new(());

impl Place {
    pub const fn new() -> Place {
        Place(UnsafeCell::new(0))
    }

    #[inline(never)]
    pub fn read(&self, twin: Twin) -> u64 {
        let _guard = (twin == Twin::Clean).then(|| LOCK.lock().unwrap());
        // SAFETY: the place lives; races are what the programs are about.
        std::hint::black_box(unsafe { *self.0.get() })
    }

    #[inline(never)]
    pub fn write(&self, twin: Twin, value: u64) {
        let _guard = (twin == Twin::Clean).then(|| LOCK.lock().unwrap());
        // SAFETY: as in `read`.
        unsafe { *self.0.get() = std::hint::black_box(value) }
    }

    /// Reads and writes.
    pub fn count(&self, twin: Twin) {
        self.write(twin, self.read(twin) + 1);
    }
}

/// What a program does between two of its steps: it waits for something outside of it, and others get to their own.
pub fn pass_time() {
    std::thread::sleep(Duration::from_millis(1));
}
