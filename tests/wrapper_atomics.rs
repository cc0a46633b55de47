//! What atomic operations and fences order, and what they do not.
#![cfg(race_engine)]

mod wrapper_case;

use race::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicUsize, Ordering, fence};
use race::thread;
use wrapper_case::{Place, Steps};

use Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

static X: Place = Place::new();
static FLAG: AtomicUsize = AtomicUsize::new(0);

/// Runs the steps in threads of their own, one after the other in time, unordered as far as the detector sees.
fn in_turn(steps: &[fn()]) {
    static TURN: Steps = Steps::new();
    thread::scope(|scope| {
        for (turn, step) in steps.iter().enumerate() {
            scope.spawn(move || {
                TURN.wait_for(turn);
                step();
                TURN.take();
            });
        }
    });
}

fn write() {
    X.write(1);
}

fn read() {
    X.read();
}

cases! {
    fn race_in_turn() {
        in_turn(&[write, read]);
    }

    fn clean_release_acquire() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                assert_eq!(FLAG.load(Acquire), 1);
                read();
            },
        ]);
    }

    fn clean_sequentially_consistent() {
        in_turn(&[
            || {
                write();
                FLAG.swap(1, SeqCst);
            },
            || {
                assert_eq!(FLAG.fetch_add(1, SeqCst), 1);
                read();
            },
        ]);
    }

    fn race_relaxed_store() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Relaxed);
            },
            || {
                assert_eq!(FLAG.load(Acquire), 1);
                read();
            },
        ]);
    }

    fn race_relaxed_load() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                assert_eq!(FLAG.load(Relaxed), 1);
                read();
            },
        ]);
    }

    fn race_two_variables() {
        static OTHER: AtomicUsize = AtomicUsize::new(0);
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                OTHER.load(Acquire);
                read();
            },
        ]);
    }

    fn race_neighbours() {
        static PAIR: [AtomicU8; 2] = [AtomicU8::new(0), AtomicU8::new(0)];
        in_turn(&[
            || {
                write();
                PAIR[0].store(1, Release);
            },
            || {
                PAIR[1].load(Acquire);
                read();
            },
        ]);
    }

    fn clean_release_sequence() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                FLAG.fetch_add(1, Relaxed);
            },
            || {
                assert_eq!(FLAG.load(Acquire), 2);
                read();
            },
        ]);
    }

    fn race_release_sequence_ended() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || FLAG.store(2, Relaxed),
            || {
                assert_eq!(FLAG.load(Acquire), 2);
                read();
            },
        ]);
    }

    fn race_release_sequence_ended_by_its_own_thread() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
                FLAG.store(2, Relaxed);
            },
            || {
                assert_eq!(FLAG.load(Acquire), 2);
                read();
            },
        ]);
    }

    fn clean_failed_exchange_acquires() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                assert_eq!(FLAG.compare_exchange(0, 2, Relaxed, Acquire), Err(1));
                read();
            },
        ]);
    }

    fn race_failed_exchange() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                assert_eq!(FLAG.compare_exchange(0, 2, AcqRel, Relaxed), Err(1));
                read();
            },
        ]);
    }

    fn race_failed_exchange_releases_nothing() {
        in_turn(&[
            || {
                write();
                assert_eq!(FLAG.compare_exchange(5, 1, Release, Relaxed), Err(0));
            },
            || {
                FLAG.load(Acquire);
                read();
            },
        ]);
    }

    fn clean_exchange() {
        in_turn(&[
            || {
                write();
                assert_eq!(FLAG.compare_exchange(0, 1, Release, Relaxed), Ok(0));
            },
            || {
                assert_eq!(FLAG.update(Relaxed, Acquire, |value| value + 1), 1);
                read();
            },
        ]);
    }

    fn clean_fences() {
        in_turn(&[
            || {
                write();
                fence(Release);
                FLAG.store(1, Relaxed);
            },
            || {
                assert_eq!(FLAG.load(Relaxed), 1);
                fence(Acquire);
                read();
            },
        ]);
    }

    fn clean_fence_and_load() {
        in_turn(&[
            || {
                write();
                fence(SeqCst);
                FLAG.store(1, Relaxed);
            },
            || {
                assert_eq!(FLAG.load(Acquire), 1);
                read();
            },
        ]);
    }

    fn clean_store_and_fence() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                assert_eq!(FLAG.load(Relaxed), 1);
                fence(AcqRel);
                read();
            },
        ]);
    }

    fn race_fence_too_early() {
        in_turn(&[
            || {
                fence(Release);
                write();
                FLAG.store(1, Relaxed);
            },
            || {
                assert_eq!(FLAG.load(Acquire), 1);
                read();
            },
        ]);
    }

    fn race_fence_without_load() {
        in_turn(&[
            || {
                write();
                FLAG.store(1, Release);
            },
            || {
                fence(Acquire);
                read();
            },
        ]);
    }

    fn race_compiler_fence() {
        use race::sync::atomic::compiler_fence;
        in_turn(&[
            || {
                write();
                compiler_fence(SeqCst);
                FLAG.store(1, Relaxed);
            },
            || {
                assert_eq!(FLAG.load(Relaxed), 1);
                compiler_fence(SeqCst);
                read();
            },
        ]);
    }

    fn clean_reference_count() {
        static COUNT: AtomicUsize = AtomicUsize::new(2);
        fn drop_reference() {
            if COUNT.fetch_sub(1, Release) == 1 {
                fence(Acquire);
                X.write(9);
            }
        }
        in_turn(&[
            || {
                write();
                drop_reference();
            },
            drop_reference,
        ]);
    }

    fn race_reference_count_without_fence() {
        static COUNT: AtomicUsize = AtomicUsize::new(2);
        in_turn(&[
            || {
                write();
                COUNT.fetch_sub(1, Release);
            },
            || {
                if COUNT.fetch_sub(1, Release) == 1 {
                    X.write(9);
                }
            },
        ]);
    }

    fn clean_flag_and_pointer() {
        static READY: AtomicBool = AtomicBool::new(false);
        static POINTER: AtomicPtr<Place> = AtomicPtr::new(std::ptr::null_mut());
        in_turn(&[
            || {
                let place = Box::new(Place::new());
                place.write(1);
                POINTER.store(Box::into_raw(place), Release);
                READY.fetch_not(Release);
            },
            || {
                let place = POINTER.load(Acquire);
                // SAFETY: the pointer came from `Box::into_raw` and is swapped out once, below.
                unsafe { (*place).write(2) };
                assert!(READY.compare_exchange(true, false, AcqRel, Relaxed).is_ok());
                // SAFETY: as above.
                drop(unsafe { Box::from_raw(POINTER.swap(std::ptr::null_mut(), AcqRel)) });
            },
        ]);
    }

    fn clean_atomics_among_themselves() {
        in_turn(&[
            || FLAG.store(1, Relaxed),
            || FLAG.store(2, Relaxed),
            || assert_eq!(FLAG.load(Relaxed), 2),
        ]);
    }

    fn race_atomic_against_plain() {
        in_turn(&[write, || {
            // SAFETY: the place is static and as aligned as an atomic.
            let atomic = unsafe { race::sync::atomic::AtomicU64::from_ptr(X.pointer()) };
            atomic.store(2, Relaxed);
        }]);
    }

    fn clean_refused_orderings() {
        use std::panic::catch_unwind;
        assert!(catch_unwind(|| FLAG.load(Release)).is_err());
        assert!(catch_unwind(|| FLAG.store(1, Acquire)).is_err());
        assert!(catch_unwind(|| FLAG.compare_exchange(0, 1, AcqRel, Release)).is_err());
        assert!(catch_unwind(|| FLAG.update(AcqRel, AcqRel, |value| value)).is_err());
        assert!(catch_unwind(|| fence(Relaxed)).is_err());
        assert_eq!(FLAG.load(Acquire), 0);
    }
}
