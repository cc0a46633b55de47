//! Creation, end, join and detachment of threads; names; panics.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::case::{Place, cases, earlier, later, side_by_side};
use crate::invisible;

cases! {
    clean_spawn race_after_spawn clean_join race_before_join race_join_of_another
    clean_detached race_detached clean_scoped race_scoped race_named clean_chain_of_threads race_grandchild
    clean_panicking_thread race_panicking_thread clean_thread_locals clean_many_threads race_ended_thread
}

static PLACE: Place<u64> = Place::new(0);

fn clean_spawn() {
    PLACE.write(1);
    thread::spawn(|| assert_eq!(PLACE.read(), 1)).join().unwrap();
}

fn race_after_spawn() {
    let child = thread::spawn(|| {
        invisible::wait(1);
        later(|| PLACE.read());
    });
    earlier(|| PLACE.write(1));
    invisible::advance();
    child.join().unwrap();
}

fn clean_join() {
    thread::spawn(|| PLACE.write(1)).join().unwrap();
    PLACE.write(2);
}

fn race_before_join() {
    let child = thread::spawn(|| {
        earlier(|| PLACE.write(1));
        invisible::advance();
        invisible::wait(2);
    });
    invisible::wait(1);
    later(|| PLACE.read());
    invisible::advance();
    child.join().unwrap();
}

fn race_join_of_another() {
    let writer = thread::spawn(|| {
        earlier(|| PLACE.write(1));
        invisible::advance();
        invisible::wait(2);
    });
    thread::spawn(|| invisible::wait(1)).join().unwrap();
    later(|| PLACE.read());
    invisible::advance();
    writer.join().unwrap();
}

fn clean_detached() {
    static DONE: AtomicBool = AtomicBool::new(false);
    drop(thread::spawn(|| {
        PLACE.write(1);
        DONE.store(true, Ordering::Release);
    }));
    while !DONE.load(Ordering::Acquire) {
        thread::yield_now();
    }
    PLACE.write(2);
}

fn race_detached() {
    drop(thread::spawn(|| {
        invisible::wait(1);
        earlier(|| PLACE.write(1));
        invisible::advance();
        invisible::wait(3);
    }));
    invisible::advance();
    invisible::wait(2);
    later(|| PLACE.read());
    invisible::advance();
}

fn clean_scoped() {
    let mut halves = [0_u64; 64];
    let (left, right) = halves.split_at_mut(32);
    side_by_side(|| left.fill(1), || right.fill(2));
    assert_eq!(halves.iter().sum::<u64>(), 96);
}

fn race_scoped() {
    thread::scope(|scope| {
        scope.spawn(|| {
            earlier(|| PLACE.write(1));
            invisible::meet(2);
        });
        invisible::wait(1);
        later(|| PLACE.write(2));
        invisible::advance();
    });
}

fn race_named() {
    let writer = thread::Builder::new().name("early writer".into());
    let writer = writer.spawn(|| {
        earlier(|| PLACE.write(1));
        invisible::meet(2);
    });
    let reader = thread::Builder::new().name("late reader".into());
    let reader = reader.spawn(|| {
        invisible::wait(1);
        later(|| PLACE.read());
        invisible::advance();
    });
    writer.unwrap().join().unwrap();
    reader.unwrap().join().unwrap();
}

/// Each thread starts and joins the next.
fn clean_chain_of_threads() {
    fn descend(depth: u64) {
        PLACE.write(depth);
        if depth < 20 {
            thread::spawn(move || descend(depth + 1)).join().unwrap();
        }
        PLACE.write(depth);
    }
    descend(0);
}

/// The join of the parent does not order what the grandchild does.
fn race_grandchild() {
    thread::spawn(|| {
        drop(thread::spawn(|| {
            earlier(|| PLACE.write(1));
            invisible::meet(2);
        }));
    })
    .join()
    .unwrap();
    invisible::wait(1);
    later(|| PLACE.write(2));
    invisible::advance();
}

fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

fn clean_panicking_thread() {
    silence_panics();
    let child = thread::spawn(|| {
        PLACE.write(1);
        panic!("expected");
    });
    assert!(child.join().is_err());
    PLACE.write(2);
}

/// What a thread does while it unwinds has its stack, and what comes after a caught panic has the right one.
fn race_panicking_thread() {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            earlier(|| PLACE.write(1));
        }
    }
    silence_panics();
    let child = thread::spawn(|| {
        let result = std::panic::catch_unwind(|| {
            let _guard = Guard;
            panic!("expected");
        });
        assert!(result.is_err());
        invisible::meet(2);
    });
    invisible::wait(1);
    later(|| PLACE.read());
    invisible::advance();
    child.join().unwrap();
}

/// Destructors of thread-local values are part of the thread.
fn clean_thread_locals() {
    struct AtEnd;
    impl Drop for AtEnd {
        fn drop(&mut self) {
            PLACE.write(PLACE.read() + 1);
        }
    }
    thread_local!(static AT_END: AtEnd = const { AtEnd });
    for _ in 0..4 {
        thread::spawn(|| AT_END.with(|_| ())).join().unwrap();
    }
    assert_eq!(PLACE.read(), 4);
}

fn clean_many_threads() {
    let mut numbers = vec![0_u64; 600];
    thread::scope(|scope| {
        for number in &mut numbers {
            // So small that the C library keeps the memory of all: others it unmaps, and may do so while its `pthread_detach`
            // still looks at the thread (its bug 19951).
            let small = thread::Builder::new().stack_size(48 << 10);
            small.spawn_scoped(scope, move || *number += 1).unwrap();
        }
    });
    assert_eq!(numbers.iter().sum::<u64>(), 600);
}

/// The writer is gone for good when the reader reads, but nobody has joined it.
fn race_ended_thread() {
    static WRITER: invisible::Word = invisible::Word::new();
    let writer = thread::spawn(|| {
        earlier(|| PLACE.write(1));
        // SAFETY: the call has no conditions.
        WRITER.set(unsafe { gettid() } as usize);
        invisible::advance();
    });
    invisible::wait(1);
    let entry = format!("/proc/self/task/{}", WRITER.get());
    while std::fs::exists(&entry).unwrap() {
        thread::yield_now();
    }
    later(|| PLACE.read());
    writer.join().unwrap();
}

unsafe extern "C" {
    fn gettid() -> i32;
}
