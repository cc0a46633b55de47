//! Forked children, which go on with one thread and are watched like their parent. Each ends with its own status, and its
//! parent with the same.

use std::ffi::{c_int, c_uint};
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later};
use crate::invisible;

cases! {
    race_in_forked_child race_in_child_of_a_thread race_in_child_of_many race_after_fork_in_parent
    race_in_child_of_child race_in_child_that_ends_at_once race_in_executed_program
    clean_forked_child clean_child_after_the_others clean_child_uses_what_threads_had clean_forks_while_others_work
    clean_commands_while_others_work clean_child_of_vfork
    race_of_fiber_in_child clean_fibers_in_child
}

unsafe extern "C" {
    safe fn __tsan_create_fiber(flags: c_uint) -> *mut u8;
    safe fn __tsan_get_current_fiber() -> *mut u8;
    fn __tsan_switch_to_fiber(fiber: *mut u8, flags: c_uint);
    fn fork() -> c_int;
    fn vfork() -> c_int;
    fn waitpid(process: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn _exit(status: c_int) -> !;
}

static PLACE: Place<u64> = Place::new(0);

fn plain_fork() -> c_int {
    // SAFETY: a child that is watched may do anything.
    unsafe { fork() }
}

/// Runs `child` in a forked process, which ends normally then, and returns its exit status.
fn in_child(child: impl FnOnce()) -> c_int {
    in_child_of(plain_fork, child)
}

/// The same in a process that `fork` makes.
pub fn in_child_of(fork: impl FnOnce() -> c_int, child: impl FnOnce()) -> c_int {
    let process = fork();
    assert!(process >= 0, "the fork was expected to succeed");
    if process == 0 {
        invisible::restart();
        child();
        std::process::exit(0);
    }
    ended(process)
}

/// Waits for a child, and returns its exit status.
pub fn ended(process: c_int) -> c_int {
    let mut status = 0;
    // SAFETY: the place is valid.
    assert_eq!(unsafe { waitpid(process, &mut status, 0) }, process);
    assert_eq!(status & 0x7f, 0, "the child was killed");
    status >> 8
}

/// Runs `child` in a forked process and ends with its status.
fn as_child(child: impl FnOnce()) {
    end_as(in_child(child));
}

/// The same in a process that `fork` makes.
pub fn as_child_of(fork: impl FnOnce() -> c_int, child: impl FnOnce()) {
    end_as(in_child_of(fork, child));
}

fn end_as(status: c_int) {
    if status != 0 {
        std::process::exit(status);
    }
}

fn race_here() {
    in_order(|| PLACE.write(1), || PLACE.write(2));
}

fn race_in_forked_child() {
    as_child(race_here);
}

fn race_in_child_of_a_thread() {
    thread::spawn(|| as_child(race_here)).join().unwrap();
}

/// Threads that do whatever they can until told to stop.
fn while_others_work(action: impl FnOnce()) {
    static STOP: AtomicBool = AtomicBool::new(false);
    static COUNT: Mutex<u64> = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut kept = Vec::new();
                while !STOP.load(Ordering::Relaxed) {
                    *COUNT.lock().unwrap() += 1;
                    kept.push(vec![1_u8; 200]);
                    if kept.len() > 100 {
                        kept.clear();
                        thread::spawn(|| ()).join().unwrap();
                    }
                }
            });
        }
        action();
        STOP.store(true, Ordering::Relaxed);
    });
}

fn race_in_child_of_many() {
    let mut status = 0;
    while_others_work(|| status = in_child(race_here));
    std::process::exit(status);
}

/// The child does not disturb its parent, whose race is the parent's alone.
fn race_after_fork_in_parent() {
    assert_eq!(in_child(|| PLACE.write(1)), 0);
    race_here();
    assert_eq!(in_child(|| PLACE.write(1)), 0, "what the parent has reported is none of the child's");
}

fn race_in_child_of_child() {
    as_child(|| as_child(race_here));
}

fn race_in_child_that_ends_at_once() {
    as_child(|| {
        race_here();
        // SAFETY: nothing is left to be done.
        unsafe { _exit(0) }
    });
}

fn race_in_executed_program() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("race_in_executed_program").arg("0").env("CASE_IN_CHILD", "1");
    if std::env::var_os("CASE_IN_CHILD").is_some() {
        return race_here();
    }
    let status = thread::spawn(move || command.status().unwrap()).join().unwrap();
    std::process::exit(status.code().unwrap());
}

fn clean_forked_child() {
    let work = || {
        let count = Mutex::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| *count.lock().unwrap() += 1);
            }
        });
        PLACE.write(count.into_inner().unwrap());
    };
    assert_eq!(thread::spawn(move || in_child(work)).join().unwrap(), 0);
}

fn clean_child_after_the_others() {
    children_after_the_others(&[plain_fork]);
}

/// All that any thread did before a fork lies before it.
pub fn children_after_the_others(forks: &[fn() -> c_int]) {
    thread::scope(|scope| {
        scope.spawn(|| {
            PLACE.write(1);
            invisible::meet(2);
            invisible::wait(3);
        });
        invisible::meet(2);
        for fork in forks {
            let status = in_child_of(fork, || {
                PLACE.write(2);
                thread::spawn(|| PLACE.write(3)).join().unwrap();
            });
            assert_eq!(status, 0);
        }
        invisible::advance();
    });
}

/// New threads of the child get the memory, and the engine's places, of threads that did not come along.
fn clean_child_uses_what_threads_had() {
    let own = |_: usize| {
        let mut numbers = [0_u64; 512];
        numbers.iter_mut().for_each(|number| *number = black_box(1));
        let boxed = Box::new(black_box(numbers[7]));
        PLACE.read() + *boxed
    };
    thread::scope(|scope| {
        for turn in 0..8 {
            scope.spawn(move || {
                own(turn);
                invisible::advance();
                invisible::wait(9);
            });
        }
        invisible::wait(8);
        let status = in_child(|| {
            PLACE.write(1);
            let threads: Vec<_> = (0..16).map(|turn| thread::spawn(move || own(turn))).collect();
            threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), 2));
            PLACE.write(2);
        });
        assert_eq!(status, 0);
        invisible::advance();
    });
}

fn clean_forks_while_others_work() {
    while_others_work(|| {
        for _ in 0..20 {
            let status = in_child(|| {
                let count = Mutex::new(0);
                thread::scope(|scope| {
                    scope.spawn(|| *count.lock().unwrap() += 1);
                    scope.spawn(|| *count.lock().unwrap() += 1);
                });
                assert_eq!(count.into_inner().unwrap(), 2);
            });
            assert_eq!(status, 0);
        }
    });
}

fn clean_commands_while_others_work() {
    while_others_work(|| {
        for turn in 0..10 {
            let mut command = Command::new("true");
            if turn % 2 == 0 {
                // SAFETY: the closure does nothing that the child of a fork must not do.
                unsafe { command.pre_exec(|| Ok(())) };
            }
            assert!(command.status().unwrap().success());
        }
    });
}

fn clean_child_of_vfork() {
    // SAFETY: the child ends at once.
    let process = unsafe { vfork() };
    if process == 0 {
        // SAFETY: as above.
        unsafe { _exit(7) }
    }
    assert_eq!(ended(process), 7);
    let (earlier, later) = (|| earlier(|| PLACE.read()), || later(|| PLACE.read()));
    assert_eq!(thread::spawn(earlier).join().unwrap() + later(), 0);
}

/// Calls `action` so far down on the stack that its frames are not used again by what the caller does next: fibers that
/// share a stack, as they do here and nowhere else, would race on it.
#[inline(never)]
fn far_down(action: fn()) {
    let room = MaybeUninit::<[u8; 1 << 16]>::uninit();
    black_box(&raw const room);
    action();
    black_box(&raw const room);
}

/// Does `here` in a fiber that was made before the fork, and comes back. With `flags` of 1 the switches order nothing.
fn on_fiber_in_child(flags: c_uint, here: fn(), then: fn()) {
    // SAFETY: the fibers live, and the stack is the thread's own all the time.
    unsafe {
        let own = __tsan_get_current_fiber();
        let fiber = __tsan_create_fiber(0);
        as_child(move || {
            thread::spawn(|| PLACE.write(7)).join().unwrap();
            __tsan_switch_to_fiber(fiber, 0);
            far_down(here);
            __tsan_switch_to_fiber(own, flags);
            thread::spawn(then).join().unwrap();
        });
    }
}

fn race_of_fiber_in_child() {
    on_fiber_in_child(1, || earlier(|| PLACE.write(1)), || later(|| assert_eq!(PLACE.read(), 1)));
}

fn clean_fibers_in_child() {
    on_fiber_in_child(0, || PLACE.write(1), || assert_eq!(PLACE.read(), 1));
}
