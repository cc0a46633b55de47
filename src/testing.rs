//! What [`#[race::test]`](crate::test) and [`#[race::main]`](crate::main) expand to calls of. Not for others.
//!
//! A test's body runs in a thread of its own, created and joined by libtest's, so that the test's threads are those of
//! one spawn tree, whichever thread libtest uses, and its output is captured as that of libtest's thread is. When it is
//! over the test is judged by what was charged to it (`attribution` of the engine's reports). Without the engine the body is
//! just called.

#[cfg(not(race_engine))]
mod idle {
    use std::process::{ExitCode, Termination};

    /// Runs a test's body.
    pub fn run_test<R>(_path: &str, _runs: u32, _expected_panic: Option<&str>, body: fn() -> R) -> ExitCode
    where
        R: Termination + 'static,
    {
        body().report()
    }

    /// Before a program's `main`.
    pub fn begin_main(_options: &str) {}
}

#[cfg(race_engine)]
mod live {
    use std::any::Any;
    use std::fmt;
    use std::process::{ExitCode, Termination};

    use crate::engine::{Test, Trial, default_options, schedule};
    use crate::thread::Builder;

    /// How the body of a test ended: with what it returned, or with what it panicked with.
    type Ending = Result<ExitCode, Box<dyn Any + Send>>;

    /// Runs the test at `path` up to `runs` times, until one run fails. With `expected_panic` each run has to panic, with
    /// a message that contains this text.
    #[track_caller]
    pub fn run_test<R>(path: &str, runs: u32, expected_panic: Option<&str>, body: fn() -> R) -> ExitCode
    where
        R: Termination + 'static,
    {
        let name = path.split_once("::").map_or(path, |(_, name)| name);
        let test = Test::begin(name);
        for number in 1..=runs {
            let run = Run { name, number, runs };
            let ending = run.in_own_thread(test.begin_run(number), body);
            let races = test.races();
            if races > 0 {
                test.finish();
                return run.fail(races, ending, expected_panic);
            }
            let goes_on = match &ending {
                Ok(code) => expected_panic.is_none() && *code == ExitCode::SUCCESS,
                Err(payload) => expected_panic.is_some_and(|expected| is_message(payload.as_ref(), expected)),
            };
            if !goes_on || number == runs {
                test.finish();
                if !goes_on {
                    run.note_failure();
                }
                return ending.unwrap_or_else(|payload| std::panic::resume_unwind(payload));
            }
        }
        ExitCode::SUCCESS
    }

    /// One run of a test.
    struct Run<'a> {
        name: &'a str,
        number: u32,
        runs: u32,
    }

    impl Run<'_> {
        fn in_own_thread<R: Termination + 'static>(&self, trial: Trial, body: fn() -> R) -> Ending {
            let life = move || {
                trial.take_up();
                // What it returned need not be able to change threads.
                body().report()
            };
            let thread = Builder::new().name(self.name.to_owned()).spawn(life);
            thread.expect("a test's thread can be created").join()
        }

        /// The test fails for its races, and for what its own assertions say if they failed too.
        #[track_caller]
        fn fail(&self, races: u64, ending: Ending, expected_panic: Option<&str>) -> ExitCode {
            let plural = if races == 1 { "race" } else { "races" };
            let verdict = format!("race detected during execution of test ({races} {plural}{self})");
            match (ending, expected_panic) {
                (Ok(ExitCode::SUCCESS), None) => panic!("{verdict}"),
                (Err(payload), Some(expected)) if is_message(payload.as_ref(), expected) => {
                    // A test that should panic fails by not panicking.
                    eprintln!("{verdict}; it panicked as it should, and fails because of the race");
                    ExitCode::SUCCESS
                }
                (ending, _) => {
                    eprintln!("{verdict}");
                    ending.unwrap_or_else(|payload| std::panic::resume_unwind(payload))
                }
            }
        }

        /// Says which run it was that failed by the test's own assertions.
        fn note_failure(&self) {
            if self.runs > 1 {
                eprintln!("test {} failed{self}", self.name);
            }
        }
    }

    /// Where a test is run once, there is nothing to be said.
    impl fmt::Display for Run<'_> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.runs == 1 {
                return Ok(());
            }
            let (number, runs, schedule) = (self.number, self.runs, schedule());
            write!(formatter, ", in run {number} of {runs}; RACE_OPTIONS='{schedule}' asks for the same pauses")
        }
    }

    /// Whether a panic's message contains the text; as libtest, which finds nothing in other payloads.
    fn is_message(payload: &(dyn Any + Send), expected: &str) -> bool {
        let message = match payload.downcast_ref::<String>() {
            Some(message) => Some(message.as_str()),
            None => payload.downcast_ref::<&'static str>().copied(),
        };
        expected.is_empty() || message.is_some_and(|message| message.contains(expected))
    }

    /// Before a program's `main`: the options that it brings hold where the environment does not say otherwise.
    pub fn begin_main(options: &str) {
        default_options(options);
    }
}

#[cfg(not(race_engine))]
pub use idle::{begin_main, run_test};
#[cfg(race_engine)]
pub use live::{begin_main, run_test};
