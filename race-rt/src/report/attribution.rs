//! Which test a race is charged to, where tests say that they begin and end.
//!
//! A thread works for the test that its creator worked for when it was created; so a test's threads are those of its
//! spawn tree, whichever others run beside it. A race is charged to the tests that its two threads work for, if any.
//!
//! Guarantees: a race of a test's thread is charged to that test, also when the same race was reported before in
//! another test; one that is seen after the test's end is counted apart and told at the end of the process. Whoever asks
//! for a test's count gets the races whose detection had begun by then, their reports written. Can miss: a thread that
//! nobody saw start works for no test; a race of two such threads is charged to nobody and shows in the process's exit
//! status alone.

use std::sync::MutexGuard;

use crate::sys::atomic::Mutex;
use crate::sys::atomic::{AtomicBool, Ordering};
use crate::sys::spin::wait_while;
use crate::thread::current;

/// A test of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestId(u32);

/// One run of a test, on whose behalf a thread works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The test.
    pub test: TestId,
    /// Which of its runs, from 1 on.
    pub run: u32,
}

/// The tests that a race is charged to: those of its two threads, in no order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Charged([Option<TestId>; 2]);

struct Test {
    name: Box<str>,
    /// Races seen before its end.
    races: u64,
    /// Races of its threads seen after its end.
    late: u64,
    finished: bool,
    /// Reports that were begun and that were done with.
    begun: u64,
    done: u64,
    /// Threads created in the present run.
    created: u64,
}

static TESTS: Mutex<Vec<Test>> = Mutex::new(Vec::new());

/// Whether any test has begun: else nobody needs to be asked for whom a thread works.
static IN_USE: AtomicBool = AtomicBool::new(false);

fn tests() -> MutexGuard<'static, Vec<Test>> {
    TESTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl TestId {
    /// A test begins.
    pub fn begin(name: &str) -> TestId {
        // What is allocated here is not the program's doing.
        let _inside = current::enter();
        let name = name.into();
        let mut tests = tests();
        tests.push(Test { name, races: 0, late: 0, finished: false, begun: 0, done: 0, created: 0 });
        IN_USE.store(true, Ordering::Release);
        TestId((tests.len() - 1) as u32)
    }

    /// The test of this number, of those that have begun.
    #[cfg(feature = "whole-program")]
    pub(crate) fn of_number(number: u32) -> TestId {
        TestId(number)
    }

    /// Its number.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    fn with<R>(self, action: impl FnOnce(&mut Test) -> R) -> R {
        action(&mut tests()[self.0 as usize])
    }

    /// What it is called.
    #[cfg(feature = "whole-program")]
    pub(crate) fn name(self) -> Box<str> {
        self.with(|test| test.name.clone())
    }

    /// Its run of this number begins.
    pub fn begin_run(self, run: u32) -> Trial {
        self.with(|test| test.created = 0);
        Trial { test: self, run }
    }

    /// How many races it has been charged with, whose reports are written.
    pub fn races(self) -> u64 {
        let begun = self.with(|test| test.begun);
        wait_while(|| self.with(|test| test.done < begun));
        self.with(|test| test.races)
    }

    /// It is over: whatever its threads still do comes late.
    pub fn finish(self) {
        self.with(|test| test.finished = true);
    }
}

impl Trial {
    /// The number of the thread that is about to be created, in this run, from 0 on.
    pub(crate) fn next_thread(self) -> u64 {
        self.test.with(|test| {
            test.created += 1;
            test.created - 1
        })
    }
}

/// Whether any test has begun.
pub(crate) fn is_in_use() -> bool {
    IN_USE.load(Ordering::Acquire)
}

impl Charged {
    /// The tests of two threads.
    pub fn to(one: Option<Trial>, other: Option<Trial>) -> Charged {
        let (one, other) = (one.map(|trial| trial.test), other.map(|trial| trial.test));
        Charged(if one == other { [one, None] } else { [one.min(other), one.max(other)] })
    }

    fn tests(self) -> impl Iterator<Item = TestId> {
        self.0.into_iter().flatten()
    }

    /// A report is begun; until it is dropped, who asks for the count of one of the tests waits.
    pub(crate) fn begin_report(self) -> Underway {
        self.tests().for_each(|id| id.with(|test| test.begun += 1));
        Underway(self)
    }
}

/// A report on its way.
pub(crate) struct Underway(Charged);

impl Underway {
    /// The race is a new one.
    pub(crate) fn charge(&self) {
        for id in self.0.tests() {
            id.with(|test| *if test.finished { &mut test.late } else { &mut test.races } += 1);
        }
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.tests().for_each(|id| id.with(|test| test.done += 1));
    }
}

/// One line for each test whose threads raced after its end; `None` when none did.
pub fn late_summary() -> Option<String> {
    if !is_in_use() {
        return None;
    }
    let line = |test: &Test| format!("race: {} race(s) were charged to the finished test {}\n", test.late, test.name);
    let lines: String = tests().iter().filter(|test| test.late > 0).map(line).collect();
    (!lines.is_empty()).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(one: Option<Trial>, other: Option<Trial>) {
        Charged::to(one, other).begin_report().charge();
    }

    #[test]
    fn both_tests_are_charged_and_one_of_both_threads_once() {
        let [one, other] = ["one", "other"].map(|name| TestId::begin(name).begin_run(1));
        report(Some(one), Some(other));
        report(Some(one), Some(one));
        report(None, Some(one));
        report(None, None);
        assert_eq!((one.test.races(), other.test.races()), (3, 1));
    }

    #[test]
    fn what_comes_after_the_end_is_told_apart() {
        let trial = TestId::begin("tests::early").begin_run(1);
        report(Some(trial), None);
        trial.test.finish();
        report(Some(trial), None);
        report(Some(trial), None);
        assert_eq!(trial.test.races(), 1);
        let summary = late_summary().expect("there is a late race");
        assert!(summary.contains("race: 2 race(s) were charged to the finished test tests::early\n"), "{summary}");
    }

    #[test]
    fn the_count_waits_for_reports_that_were_begun() {
        let trial = TestId::begin("waits").begin_run(1);
        let underway = Charged::to(Some(trial), None).begin_report();
        std::thread::scope(|scope| {
            let (asking, asked) = std::sync::mpsc::channel();
            let count = scope.spawn(move || {
                asking.send(()).expect("somebody listens");
                trial.test.races()
            });
            asked.recv().expect("the thread asks");
            (0..1000).for_each(|_| std::thread::yield_now());
            underway.charge();
            drop(underway);
            assert_eq!(count.join().expect("no panic"), 1);
        });
    }

    #[test]
    fn the_order_of_the_threads_does_not_matter() {
        let [one, other] = ["first", "second"].map(|name| Some(TestId::begin(name).begin_run(1)));
        assert_eq!(Charged::to(one, other), Charged::to(other, one));
        assert_ne!(Charged::to(one, other), Charged::to(one, one));
        assert_ne!(Charged::to(one, None), Charged::to(None, None));
    }
}
