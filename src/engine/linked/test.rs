//! Tests that say that they begin and end, and the settings of the process.

use super::abi;

/// A test of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test(u32);

/// One run of a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial {
    test: Test,
    run: u32,
}

impl Test {
    /// It begins.
    pub(crate) fn begin(name: &str) -> Test {
        // SAFETY: the bytes are text.
        Test(unsafe { abi::__race_test_begin(name.as_ptr(), name.len()) })
    }

    /// Its run of this number begins.
    pub(crate) fn begin_run(self, run: u32) -> Trial {
        abi::__race_test_begin_run(self.0, run);
        Trial { test: self, run }
    }

    /// How many races it has been charged with.
    pub(crate) fn races(self) -> u64 {
        abi::__race_test_races(self.0)
    }

    /// It is over.
    pub(crate) fn finish(self) {
        abi::__race_test_finish(self.0);
    }
}

impl Trial {
    /// The running thread is the one that it begins in, and works for it from now on.
    pub(crate) fn take_up(self) {
        abi::__race_begin_test_thread(self.test.0, self.run);
    }
}

/// The program brings options, which hold where the environment does not say otherwise.
pub(crate) fn default_options(options: &str) {
    if !options.is_empty() {
        // SAFETY: the bytes are text.
        unsafe { abi::__race_default_options(options.as_ptr(), options.len()) };
    }
}

/// What asks for the same pauses, as it is written in `RACE_OPTIONS`.
pub(crate) fn schedule() -> String {
    let mut room = vec![0; 64];
    // SAFETY: that is its size.
    let size = unsafe { abi::__race_schedule(room.as_mut_ptr(), room.len()) };
    room.truncate(size);
    String::from_utf8_lossy(&room).into_owned()
}

/// The seed of the process.
pub(crate) fn seed() -> u64 {
    abi::__race_seed()
}
