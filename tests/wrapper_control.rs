//! What a program tells the detector, and what it is told: orders, lives and accesses of its own, callbacks, options.
#![cfg(race_engine)]

mod wrapper_case;

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};

use race::sync::Mutex;
use race::{AccessKind, thread};
use wrapper_case::{Outcome, Place, Steps, in_own_process, one_then_other};

static X: Place = Place::new();
static Y: Place = Place::new();
/// Names objects that the program synchronises by.
static OBJECTS: [u64; 2] = [0; 2];

cases! {
    fn clean_release_then_acquire() {
        let release = || {
            X.write(1);
            race::release(&OBJECTS[0]);
        };
        let acquire = || {
            race::acquire(&OBJECTS[0]);
            X.write(2);
        };
        one_then_other(release, acquire);
    }

    fn race_acquire_of_another_object() {
        let release = || {
            X.write(1);
            race::release(&OBJECTS[0]);
        };
        let acquire = || {
            race::acquire(&OBJECTS[1]);
            X.write(2);
        };
        one_then_other(release, acquire);
    }

    fn race_release_too_early() {
        let release = || {
            race::release(&OBJECTS[0]);
            X.write(1);
        };
        let acquire = || {
            race::acquire(&OBJECTS[0]);
            X.write(2);
        };
        one_then_other(release, acquire);
    }

    fn race_acquire_orders_one_way() {
        let acquire = || {
            X.write(1);
            race::acquire(&OBJECTS[0]);
        };
        let release = || {
            race::release(&OBJECTS[0]);
            X.write(2);
        };
        one_then_other(acquire, release);
    }

    fn clean_releases_add_up() {
        static STEPS: Steps = Steps::new();
        thread::scope(|scope| {
            for (turn, place) in [&X, &Y].into_iter().enumerate() {
                scope.spawn(move || {
                    STEPS.wait_for(turn);
                    place.write(1);
                    race::release(&OBJECTS[0]);
                    STEPS.take();
                });
            }
            STEPS.wait_for(2);
            race::acquire(&OBJECTS[0]);
            X.write(2);
            Y.write(2);
        });
    }

    fn race_release_forgotten() {
        let release = || {
            X.write(1);
            race::release(&OBJECTS[0]);
        };
        let acquire = || {
            race::forget((&raw const OBJECTS[0]).cast(), size_of::<u64>());
            race::acquire(&OBJECTS[0]);
            X.write(2);
        };
        one_then_other(release, acquire);
    }

    /// A block of the heap takes its objects along, though its memory was never accessed.
    fn race_release_gone_with_its_block() {
        let release = || {
            X.write(1);
            let block = Box::new([0u8; 1000]);
            race::release(&*block);
            ADDRESS.store(Box::into_raw(block) as u64, Ordering::SeqCst);
        };
        let acquire = || {
            let old = ADDRESS.load(Ordering::SeqCst) as *mut [u8; 1000];
            // SAFETY: the pointer came from `Box::into_raw` and its thread has forgotten it.
            drop(unsafe { Box::from_raw(old) });
            let block = Box::new([0u8; 1000]);
            assert_eq!(&raw const *block, old.cast_const(), "the allocator hands the block out again");
            race::acquire(&*block);
            X.write(2);
        };
        one_then_other(release, acquire);
    }

    fn clean_memory_forgotten() {
        let other = || {
            race::forget(X.pointer().cast(), size_of::<u64>());
            X.write(2);
        };
        one_then_other(|| X.write(1), other);
    }

    fn race_neighbour_forgotten() {
        let other = || {
            race::forget(Y.pointer().cast(), size_of::<u64>());
            X.write(2);
        };
        one_then_other(|| X.write(1), other);
    }

    fn race_nothing_forgotten() {
        let other = || {
            race::forget(X.pointer().cast(), 0);
            X.write(2);
        };
        one_then_other(|| X.write(1), other);
    }

    fn clean_ignored_after() {
        one_then_other(|| X.write(1), || race::ignore(|| X.write(2)));
    }

    fn clean_ignored_before() {
        one_then_other(|| race::ignore(|| X.write(1)), || X.write(2));
    }

    fn clean_ignored_atomic() {
        let atomic = race::sync::atomic::AtomicU64::new(0);
        // SAFETY: the accesses are ordered in time; that the detector does not see it is what this is about.
        let plain = || race::ignore(|| X.write(unsafe { *atomic.as_ptr() }));
        one_then_other(plain, || race::ignore(|| atomic.store(1, race::sync::atomic::Ordering::Relaxed)));
    }

    fn race_not_ignored_by_the_others() {
        let other = || {
            race::ignore(|| {
                thread::scope(|scope| {
                    scope.spawn(|| X.write(2));
                });
            });
        };
        one_then_other(|| X.write(1), other);
    }

    fn race_ignored_no_more() {
        let other = || {
            race::ignore(|| race::ignore(|| X.write(2)));
            X.write(3);
        };
        one_then_other(|| X.write(1), other);
    }

    fn clean_still_ignored_after_the_inner_one() {
        let other = || {
            race::ignore(|| {
                race::ignore(|| ());
                X.write(2);
            });
        };
        one_then_other(|| X.write(1), other);
    }

    fn race_ignored_no_more_after_a_panic() {
        let other = || {
            let panicked = catch_unwind(|| race::ignore(|| std::panic::resume_unwind(Box::new(()))));
            assert!(panicked.is_err());
            X.write(2);
        };
        one_then_other(|| X.write(1), other);
    }

    fn clean_order_made_where_accesses_are_ignored() {
        static LOCK: Mutex<()> = Mutex::new(());
        let one = || {
            X.write(1);
            race::ignore(|| drop(LOCK.lock()));
        };
        let other = || {
            race::ignore(|| drop(LOCK.lock()));
            X.write(2);
        };
        one_then_other(one, other);
    }

    /// The twin of the one above.
    fn race_no_order_made_where_accesses_are_ignored() {
        static LOCKS: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];
        let one = || {
            X.write(1);
            race::ignore(|| drop(LOCKS[0].lock()));
        };
        let other = || {
            race::ignore(|| drop(LOCKS[1].lock()));
            X.write(2);
        };
        one_then_other(one, other);
    }
}

static ADDRESS: AtomicU64 = AtomicU64::new(0);
static CALLS: AtomicU64 = AtomicU64::new(0);

/// The one report that is expected, as a case's own process saw it.
fn judge_told(name: &str, body: fn()) {
    let Some(Outcome { status, text }) = in_own_process(name, body) else { return };
    assert_eq!((status, text.matches("WARNING: DATA RACE").count()), (66, 1), "status and reports:\n{text}");
    assert!(text.contains("called for it\n"), "{text}");
}

fn race_on_x() {
    let named = |name: &str| thread::Builder::new().name(name.to_owned());
    static STEPS: Steps = Steps::new();
    let first = named("first").spawn(|| {
        X.write(1);
        STEPS.take();
    });
    let second = named("second").spawn(|| {
        STEPS.wait_for(1);
        X.read();
    });
    first.unwrap().join().unwrap();
    second.unwrap().join().unwrap();
}

#[test]
fn callbacks_are_shown_the_race() {
    judge_told("callbacks_are_shown_the_race", || {
        assert_eq!(race::report_count(), 0);
        race::on_report(|report| {
            assert_eq!((report.current.kind, report.previous.kind), (AccessKind::Read, AccessKind::Write));
            assert_eq!(report.current.address, X.pointer() as usize);
            assert_eq!(report.current.thread_name.as_deref(), Some("second"));
            let thread = format!("by thread {} 'second':", report.current.thread);
            assert!(report.text.contains(&thread), "{}", report.text);
            assert_ne!(report.previous.thread, report.current.thread);
            assert!(report.text.starts_with("==================\nWARNING: DATA RACE\nRead at"), "{}", report.text);
            assert!(report.text.ends_with("==================\n"), "{}", report.text);
            assert_eq!(thread::current().name(), Some("second"));
            CALLS.fetch_add(race::report_count(), Ordering::SeqCst);
        });
        race::on_report(|_| {
            CALLS.fetch_add(10, Ordering::SeqCst);
        });
        race_on_x();
        assert_eq!((CALLS.load(Ordering::SeqCst), race::report_count()), (11, 1));
        eprintln!("called for it");
    });
}

#[test]
fn a_race_in_a_callback_is_not_told_again() {
    judge_told("a_race_in_a_callback_is_not_told_again", || {
        Y.write(1);
        race::on_report(|_| {
            // The main thread goes on writing here without waiting for this thread.
            Y.write(2);
            eprintln!("called for it");
        });
        race_on_x();
        assert_eq!(race::report_count(), 1);
    });
}

/// What a callback sends out can be used by those who receive it.
#[test]
fn what_synchronises_in_a_callback_counts() {
    judge_told("what_synchronises_in_a_callback_counts", || {
        static LOCK: Mutex<()> = Mutex::new(());
        static STEPS: Steps = Steps::new();
        race::on_report(|_| {
            drop(LOCK.lock());
            STEPS.take();
        });
        let other = thread::spawn(|| {
            STEPS.wait_for(1);
            drop(LOCK.lock());
            // After what the racing thread did before its callback.
            Y.write(2);
            eprintln!("called for it");
        });
        let racing = || {
            Y.write(1);
            X.write(2);
        };
        one_then_other(|| X.write(1), racing);
        other.join().unwrap();
    });
}

/// The racing thread holds no lock of the engine's when its callback waits for another that accesses the same place.
#[test]
fn a_callback_may_wait_for_an_access_to_the_same_place() {
    judge_told("a_callback_may_wait_for_an_access_to_the_same_place", || {
        static STEPS: Steps = Steps::new();
        race::on_report(|_| {
            STEPS.take();
            STEPS.wait_for(2);
            eprintln!("called for it");
        });
        let other = thread::spawn(|| {
            STEPS.wait_for(1);
            race::forget(X.pointer().cast(), size_of::<u64>());
            X.write(3);
            STEPS.take();
        });
        race_on_x();
        other.join().unwrap();
    });
}

#[test]
fn a_callback_that_panics_is_noted() {
    let body = || {
        race::on_report(|_| panic!("called for it\n"));
        race_on_x();
    };
    let Some(Outcome { status, text }) = in_own_process("a_callback_that_panics_is_noted", body) else { return };
    assert_eq!(status, 66, "{text}");
    let note = "race: a callback of race::on_report panicked; the program goes on without it\n";
    assert!(text.contains(note) && text.ends_with("Found 1 data race(s)\n"), "{text}");
}

/// The functions of programs that begin with options of their own.
mod program {
    #[race::main(options = "exitcode=7")]
    pub fn with_a_status() {
        super::race_on_x();
    }

    #[race::main(options = "exitcode=7 atexit_sleep_ms=1000")]
    pub fn overridden_by_the_environment() -> Result<(), String> {
        super::race_on_x();
        Ok(())
    }

    #[race::main]
    pub fn without_options() {
        super::race_on_x();
    }

    #[race::main(options = "exit_code=7")]
    pub fn with_a_mistake() {
        eprintln!("not to be reached");
    }

    #[race::main(options = "halt_on_error=1")]
    pub fn ends_at_once() {
        race::on_report(|_| eprintln!("called for it"));
        super::race_on_x();
        eprintln!("not to be reached");
    }
}

#[test]
fn a_program_has_options_of_its_own() {
    let Some(ended) = in_own_process("a_program_has_options_of_its_own", program::with_a_status) else { return };
    assert_eq!(ended.status, 7, "{}", ended.text);
}

#[test]
fn a_program_without_options_has_the_usual_ones() {
    let name = "a_program_without_options_has_the_usual_ones";
    let Some(ended) = in_own_process(name, program::without_options) else { return };
    assert_eq!(ended.status, 66, "{}", ended.text);
}

#[test]
fn mistakes_in_a_programs_options_end_it() {
    let Some(ended) = in_own_process("mistakes_in_a_programs_options_end_it", program::with_a_mistake) else { return };
    let sentence =
        "race: the options of #[race::main]: there is no option \"exit_code\", write \"exitcode\" if that is meant\n";
    assert_eq!((ended.status, ended.text.as_str()), (2, sentence));
}

#[test]
fn a_program_that_halts_tells_of_its_race_first() {
    let name = "a_program_that_halts_tells_of_its_race_first";
    let Some(ended) = in_own_process(name, program::ends_at_once) else { return };
    assert_eq!(ended.status, 66, "{}", ended.text);
    assert!(ended.text.ends_with("==================\ncalled for it\n"), "{}", ended.text);
}

#[test]
fn the_environment_overrides_a_programs_options() {
    let name = "the_environment_overrides_a_programs_options";
    if std::env::var_os("RACE_OPTIONS_OVERRIDE").is_some() {
        program::overridden_by_the_environment().unwrap();
        return;
    }
    let test = std::env::current_exe().expect("a test knows its own file");
    let status = std::process::Command::new(test)
        .args([name, "--exact", "--test-threads=1"])
        .env("RACE_OPTIONS_OVERRIDE", "1")
        .env("RACE_OPTIONS", "exitcode=9")
        .stderr(std::process::Stdio::null())
        .status();
    assert_eq!(status.expect("a test can start itself").code(), Some(9));
}
