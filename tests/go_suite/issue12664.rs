//! `issue12664_test.go`: a global that is put into an interface, or taken out of one, while another writes it.

use std::any::Any;

use race::channel::bounded;

use crate::case::{consume, go};

static mut BOXED: &str = "before";
static mut ASSERTED: i32 = 0;

crate::suite! {
    "issue12664_test.go";

    "TestRaceIssue12664_2" => fn race_issue_12664_2() {
        fn with_anything(anything: Box<dyn Any>) {
            consume(anything);
        }
        let (done, finished) = bounded::<bool>(0);
        go(move || {
            BOXED = "during";
            drop(done);
        });
        with_anything(Box::new(BOXED));
        assert!(finished.recv().is_err(), "nothing is sent there");
    }

    "TestRaceIssue12664_3" => fn race_issue_12664_3() {
        let (done, finished) = bounded::<bool>(0);
        go(move || {
            let anything: Box<dyn Any> = Box::new(100_i32);
            ASSERTED = *anything.downcast_ref::<i32>().unwrap();
            drop(done);
        });
        let anything: Box<dyn Any> = Box::new(200_i32);
        ASSERTED = *anything.downcast_ref::<i32>().unwrap();
        assert!(finished.recv().is_err(), "nothing is sent there");
    }
}
