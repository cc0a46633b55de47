//! What the threads of a wait group order, and what they do not; the group itself is among the cases of channels.
#![cfg(race_engine)]

mod wrapper_case;

use std::panic::{AssertUnwindSafe, catch_unwind};

use race::sync::WaitGroup;
use race::thread;
use wrapper_case::{Place, Steps};

static X: Place = Place::new();
static Y: Place = Place::new();
static STEPS: Steps = Steps::new();

cases! {
    fn clean_go() {
        let group = WaitGroup::new();
        X.write(1);
        group.go(|| X.write(2));
        group.go(|| Y.write(2));
        group.wait();
        assert_eq!(X.read() + Y.read(), 4);
    }

    /// The first is done, and the group at zero, before the second is added.
    fn clean_one_by_one() {
        static GROUP: WaitGroup = WaitGroup::new();
        for (round, place) in [&X, &Y].into_iter().enumerate() {
            GROUP.add(1);
            thread::spawn(|| {
                place.write(2);
                GROUP.done();
                STEPS.take();
            });
            STEPS.wait_for(round + 1);
        }
        GROUP.wait();
        assert_eq!(X.read() + Y.read(), 4);
    }

    fn race_go() {
        let group = WaitGroup::new();
        group.go(|| {
            X.write(1);
            STEPS.take();
        });
        group.go(|| {
            STEPS.wait_for(1);
            X.write(2);
        });
        group.wait();
    }

    fn race_go_and_on() {
        let group = WaitGroup::new();
        group.go(|| {
            STEPS.wait_for(1);
            X.write(1);
        });
        X.write(2);
        STEPS.take();
        group.wait();
    }

    fn clean_go_from_within() {
        static GROUP: WaitGroup = WaitGroup::new();
        GROUP.go(|| {
            X.write(1);
            GROUP.go(|| X.write(2));
        });
        GROUP.wait();
        assert_eq!(X.read(), 2);
    }

    fn clean_go_that_panics() {
        let group = WaitGroup::new();
        group.go(|| {
            X.write(1);
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(catch_unwind(AssertUnwindSafe(|| group.wait())).is_err());
        X.write(2);
    }

    /// The threads of a group may outlive it.
    fn clean_group_that_is_gone() {
        let group = WaitGroup::new();
        group.go(|| {
            STEPS.wait_for(1);
            X.write(1);
            STEPS.take();
        });
        drop(group);
        STEPS.take();
        STEPS.wait_for(2);
    }
}
