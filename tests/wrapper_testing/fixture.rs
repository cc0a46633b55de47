//! Tests that are run by others, in a process of their own in which they do what their names say; elsewhere they are
//! over at once.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use race::thread;

use crate::is_on;
use crate::wrapper_case::{Place, Steps};

/// Two threads that write to one place, one after the other in time.
fn race() {
    writers(false);
}

/// The same, the one known to be over before the other writes.
fn no_race() {
    writers(true);
}

fn writers(ordered: bool) {
    let shared = Arc::new((Place::new(), Steps::new()));
    let other = thread::spawn({
        let shared = shared.clone();
        move || {
            shared.0.write(1);
            shared.1.take();
        }
    });
    shared.1.wait_for(1);
    if ordered {
        other.join().unwrap();
        shared.0.write(2);
    } else {
        shared.0.write(2);
        other.join().unwrap();
    }
}

macro_rules! tests {
    ($($(#[$attribute:meta])* fn $name:ident() $body:block)*) => {
        $($(#[$attribute])* fn $name() { if is_on() $body })*
    };
}

mod one {
    use super::*;

    tests! {
        #[race::test]
        fn racy() {
            println!("the racy test was here");
            race();
        }

        #[race::test]
        fn silent() {
            println!("the silent test was here");
            eprintln!("on stderr too");
            no_race();
        }
    }
}

mod helper {
    use super::*;

    tests! {
        #[race::test]
        fn first() {
            race();
        }

        #[race::test]
        fn second() {
            race();
            race();
        }

        #[race::test]
        fn third_silent() {
            no_race();
        }
    }
}

mod beside {
    use super::*;

    static ALL: Barrier = Barrier::new(4);

    /// All four begin before the first races, and none ends before all have.
    fn together(action: fn()) {
        ALL.wait();
        action();
        ALL.wait();
    }

    tests! {
        #[race::test]
        fn racy_one() {
            together(race);
        }

        #[race::test]
        fn racy_two() {
            together(race);
        }

        #[race::test]
        fn silent_one() {
            together(no_race);
        }

        #[race::test]
        fn silent_two() {
            together(no_race);
        }
    }
}

mod between {
    use super::*;

    static X: Place = Place::new();
    static STEPS: Steps = Steps::new();

    tests! {
        #[race::test]
        fn one() {
            STEPS.take();
            STEPS.wait_for(2);
            X.write(1);
            STEPS.take();
            STEPS.wait_for(4);
        }

        #[race::test]
        fn other() {
            STEPS.take();
            STEPS.wait_for(3);
            X.write(2);
            STEPS.take();
        }
    }
}

mod panics {
    use super::*;

    /// What lets a test that should panic pass where it is not run by others.
    const ELSEWHERE: &str = "as it should";

    #[race::test]
    #[should_panic(expected = "as it should")]
    fn racy() {
        if is_on() {
            race();
        }
        panic!("{ELSEWHERE}");
    }

    #[race::test]
    #[should_panic = "as it should"]
    fn racy_otherwise() {
        if is_on() {
            race();
            panic!("in another way");
        }
        panic!("{ELSEWHERE}");
    }

    #[race::test(runs = 3)]
    #[cfg_attr(all(), should_panic)]
    fn silent() {
        no_race();
        panic!();
    }

    #[race::test]
    #[should_panic]
    fn silent_returns() {
        if !is_on() {
            panic!("{ELSEWHERE}");
        }
        no_race();
    }

    tests! {
        #[race::test]
        fn fails_by_itself_and_races() {
            race();
            assert_eq!(1, 2, "an assertion of its own");
        }
    }
}

mod returns {
    use super::*;

    #[race::test]
    fn racy() -> Result<(), Box<dyn Error>> {
        if is_on() {
            race();
        }
        Ok(())
    }

    #[race::test]
    fn silent() -> Result<(), Box<dyn Error>> {
        if is_on() {
            no_race();
        }
        Ok(())
    }

    #[race::test]
    fn silent_error() -> Result<(), Box<dyn Error>> {
        if is_on() {
            return Err("an error of its own".into());
        }
        Ok(())
    }
}

mod repeated {
    use super::*;

    /// Which run this is.
    fn count(runs: &AtomicU32) -> u32 {
        let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
        println!("this is run {run}");
        run
    }

    tests! {
        #[race::test(runs = 5)]
        fn racy_in_the_third() {
            static RUNS: AtomicU32 = AtomicU32::new(0);
            if count(&RUNS) == 3 { race() } else { no_race() }
        }

        #[race::test(runs = 5)]
        fn fails_in_the_second() {
            static RUNS: AtomicU32 = AtomicU32::new(0);
            assert_ne!(count(&RUNS), 2);
        }

        #[race::test(runs = 5)]
        fn fails_in_the_last() {
            static RUNS: AtomicU32 = AtomicU32::new(0);
            assert_ne!(count(&RUNS), 5);
        }

        #[race::test(runs = 5)]
        fn silent() {
            no_race();
        }
    }
}

mod leak {
    use super::*;

    static STEPS: Steps = Steps::new();

    /// Leaves a thread behind that does this when the next test is running.
    fn leave_behind(action: fn()) {
        drop(thread::spawn(move || {
            STEPS.wait_for(1);
            action();
            STEPS.take();
        }));
    }

    fn let_it_go_on() {
        STEPS.take();
        STEPS.wait_for(2);
    }

    tests! {
        #[race::test]
        fn racy_first() {
            leave_behind(race);
        }

        #[race::test]
        fn racy_next() {
            let_it_go_on();
        }

        #[race::test]
        fn silent_first() {
            leave_behind(no_race);
        }

        #[race::test]
        fn silent_next() {
            let_it_go_on();
        }
    }
}

mod plain {
    use super::*;

    tests! {
        #[test]
        fn racy() {
            race();
        }

        #[test]
        fn silent() {
            no_race();
        }

        #[test]
        fn failing_and_racy() {
            race();
            panic!("fails by itself");
        }
    }
}
