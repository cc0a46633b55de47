//! Structures of the engine by themselves, under schedules of [`crate::schedules`].

use std::sync::Arc;

use race_rt::report::dedupe::{Admission, Dedupe, RaceKey};
use race_rt::report::model::Pc;
use race_rt::thread::context::{self, NodeId};
use race_rt::thread::{Thread, registry};
use shuttle::scheduler::{PctScheduler, RandomScheduler};

use crate::random::Random;
use crate::schedules::explore;

const SCHEDULES: usize = 500;
const THREADS: usize = 3;

/// What each of some threads returns from `work`, which is given the thread's number.
fn together<R: Send + 'static>(work: impl Fn(usize) -> R + Send + Sync + 'static) -> Vec<R> {
    let work = Arc::new(work);
    let threads: Vec<_> = (0..THREADS)
        .map(|number| {
            let work = work.clone();
            shuttle::thread::spawn(move || work(number))
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
}

fn explore_both(body: impl Fn(usize) + Clone + Send + Sync + 'static) {
    let mut random = Random::new(crate::seed());
    let runs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let body = move || body(runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    explore(RandomScheduler::new_from_seed(random.next(), SCHEDULES), body.clone());
    explore(PctScheduler::new_from_seed(random.next(), 3, SCHEDULES), body);
}

/// Threads that add the same stacks and others at the same time: one number for each stack.
#[test]
fn each_stack_has_one_number() {
    explore_both(|run| {
        let base = 0x7000_0000 + 16 * run;
        let numbers = together(move |thread| {
            let outer = context::child(NodeId::ROOT, Pc(base));
            let own = context::child(outer, Pc(base + 8 + thread));
            let shared = context::child(outer, Pc(base + 1));
            assert_eq!(context::stack(own), [Pc(base + 8 + thread), Pc(base)]);
            (outer, own, shared)
        });
        assert!(numbers.iter().all(|(outer, _, shared)| (*outer, *shared) == (numbers[0].0, numbers[0].2)));
        let mut own: Vec<u32> = numbers.iter().map(|(_, own, _)| own.0).collect();
        own.sort_unstable();
        own.dedup();
        assert_eq!(own.len(), THREADS);
    });
}

/// Threads that find the same race at the same time: one of them reports it.
#[test]
fn one_of_the_finders_reports() {
    explore_both(|_| {
        let dedupe = Arc::new(Dedupe::new());
        let seen = dedupe.clone();
        let admitted = together(move |thread| {
            let same = seen.admit(RaceKey::new(Pc(1), Pc(2)), true, None) == Admission::Reported;
            let own = seen.admit(RaceKey::new(Pc(1), Pc(10 + thread)), true, None) == Admission::Reported;
            (same, own)
        });
        assert_eq!(admitted.iter().filter(|(same, _)| *same).count(), 1);
        assert!(admitted.iter().all(|(_, own)| *own));
        assert_eq!((dedupe.reported(), dedupe.suppressed()), (1 + THREADS as u64, THREADS as u64 - 1));
    });
}

/// A state on its way to another thread.
struct Moved(Box<Thread>);

// SAFETY: nobody uses the state before the thread to which it is moved.
unsafe impl Send for Moved {}

impl Moved {
    fn finish(self) {
        registry::finish(self.0);
    }
}

/// A thread ends while another is adopted, which takes all that was done so far for ordered before it. What is then done in
/// the slot of the first was not done so far.
#[test]
fn an_adopted_thread_knows_nothing_of_who_takes_an_ending_ones_slot() {
    explore_both(|_| {
        let mut creator = registry::adopt(false);
        let ending = Moved(registry::spawn(&mut creator, None, NodeId::ROOT));
        let id = ending.0.id();
        let end = shuttle::thread::spawn(move || {
            ending.finish();
        });
        let mut adopted = registry::adopt(false);
        end.join().expect("the thread does not panic");
        let child = registry::spawn(&mut adopted, None, NodeId::ROOT);
        assert!(!adopted.clock().knows(child.epoch()), "{:?}", child.epoch());
        let ids = [child.id(), adopted.id(), creator.id(), id];
        [child, adopted, creator].into_iter().for_each(registry::finish);
        ids.into_iter().for_each(registry::detach);
    });
}
