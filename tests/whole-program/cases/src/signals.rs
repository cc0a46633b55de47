//! Signals' handlers that interrupt whatever the program is in, its allocator included.

use std::ffi::{c_int, c_long, c_void};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::thread;

use crate::case::{Place, cases, earlier, in_order, later, side_by_side};
use crate::invisible::{self, Word};

cases! {
    clean_handler_during_allocations race_in_handler race_in_handler_on_second_stack clean_handler_after_installation
    clean_handler_after_kill race_kill_of_another_thread clean_handlers_publish clean_handler_in_join
    clean_installation_is_told clean_errno_kept clean_signal_waited_for
}

/// How often the handler is to interrupt.
const INTERRUPTIONS: usize = 1000;

static WRITE_END: AtomicI32 = AtomicI32::new(-1);
static HANDLED: AtomicUsize = AtomicUsize::new(0);

/// Seconds and microseconds between two signals, and until the first.
#[repr(C)]
struct Timer {
    interval: [c_long; 2],
    first: [c_long; 2],
}

unsafe extern "C" {
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn setitimer(which: c_int, new: *const Timer, old: *mut Timer) -> c_int;
    fn write(descriptor: c_int, bytes: *const u8, size: usize) -> isize;
}

const SIGALRM: c_int = 14;

extern "C" fn handler(_: c_int) {
    // The pipe has room for so many bytes, and a write that waits in a handler would wait for ever.
    if HANDLED.fetch_add(1, Ordering::AcqRel) < INTERRUPTIONS {
        // SAFETY: one byte of a constant; the call may be made in handlers.
        unsafe { write(WRITE_END.load(Ordering::Acquire), [0u8].as_ptr(), 1) };
    }
}

/// A self-pipe, as event loops have it, written to by handlers that come all the time while two threads allocate.
fn clean_handler_during_allocations() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    WRITE_END.store(writer.as_raw_fd(), Ordering::Release);
    let every = Timer { interval: [0, 100], first: [0, 100] };
    // SAFETY: a handler of the right type, and a timer with valid times.
    unsafe {
        signal(SIGALRM, handler);
        assert_eq!(setitimer(0, &every, std::ptr::null_mut()), 0);
    }
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut kept: Vec<Vec<u8>> = Vec::new();
                let mut turn = 0;
                while HANDLED.load(Ordering::Relaxed) < INTERRUPTIONS {
                    turn += 1;
                    kept.push(vec![1; turn % 3000]);
                    if kept.len() > 50 {
                        kept.swap_remove(turn % 50);
                    }
                }
            });
        }
    });
    let never = Timer { interval: [0; 2], first: [0; 2] };
    // SAFETY: as above.
    assert_eq!(unsafe { setitimer(0, &never, std::ptr::null_mut()) }, 0);
    assert!(reader.read(&mut [0; 4096]).unwrap() > 0);
}

/// As the C library has it.
#[repr(C)]
struct Action {
    handler: usize,
    mask: [u64; 16],
    flags: c_int,
    restorer: usize,
}

#[repr(C)]
struct Stack {
    start: *mut u8,
    flags: c_int,
    size: usize,
}

unsafe extern "C" {
    fn sigaction(number: c_int, new: *const Action, old: *mut Action) -> c_int;
    fn sigaltstack(new: *const Stack, old: *mut Stack) -> c_int;
    fn raise(number: c_int) -> c_int;
    fn pthread_self() -> usize;
    fn pthread_kill(thread: usize, number: c_int) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const [u64; 16], old: *mut [u64; 16]) -> c_int;
    fn sigwait(set: *const [u64; 16], to: *mut c_int) -> c_int;
    fn __errno_location() -> *mut c_int;
}

pub const SIGUSR1: c_int = 10;
const SA_SIGINFO: c_int = 4;
const SA_ONSTACK: c_int = 0x0800_0000;
const SA_RESTART: c_int = 0x1000_0000;
const SA_NODEFER: c_int = 0x4000_0000;

type Handler = extern "C" fn(c_int, *mut c_void, *mut c_void);

fn act(handler: usize, flags: c_int) -> Action {
    let new = Action { handler, mask: [0; 16], flags, restorer: 0 };
    let mut old = Action { handler: 0, mask: [0; 16], flags: 0, restorer: 0 };
    // SAFETY: a handler of the right type, and a place for the old one.
    assert_eq!(unsafe { sigaction(SIGUSR1, &new, &mut old) }, 0);
    old
}

fn install(handler: Handler) {
    act(handler as usize, SA_SIGINFO | SA_RESTART);
}

/// The signal is not blocked meanwhile, so the handler may be left by a jump.
pub fn install_on_second_stack(handler: Handler) {
    act(handler as usize, SA_SIGINFO | SA_RESTART | SA_ONSTACK | SA_NODEFER);
}

/// No larger than the system says that it must be.
const SECOND_STACK: usize = 16 << 10;

/// Runs `action` while the thread has a second stack, with that stack's start.
pub fn with_second_stack(action: impl FnOnce(usize)) {
    let mut memory = vec![0_u8; SECOND_STACK];
    let stack = Stack { start: memory.as_mut_ptr(), flags: 0, size: SECOND_STACK };
    // SAFETY: the memory lives until the stack is given up.
    assert_eq!(unsafe { sigaltstack(&stack, std::ptr::null_mut()) }, 0);
    action(memory.as_ptr() as usize);
    let none = Stack { start: std::ptr::null_mut(), flags: 2, size: 0 };
    // SAFETY: no handler runs any more.
    assert_eq!(unsafe { sigaltstack(&none, std::ptr::null_mut()) }, 0);
}

fn raise_here() {
    // SAFETY: the signal has a handler.
    assert_eq!(unsafe { raise(SIGUSR1) }, 0);
}

static PLACE: Place<u64> = Place::new(0);

extern "C" fn read_late(_: c_int, _: *mut c_void, _: *mut c_void) {
    later(|| PLACE.read());
}

fn race_in_handler() {
    install(read_late);
    in_order(|| PLACE.write(1), raise_here);
}

static HANDLER_AT: Word = Word::new();

extern "C" fn read_late_there(_: c_int, _: *mut c_void, _: *mut c_void) {
    let here = 0_u8;
    HANDLER_AT.set(&raw const here as usize);
    later(|| PLACE.read());
}

/// The report needs more room than the handler has.
fn race_in_handler_on_second_stack() {
    install_on_second_stack(read_late_there);
    let on_second_stack = || {
        with_second_stack(|start| {
            raise_here();
            assert!((start..start + SECOND_STACK).contains(&HANDLER_AT.get()));
        });
    };
    in_order(|| PLACE.write(1), on_second_stack);
}

extern "C" fn read(_: c_int, _: *mut c_void, _: *mut c_void) {
    assert_eq!(PLACE.read(), 1);
}

fn clean_handler_after_installation() {
    thread::scope(|scope| {
        scope.spawn(|| {
            invisible::wait(1);
            raise_here();
        });
        PLACE.write(1);
        install(read);
        invisible::advance();
    });
}

static HANDLER_DONE: AtomicUsize = AtomicUsize::new(0);

extern "C" fn read_and_tell(_: c_int, _: *mut c_void, _: *mut c_void) {
    PLACE.read();
    HANDLER_DONE.store(1, Ordering::Release);
}

static THREAD: Word = Word::new();

fn myself() -> usize {
    // SAFETY: the call has no preconditions.
    unsafe { pthread_self() }
}

fn interrupt(thread: usize) {
    // SAFETY: the thread lives, and the signal has a handler.
    assert_eq!(unsafe { pthread_kill(thread, SIGUSR1) }, 0);
}

fn clean_handler_after_kill() {
    install(read_and_tell);
    thread::scope(|scope| {
        scope.spawn(|| {
            THREAD.set(myself());
            invisible::advance();
            invisible::wait(2);
        });
        invisible::wait(1);
        PLACE.write(1);
        interrupt(THREAD.get());
        while HANDLER_DONE.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        PLACE.write(2);
        invisible::advance();
    });
}

extern "C" fn read_late_if_here(_: c_int, _: *mut c_void, _: *mut c_void) {
    if myself() != THREAD.get() {
        later(|| PLACE.read());
    }
}

/// A signal to one thread says nothing to the handler in another.
fn race_kill_of_another_thread() {
    install(read_late_if_here);
    thread::scope(|scope| {
        scope.spawn(|| {
            THREAD.set(myself());
            invisible::meet(3);
            invisible::wait(5);
        });
        scope.spawn(|| {
            invisible::meet(3);
            earlier(|| PLACE.write(1));
            interrupt(THREAD.get());
            invisible::meet(5);
        });
        scope.spawn(|| {
            invisible::meet(3);
            invisible::wait(4);
            raise_here();
            invisible::advance();
        });
    });
}

const NUMBERS: usize = 1 << 20;
static WRITTEN: AtomicUsize = AtomicUsize::new(0);
static PUBLISHED: AtomicUsize = AtomicUsize::new(0);

extern "C" fn publish(_: c_int, _: *mut c_void, _: *mut c_void) {
    PUBLISHED.store(WRITTEN.load(Ordering::Relaxed), Ordering::Release);
    HANDLED.fetch_add(1, Ordering::Release);
}

/// Wherever a handler interrupts, what it publishes is published.
fn clean_handlers_publish() {
    const ROUNDS: usize = 400;
    install(publish);
    let numbers: Vec<Place<usize>> = (0..NUMBERS).map(|_| Place::new(0)).collect();
    let write = || {
        THREAD.set(myself());
        invisible::advance();
        for number in 0.. {
            if HANDLED.load(Ordering::Relaxed) == ROUNDS {
                break;
            }
            if let Some(place) = numbers.get(number) {
                place.write(number);
                WRITTEN.store(number + 1, Ordering::Relaxed);
            }
            drop(vec![number as u8; number % 300]);
        }
    };
    let read = || {
        invisible::wait(1);
        for round in 1..=ROUNDS {
            interrupt(THREAD.get());
            while HANDLED.load(Ordering::Acquire) < round {
                std::hint::spin_loop();
            }
            if let Some(last) = PUBLISHED.load(Ordering::Acquire).checked_sub(1) {
                assert_eq!(numbers[last].read(), last);
            }
        }
    };
    side_by_side(write, read);
}

extern "C" fn write_and_tell(_: c_int, _: *mut c_void, _: *mut c_void) {
    PLACE.write(7);
    HANDLER_DONE.store(1, Ordering::Release);
}

/// The handler runs while its thread waits for the end of another, which waits for the handler.
fn clean_handler_in_join() {
    install(write_and_tell);
    let main = myself();
    let waiting = thread::spawn(move || {
        // So the other has most likely begun to wait.
        thread::sleep(std::time::Duration::from_millis(50));
        interrupt(main);
        while HANDLER_DONE.load(Ordering::Acquire) == 0 {
            thread::yield_now();
        }
        PLACE.read()
    });
    assert_eq!(waiting.join().unwrap(), 7);
}

extern "C" fn plain_handler(_: c_int) {
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// Who asks what is installed is told what the program has installed.
fn clean_installation_is_told() {
    let plain = plain_handler as *const () as usize;
    let with_information = read as *const () as usize;
    assert_eq!(act(plain, SA_RESTART).handler, 0, "the default");
    raise_here();
    assert_eq!(HANDLED.load(Ordering::Relaxed), 1);
    let old = act(with_information, SA_SIGINFO);
    assert_eq!((old.handler, old.flags & (SA_SIGINFO | SA_RESTART)), (plain, SA_RESTART));
    // SAFETY: a handler of the right type.
    assert_eq!(unsafe { signal(SIGUSR1, plain_handler) }, with_information);
    raise_here();
    let old = act(0, 0);
    assert_eq!((old.handler, old.flags & (SA_SIGINFO | SA_RESTART)), (plain, SA_RESTART));
    assert_eq!(act(1, 0).handler, 0, "the default again");
    assert_eq!(act(0, 0).handler, 1, "ignored");
    assert_eq!(HANDLED.load(Ordering::Relaxed), 2);
}

extern "C" fn work(_: c_int, _: *mut c_void, _: *mut c_void) {
    PLACE.write(PLACE.read() + 1);
    HANDLED.fetch_add(1, Ordering::AcqRel);
}

fn clean_errno_kept() {
    const NUMBER: c_int = 7777;
    install(work);
    thread::spawn(|| {
        // SAFETY: the thread's own.
        let errno = unsafe { __errno_location() };
        // SAFETY: as above.
        unsafe { errno.write(NUMBER) };
        raise_here();
        PLACE.write(PLACE.read() + 1);
        HANDLED.fetch_add(1, Ordering::AcqRel);
        drop(std::hint::black_box(vec![1_u8; 100]));
        // SAFETY: as above.
        assert_eq!(unsafe { errno.read() }, NUMBER);
    })
    .join()
    .unwrap();
}

fn clean_signal_waited_for() {
    let mut set = [0; 16];
    set[0] = 1 << (SIGUSR1 - 1);
    thread::scope(|scope| {
        scope.spawn(|| {
            // SAFETY: the set is valid.
            assert_eq!(unsafe { pthread_sigmask(0, &set, std::ptr::null_mut()) }, 0);
            THREAD.set(myself());
            invisible::advance();
            let mut number = 0;
            // SAFETY: set and place are valid.
            assert_eq!(unsafe { sigwait(&set, &mut number) }, 0);
            assert_eq!((number, PLACE.read()), (SIGUSR1, 1));
        });
        invisible::wait(1);
        PLACE.write(1);
        interrupt(THREAD.get());
    });
}
