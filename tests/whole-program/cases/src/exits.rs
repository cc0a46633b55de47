//! The ends of threads and of the process, other than by a return.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later};
use crate::invisible;
use crate::pthread;

cases! {
    race_then_end_at_once race_then_quick_exit race_in_quick_exit_handler race_then_exit_in_thread race_in_exit_handler
    race_with_cancelled_thread race_in_thread_local_destructor
    clean_cancelled_thread clean_thread_exits clean_exit_handlers clean_thread_local_destructors
}

unsafe extern "C" {
    fn _exit(status: c_int) -> !;
    fn quick_exit(status: c_int) -> !;
    fn atexit(handler: extern "C" fn()) -> c_int;
    fn at_quick_exit(handler: extern "C" fn()) -> c_int;
    fn pause() -> c_int;
}

static PLACE: Place<u64> = Place::new(0);

fn race_here() {
    in_order(|| PLACE.write(1), || assert_eq!(PLACE.read(), 1));
}

fn race_then_end_at_once() {
    race_here();
    // SAFETY: nothing is left to be done.
    unsafe { _exit(0) }
}

fn race_then_quick_exit() {
    race_here();
    // SAFETY: nothing is left to be done.
    unsafe { quick_exit(0) }
}

extern "C" fn read_at_end() {
    later(|| PLACE.read());
}

/// A thread that has written and stays.
fn spawn_writer() {
    thread::spawn(|| {
        earlier(|| PLACE.write(1));
        invisible::advance();
        invisible::wait(u32::MAX);
    });
    invisible::wait(1);
}

fn race_in_quick_exit_handler() {
    spawn_writer();
    // SAFETY: a handler of the right type; nothing else is left to be done.
    unsafe {
        assert_eq!(at_quick_exit(read_at_end), 0);
        quick_exit(0)
    }
}

fn race_in_exit_handler() {
    // SAFETY: a handler of the right type.
    assert_eq!(unsafe { atexit(read_at_end) }, 0);
    spawn_writer();
}

/// While the main thread waits, which nobody asks to end.
fn race_then_exit_in_thread() {
    thread::spawn(|| {
        race_here();
        std::process::exit(0)
    });
    invisible::wait(u32::MAX);
}

extern "C-unwind" fn write_and_wait(_: *mut c_void) -> *mut c_void {
    earlier(|| PLACE.write(1));
    invisible::advance();
    loop {
        // SAFETY: the call has no preconditions.
        unsafe { pause() };
    }
}

/// To ask a thread to end orders nothing.
fn race_with_cancelled_thread() {
    let thread = pthread::create(write_and_wait);
    invisible::wait(1);
    pthread::cancel(thread);
    later(|| PLACE.read());
    pthread::join(thread);
}

fn clean_cancelled_thread() {
    let thread = pthread::create(write_and_wait);
    invisible::wait(1);
    pthread::cancel(thread);
    pthread::join(thread);
    assert_eq!(PLACE.read(), 1);
}

extern "C-unwind" fn write_and_exit(_: *mut c_void) -> *mut c_void {
    #[inline(never)]
    fn deeper(depth: u32) {
        if std::hint::black_box(depth) == 0 {
            PLACE.write(PLACE.read() + 1);
            pthread::exit();
        }
        deeper(depth - 1);
        std::hint::black_box(depth);
    }
    deeper(5);
    unreachable!("the thread has ended")
}

fn clean_thread_exits() {
    for turn in 1..=20 {
        pthread::join(pthread::create(write_and_exit));
        assert_eq!(PLACE.read(), turn);
    }
}

struct AtEnd(Cell<Option<fn()>>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        if let Some(action) = self.0.get() {
            action();
        }
    }
}

thread_local!(static AT_END: AtEnd = const { AtEnd(Cell::new(None)) });

/// Runs `action` in a thread's last moments.
fn spawn_with_end(action: fn()) -> thread::JoinHandle<()> {
    thread::spawn(move || AT_END.with(|end| end.0.set(Some(action))))
}

fn race_in_thread_local_destructor() {
    drop(spawn_with_end(|| {
        earlier(|| PLACE.write(1));
        invisible::meet(2);
    }));
    invisible::wait(1);
    later(|| PLACE.read());
    invisible::advance();
}

fn clean_thread_local_destructors() {
    for turn in 1..=10 {
        spawn_with_end(|| PLACE.write(PLACE.read() + 1)).join().unwrap();
        assert_eq!(PLACE.read(), turn);
    }
}

extern "C" fn read_two() {
    assert_eq!(PLACE.read(), 2);
    thread::spawn(|| PLACE.write(3)).join().unwrap();
}

extern "C" fn write_two() {
    PLACE.write(2);
}

/// The last to be registered is the first to run.
fn clean_exit_handlers() {
    // SAFETY: handlers of the right type.
    unsafe {
        assert_eq!(atexit(read_two), 0);
        assert_eq!(atexit(write_two), 0);
    }
    thread::spawn(|| PLACE.write(1)).join().unwrap();
}
