//! Handlers of signals, interposed: each runs between two steps of the engine, ordered after its installation.
//!
//! What the kernel calls is [`handle`], which calls the program's handler. A signal that interrupts the engine at its work
//! is put off: the handler could not be watched then, and the engine's locks may be held. It runs when the engine has done
//! its work, at most a report later; until then all signals are blocked that can be, so one place to keep one is enough.
//!
//! ```text
//! the program runs, or waits in the C library for another thread    the handler runs at once
//! the engine is at work                                             it runs when the engine has finished
//! an instruction's own fault                                        it runs at once, and is not watched in the engine
//! ```
//!
//! Guarantees: the installation of a handler happens before it runs, and so does `pthread_kill` of its thread, or
//! whatever else asks for a signal to the process; the handler runs on the stack and with the mask that it was installed
//! with. Can miss: signals to the process are not told apart, so their sender is also ordered before other signals'
//! handlers; and what a handler does in the few instructions of a join before and after its wait.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

use libc::{
    c_int, c_void, itimerval, pid_t, pthread_t, sigaction as Action, siginfo_t, sigset_t, sigval, timespec, ucontext_t,
};

use super::next::Next;
use super::told::{real, tell};
use crate::sys::{errno, stack};
use crate::thread::current::{self, Interrupted};

/// The kernel's signals, and none with number 0.
const SIGNALS: usize = 65;
/// The program installed a function of three arguments.
const WITH_INFO: usize = 1 << 63;

/// The program's handlers.
static HANDLERS: [AtomicUsize; SIGNALS] = [const { AtomicUsize::new(0) }; SIGNALS];
/// Stands for all that asks for signals to the process.
static PROCESS: u8 = 0;

type Handler = unsafe extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
/// What the kernel keeps of a set of signals.
type Mask = u64;

/// Faults of an instruction: it would be repeated at once if they were put off or blocked.
const FAULTS: [c_int; 6] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

const fn bit(number: c_int) -> Mask {
    1 << (number - 1)
}

/// All signals but faults and the one by which the C library changes users in all threads at once.
const DEFERRABLE: Mask = {
    const SET_ID: c_int = 33;
    let mut mask = !bit(SET_ID);
    let mut index = 0;
    while index < FAULTS.len() {
        mask &= !bit(FAULTS[index]);
        index += 1;
    }
    mask
};

/// A signal that was put off.
struct Deferred {
    number: c_int,
    info: siginfo_t,
    context: ucontext_t,
    mask: Mask,
}

thread_local! {
    static DEFERRED: UnsafeCell<Option<Deferred>> = const { UnsafeCell::new(None) };
}

fn handler_of(number: c_int) -> Option<&'static AtomicUsize> {
    HANDLERS.get(usize::try_from(number).ok()?)
}

/// The address that stands for signals to one thread: within what the C library keeps of the thread.
fn to_thread(thread: pthread_t, number: c_int) -> usize {
    thread as usize + number as usize
}

/// All that the thread did happens before a handler that acquires `address`.
fn asks(address: usize) {
    tell(|thread| {
        if !thread.is_solo() {
            thread.release_at(address);
        }
    });
}

/// The running thread has got a signal.
fn learns(number: c_int) {
    tell(|thread| {
        if !thread.is_solo() {
            thread.acquire_at(&raw const PROCESS as usize);
            // SAFETY: the call has no preconditions.
            thread.acquire_at(to_thread(unsafe { libc::pthread_self() }, number));
            if let Some(handler) = handler_of(number) {
                thread.acquire_at(&raw const *handler as usize);
            }
        }
    });
}

/// What the kernel calls.
extern "C" fn handle(number: c_int, info: *mut siginfo_t, context: *mut c_void) {
    let context = context.cast::<ucontext_t>();
    match current::interrupted() {
        Interrupted::Program => run(number, info, context),
        // SAFETY: the kernel passes both.
        Interrupted::Engine(due) if unsafe { !is_fault(number, info) } => {
            // SAFETY: as above.
            unsafe { defer(number, info, context) };
            due.store(true, Relaxed);
        }
        // SAFETY: as above.
        Interrupted::Rest(presence) if unsafe { waited(context) } => {
            presence.leave();
            run(number, info, context);
            presence.rest();
        }
        _ => run(number, info, context),
    }
}

unsafe fn is_fault(number: c_int, info: *const siginfo_t) -> bool {
    // SAFETY: passed on from the caller. What a process sent has no positive code.
    FAULTS.contains(&number) && unsafe { (*info).si_code } > 0
}

/// Whether the thread waited for another one, in the kernel: a wait is begun anew, or has said that it was interrupted. A
/// call of the C library's allocator for memory is neither.
unsafe fn waited(context: *const ucontext_t) -> bool {
    const CALL: [u8; 2] = [0x0f, 0x05];
    // SAFETY: passed on from the caller.
    let registers = unsafe { &(*context).uc_mcontext.gregs };
    let (result, next) = (registers[libc::REG_RAX as usize], registers[libc::REG_RIP as usize] as *const [u8; 2]);
    // SAFETY: the thread executes code there, or has just done so right before.
    unsafe {
        (result == libc::SYS_futex && *next == CALL) || (result == -i64::from(libc::EINTR) && *next.sub(1) == CALL)
    }
}

/// Calls the program's handler.
fn run(number: c_int, info: *mut siginfo_t, context: *mut ucontext_t) {
    learns(number);
    let handler = handler_of(number).map_or(0, |handler| handler.load(Acquire)) & !WITH_INFO;
    if handler != 0 {
        // SAFETY: the program installed a function of one or three arguments; more than it takes are not looked at.
        unsafe { std::mem::transmute::<usize, Handler>(handler)(number, info, context.cast()) }
    }
}

unsafe fn defer(number: c_int, info: *const siginfo_t, context: *mut ucontext_t) {
    // SAFETY: the kernel's part of the context ends with the first word of the mask.
    unsafe {
        let mask = (&raw mut (*context).uc_sigmask).cast::<Mask>();
        let mut kept = MaybeUninit::<ucontext_t>::zeroed();
        let size = mask.byte_offset_from(context) as usize + size_of::<Mask>();
        context.cast::<u8>().copy_to(kept.as_mut_ptr().cast(), size);
        let mut kept = kept.assume_init();
        kept.uc_mcontext.fpregs = std::ptr::null_mut();
        let deferred = Deferred { number, info: *info, context: kept, mask: *mask };
        // Takes effect when this handler returns.
        *mask |= DEFERRABLE;
        DEFERRED.with(|place| *place.get() = Some(deferred));
    }
}

fn set_mask(mask: Mask) {
    // SAFETY: the set is the kernel's, of this size.
    unsafe {
        let (set, old) = (&raw const mask, std::ptr::null::<Mask>());
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, set, old, size_of::<Mask>());
    }
}

fn deferred() -> Option<Deferred> {
    // SAFETY: handlers put something there only while the engine is at work, and it is not.
    DEFERRED.with(|place| unsafe { (*place.get()).take() })
}

/// Runs the handler that was put off, if any was, as the kernel would have.
pub(crate) fn deliver() {
    let Some(mut deferred) = deferred() else { return };
    errno::keep(|| {
        let action = action_of(deferred.number);
        let own = if action.sa_flags & libc::SA_NODEFER == 0 { bit(deferred.number) } else { 0 };
        // SAFETY: the set's first word is the kernel's part.
        let blocked = unsafe { (&raw const action.sa_mask).cast::<Mask>().read() };
        set_mask(deferred.mask | blocked | own);
        let signals = stack::for_signals();
        let here = stack::pointer();
        if action.sa_flags & libc::SA_ONSTACK != 0 && !signals.is_empty() && !signals.contains(&here) {
            // SAFETY: the kernel would put the handler there too.
            unsafe { stack::call_on(signals.end & !0xf, run_deferred, (&raw mut deferred).cast()) };
        } else {
            // SAFETY: a value of the type that the function wants.
            unsafe { run_deferred((&raw mut deferred).cast()) };
        }
        set_mask(deferred.mask);
    });
}

unsafe extern "C" fn run_deferred(deferred: *mut c_void) {
    // SAFETY: `deliver` passes its own.
    let deferred = unsafe { &mut *deferred.cast::<Deferred>() };
    run(deferred.number, &mut deferred.info, &mut deferred.context);
}

/// In a forked child: a signal that was put off was its parent's.
pub(crate) fn discard() {
    if let Some(deferred) = deferred() {
        set_mask(deferred.mask);
    }
}

static ACTION: Next = Next::new(c"sigaction");

/// The kernel's idea of what is to happen.
fn action_of(number: c_int) -> Action {
    let mut action = MaybeUninit::<Action>::zeroed();
    // SAFETY: the type is right and the place valid; zeros are an action.
    unsafe {
        real!(ACTION: fn(c_int, *const Action, *mut Action) -> c_int)(number, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    }
}

/// `sigaction`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigaction(number: c_int, new: *const Action, old: *mut Action) -> c_int {
    // SAFETY: the type is right.
    let real = unsafe { real!(ACTION: fn(c_int, *const Action, *mut Action) -> c_int) };
    let Some(place) = handler_of(number) else {
        // SAFETY: the arguments are the caller's.
        return unsafe { real(number, new, old) };
    };
    let before = place.load(Acquire);
    // SAFETY: the caller's action, if any.
    let mut new = (!new.is_null()).then(|| unsafe { new.read() });
    let is_function = new.is_some_and(|new| !matches!(new.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN));
    if let Some(new) = new.as_mut().filter(|_| is_function) {
        asks(&raw const *place as usize);
        let with_info = if new.sa_flags & libc::SA_SIGINFO != 0 { WITH_INFO } else { 0 };
        // First, so that no signal comes to the new one without it.
        place.swap(new.sa_sigaction | with_info, AcqRel);
        new.sa_flags |= libc::SA_SIGINFO;
        new.sa_sigaction = handle as *const () as usize;
    }
    let argument = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: our own copy of the action, and the caller's place.
    let result = unsafe { real(number, argument, old) };
    if result != 0 && is_function {
        place.store(before, Relaxed);
    }
    // SAFETY: a successful call has filled the caller's place.
    if let Some(old) = unsafe { old.as_mut() }
        && result == 0
        && old.sa_sigaction == handle as *const () as usize
    {
        old.sa_sigaction = before & !WITH_INFO;
        if before & WITH_INFO == 0 {
            old.sa_flags &= !libc::SA_SIGINFO;
        }
    }
    result
}

/// `signal`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn signal(number: c_int, handler: usize) -> usize {
    let mut old = MaybeUninit::<Action>::zeroed();
    // SAFETY: zeros are an action, with an empty mask.
    let mut new = unsafe { MaybeUninit::<Action>::zeroed().assume_init() };
    new.sa_sigaction = handler;
    new.sa_flags = libc::SA_RESTART;
    // SAFETY: the caller's handler, and a place of our own.
    if unsafe { sigaction(number, &new, old.as_mut_ptr()) } != 0 {
        return libc::SIG_ERR;
    }
    // SAFETY: the call has filled it.
    unsafe { old.assume_init() }.sa_sigaction
}

/// `pthread_kill`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_kill(thread: pthread_t, number: c_int) -> c_int {
    static NEXT: Next = Next::new(c"pthread_kill");
    asks(to_thread(thread, number));
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(pthread_t, c_int) -> c_int)(thread, number) }
}

/// `pthread_sigqueue`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_sigqueue(thread: pthread_t, number: c_int, value: sigval) -> c_int {
    static NEXT: Next = Next::new(c"pthread_sigqueue");
    asks(to_thread(thread, number));
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(pthread_t, c_int, sigval) -> c_int)(thread, number, value) }
}

/// Functions that ask for a signal to a process, this one perhaps, now or later.
macro_rules! asks_for_signals {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $kind),*) -> $result {
            static NEXT: Next = super::next::named!($name);
            asks(&raw const PROCESS as usize);
            tell(|thread| {
                if !thread.is_solo() {
                    thread.release_into_counters();
                }
            });
            // SAFETY: the type is right and the arguments are the caller's.
            unsafe { real!(NEXT: fn($($kind),*) -> $result)($($argument),*) }
        }
    )*};
}

asks_for_signals! {
    kill(process: pid_t, number: c_int) -> c_int;
    sigqueue(process: pid_t, number: c_int, value: sigval) -> c_int;
    alarm(seconds: libc::c_uint) -> libc::c_uint;
    setitimer(which: c_int, new: *const itimerval, old: *mut itimerval) -> c_int;
    timer_settime(timer: *mut c_void, flags: c_int, new: *const c_void, old: *mut c_void) -> c_int;
}

fn waited_for(number: c_int) -> c_int {
    if number > 0 {
        learns(number);
    }
    number
}

/// `sigwait`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigwait(set: *const sigset_t, to: *mut c_int) -> c_int {
    static NEXT: Next = Next::new(c"sigwait");
    // SAFETY: the type is right and the arguments are the caller's.
    let status = unsafe { real!(NEXT: fn(*const sigset_t, *mut c_int) -> c_int)(set, to) };
    if status == 0 {
        // SAFETY: a successful call has filled the place.
        waited_for(unsafe { *to });
    }
    status
}

/// `sigwaitinfo`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigwaitinfo(set: *const sigset_t, to: *mut siginfo_t) -> c_int {
    static NEXT: Next = Next::new(c"sigwaitinfo");
    // SAFETY: the type is right and the arguments are the caller's.
    waited_for(unsafe { real!(NEXT: fn(*const sigset_t, *mut siginfo_t) -> c_int)(set, to) })
}

/// `sigtimedwait`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sigtimedwait(set: *const sigset_t, to: *mut siginfo_t, most: *const timespec) -> c_int {
    static NEXT: Next = Next::new(c"sigtimedwait");
    // SAFETY: the type is right.
    let wait = unsafe { real!(NEXT: fn(*const sigset_t, *mut siginfo_t, *const timespec) -> c_int) };
    // SAFETY: the arguments are the caller's.
    waited_for(unsafe { wait(set, to, most) })
}
