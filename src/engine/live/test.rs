//! Tests that say that they begin and end, and the options that a program brings.

use race_rt::report::attribution::{self, TestId};
use race_rt::start;
use race_rt::thread::registry;

use super::with;

/// A test of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Test(TestId);

/// One run of a test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trial(attribution::Trial);

impl Test {
    /// It begins.
    pub(crate) fn begin(name: &str) -> Test {
        Test(TestId::begin(name))
    }

    /// Its run of this number begins.
    pub(crate) fn begin_run(self, run: u32) -> Trial {
        Trial(self.0.begin_run(run))
    }

    /// How many races it has been charged with.
    pub(crate) fn races(self) -> u64 {
        self.0.races()
    }

    /// It is over.
    pub(crate) fn finish(self) {
        self.0.finish();
    }
}

impl Trial {
    /// The running thread is the one that it begins in, and works for it from now on.
    pub(crate) fn take_up(self) {
        with(|thread| registry::work_for(thread.id(), self.0));
    }
}

/// The program brings options, which hold where the environment does not say otherwise.
pub(crate) fn default_options(options: &str) {
    start::ensure();
    if !options.is_empty() {
        start::default_to(options, "the options of #[race::main]");
    }
}
