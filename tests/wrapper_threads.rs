//! What creating, joining, ending and waking threads orders, and what it does not.
#![cfg(race_engine)]

mod wrapper_case;

use std::cell::Cell;
use std::os::unix::thread::JoinHandleExt;
use std::time::Duration;

use race::sync::{Arc, Mutex};
use race::thread;
use wrapper_case::{Place, Steps};

static X: Place = Place::new();
static STEPS: Steps = Steps::new();

cases! {
    fn clean_creation_and_join() {
        X.write(1);
        let child = thread::spawn(|| X.write(X.read() + 1));
        child.join().unwrap();
        assert_eq!(X.read(), 2);
    }

    fn race_parent_goes_on_after_creation() {
        let child = thread::spawn(|| {
            STEPS.wait_for(1);
            X.write(2);
        });
        X.write(1);
        STEPS.take();
        child.join().unwrap();
    }

    fn race_siblings() {
        let first = thread::spawn(|| {
            X.write(1);
            STEPS.take();
        });
        let second = thread::spawn(|| {
            STEPS.wait_for(1);
            X.read();
        });
        first.join().unwrap();
        second.join().unwrap();
    }

    fn clean_siblings_in_turn() {
        for _ in 0..3 {
            thread::spawn(|| X.write(X.read() + 1)).join().unwrap();
        }
        assert_eq!(X.read(), 3);
    }

    fn race_handle_dropped() {
        drop(thread::spawn(|| {
            X.write(1);
            STEPS.take();
        }));
        STEPS.wait_for(1);
        X.read();
    }

    fn race_finished_is_not_joined() {
        let child = thread::spawn(|| X.write(1));
        while !child.is_finished() {
            thread::yield_now();
        }
        X.read();
        child.join().unwrap();
    }

    fn clean_join_of_a_panic() {
        let child = thread::Builder::new().name("panics".into()).spawn(|| {
            X.write(1);
            std::panic::resume_unwind(Box::new(5));
        });
        assert_eq!(*child.unwrap().join().unwrap_err().downcast::<i32>().unwrap(), 5);
        X.read();
    }

    fn clean_scope_joins_all() {
        let place = Place::new();
        thread::scope(|scope| {
            scope.spawn(|| place.write(1));
        });
        place.write(2);
    }

    fn clean_scope_joins_by_name() {
        let place = Place::new();
        thread::scope(|scope| {
            let child = scope.spawn(|| place.write(1));
            child.join().unwrap();
            place.write(2);
        });
    }

    fn clean_scope_joins_when_it_panics() {
        let place = Place::new();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    place.write(1);
                    std::panic::resume_unwind(Box::new(()));
                });
            })
        }));
        assert!(panicked.is_err());
        place.write(2);
    }

    fn clean_scope_grandchildren() {
        let place = Place::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                scope.spawn(|| place.write(1));
            });
        });
        place.write(2);
    }

    fn race_scope_siblings() {
        let place = Place::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                place.write(1);
                STEPS.take();
            });
            scope.spawn(|| {
                STEPS.wait_for(1);
                place.write(2);
            });
        });
    }

    fn race_scope_inside() {
        let place = Place::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                place.write(1);
                STEPS.take();
            });
            STEPS.wait_for(1);
            place.write(2);
        });
    }

    fn clean_unpark() {
        let parked = thread::spawn(|| {
            // On Linux std's park returns with the token only, however late or early it is called.
            thread::park();
            X.write(2);
        });
        X.write(1);
        parked.thread().unpark();
        parked.join().unwrap();
    }

    fn race_unpark_of_another() {
        let parked = thread::spawn(|| {
            STEPS.wait_for(1);
            thread::park_timeout(Duration::ZERO);
            X.write(2);
        });
        let other = thread::spawn(thread::park);
        X.write(1);
        other.thread().unpark();
        STEPS.take();
        parked.join().unwrap();
        other.join().unwrap();
    }

    fn race_park_before_unpark() {
        let parked = thread::spawn(|| {
            thread::park_timeout(Duration::ZERO);
            STEPS.take();
            STEPS.wait_for(2);
            X.write(2);
        });
        STEPS.wait_for(1);
        X.write(1);
        parked.thread().unpark();
        STEPS.take();
        parked.join().unwrap();
    }

    fn clean_unpark_of_current() {
        let parent = thread::current();
        let child = thread::spawn(move || {
            X.write(1);
            parent.unpark();
        });
        thread::park();
        X.write(2);
        child.join().unwrap();
    }

    /// What a thread-local's destructor does is the thread's own doing, and over when it is joined.
    fn clean_thread_local_destructor() {
        struct AtExit(Arc<Place>);
        impl Drop for AtExit {
            fn drop(&mut self) {
                self.0.write(2);
            }
        }
        thread_local!(static AT_EXIT: Cell<Option<AtExit>> = const { Cell::new(None) });

        let place = Arc::new(Place::new());
        let childs = place.clone();
        let child = thread::spawn(move || {
            childs.write(1);
            AT_EXIT.set(Some(AtExit(childs)));
        });
        child.join().unwrap();
        assert_eq!(place.read(), 2);
    }

    fn race_thread_local_destructor() {
        struct AtExit;
        impl Drop for AtExit {
            fn drop(&mut self) {
                X.write(2);
                STEPS.take();
            }
        }
        thread_local!(static AT_EXIT: Cell<Option<AtExit>> = const { Cell::new(None) });

        let child = thread::spawn(|| AT_EXIT.set(Some(AtExit)));
        STEPS.wait_for(1);
        X.read();
        child.join().unwrap();
    }

    /// Two threads, ordered by nothing that is seen, have one stack in turn.
    fn clean_stack_reused() {
        fn write_to_stack() -> usize {
            let place = Place::new();
            place.write(1);
            place.pointer() as usize
        }
        static ADDRESSES: [std::sync::atomic::AtomicUsize; 2] = [const { std::sync::atomic::AtomicUsize::new(0) }; 2];

        for address in &ADDRESSES {
            let thread = thread::spawn(|| address.store(write_to_stack(), std::sync::atomic::Ordering::SeqCst));
            // SAFETY: the thread is joined once, out of the detector's sight, so that its stack is free for the next.
            assert_eq!(unsafe { libc::pthread_join(thread.into_pthread_t(), std::ptr::null_mut()) }, 0);
        }
        let [first, second] = &ADDRESSES;
        assert_eq!(first.load(std::sync::atomic::Ordering::SeqCst), second.load(std::sync::atomic::Ordering::SeqCst));
    }

    /// The twin of the one above: the same address, of one and the same variable.
    fn race_stack_shared() {
        let place = Place::new();
        let address = place.pointer() as usize;
        for _ in 0..2 {
            let thread = thread::spawn(move || {
                // SAFETY: the place outlives both threads, and they run one after the other.
                unsafe { (*(address as *const Place)).write(1) };
            });
            // SAFETY: the thread is joined once, out of the detector's sight.
            assert_eq!(unsafe { libc::pthread_join(thread.into_pthread_t(), std::ptr::null_mut()) }, 0);
        }
    }

    /// A thread that std made is known from its first event on; all before counts as ordered before it.
    fn clean_thread_of_std() {
        X.write(1);
        std::thread::spawn(|| X.write(2)).join().unwrap();
    }

    /// A thread of std's whose first event is an allocation by the C library, under a lock of its own, on memory that has a
    /// past.
    fn clean_threads_of_std_on_reused_memory() {
        for _ in 0..50 {
            // The allocator gives what one thread leaves behind to the next.
            std::thread::spawn(|| {
                let blocks: Vec<Box<[Place]>> =
                    (0..400).map(|size| (0..size % 40 + 1).map(|_| Place::new()).collect()).collect();
                blocks.iter().flatten().for_each(|place| place.write(1));
            })
            .join()
            .unwrap();
        }
    }

    fn race_threads_of_std() {
        std::thread::scope(|scope| {
            for turn in 0..2 {
                scope.spawn(move || {
                    // Known to the detector before the other's write, and at a step of its own after that: what a thread
                    // does in the step in which another turns up cannot be told from what it did before.
                    Place::new().write(1);
                    STEPS.take();
                    STEPS.wait_for(2);
                    drop(Mutex::new(()).lock());
                    STEPS.take();
                    STEPS.wait_for(4 + turn);
                    X.write(1);
                    STEPS.take();
                });
            }
        });
    }
}
