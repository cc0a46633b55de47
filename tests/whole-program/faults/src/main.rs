//! `faults PROGRAM` has two threads that race without end, of which every report is wanted (`suppress_equal_stacks=0`), and
//! ends in the way that its argument says while they are at it:
//!
//! ```text
//! abort        the C library's abort
//! fault        an access to no memory
//! terminate    a signal that nobody handles
//! exit         the process's exit, in the main thread
//! panic        a panic within a panic, in a racing thread
//! cancel       a racing thread was asked to end and holds a lock, which it does at the next place where it may
//! ```

#[path = "../../cases/src/case.rs"]
#[allow(dead_code, unused_imports, unused_macros)]
mod case;
#[path = "../../cases/src/invisible.rs"]
#[allow(dead_code)]
mod invisible;
#[path = "../../cases/src/pthread.rs"]
#[allow(dead_code)]
mod pthread;

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};
use std::process::ExitCode;
use std::thread;

use case::Place;

unsafe extern "C" {
    fn abort() -> !;
    fn getpid() -> c_int;
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn pause() -> c_int;
    fn pthread_self() -> usize;
    fn pthread_mutex_lock(mutex: *mut Mutex) -> c_int;
    fn pthread_mutex_trylock(mutex: *mut Mutex) -> c_int;
}

/// Room for a mutex of the C library's, which is all zero at first.
#[repr(C, align(16))]
struct Mutex(UnsafeCell<[u64; 8]>);

// SAFETY: the C library's functions alone use it.
unsafe impl Sync for Mutex {}

static LOCK: Mutex = Mutex(UnsafeCell::new([0; 8]));
static PLACE: Place<u64> = Place::new(0);

/// Turns of two threads, in each of which there is a race.
const TURNS: u32 = 6;

/// Thread 0 or 1 takes its turns with the other one, and then writes without regard to it, so often.
fn race(thread: u32, times: usize) {
    for turn in (thread..TURNS).step_by(2) {
        invisible::wait(turn);
        PLACE.write(u64::from(turn));
        invisible::advance();
    }
    for _ in 0..times {
        PLACE.write(PLACE.read() + 1);
    }
}

struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("a panic within a panic");
    }
}

fn main() -> ExitCode {
    const WITHOUT_END: usize = usize::MAX;
    let spawn_two = || {
        for number in 0..2 {
            thread::spawn(move || race(number, WITHOUT_END));
        }
        invisible::wait(TURNS);
    };
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "abort" => {
            spawn_two();
            // SAFETY: nothing is left to be done.
            unsafe { abort() }
        }
        "fault" => {
            spawn_two();
            // SAFETY: wrong, on purpose.
            unsafe { std::ptr::without_provenance_mut::<u64>(8).write_volatile(1) };
        }
        "terminate" => {
            const TERMINATE: c_int = 15;
            spawn_two();
            // SAFETY: the calls have no preconditions.
            unsafe {
                kill(getpid(), TERMINATE);
                pause();
            }
        }
        "exit" => {
            spawn_two();
            std::process::exit(0);
        }
        "panic" => {
            thread::spawn(|| race(0, WITHOUT_END));
            let _ = thread::spawn(|| {
                race(1, 100);
                let _panics = PanicsInDrop;
                panic!("a panic");
            })
            .join();
        }
        "cancel" => cancel(),
        other => {
            eprintln!("faults: there is no program {other:?}; write `faults abort|fault|terminate|exit|panic|cancel`");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

static RACED: invisible::Word = invisible::Word::new();

extern "C-unwind" fn race_and_wait(_: *mut c_void) -> *mut c_void {
    // SAFETY: the mutex is valid, and the thread its own.
    unsafe {
        assert_eq!(pthread_mutex_lock((&raw const LOCK).cast_mut()), 0);
        pthread::cancel(pthread_self());
    }
    race(1, 200);
    RACED.set(1);
    loop {
        // SAFETY: the call has no preconditions.
        unsafe { pause() };
    }
}

fn cancel() {
    let other = thread::spawn(|| race(0, 200));
    pthread::join(pthread::create(race_and_wait));
    other.join().unwrap();
    assert_eq!(RACED.get(), 1, "the thread was not to end before it waits");
    // SAFETY: the mutex is valid.
    assert_ne!(unsafe { pthread_mutex_trylock((&raw const LOCK).cast_mut()) }, 0, "nobody has unlocked it");
    println!("ended");
}
