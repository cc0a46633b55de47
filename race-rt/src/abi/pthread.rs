//! Threads, interposed: creation, end, join, detachment, names.
//!
//! The C library allocates and frees inside these calls what belongs to threads (the vectors of their thread-local
//! storage), ordered by means of its own: the engine looks away meanwhile.

use std::ffi::{CStr, c_char};

use hashbrown::HashMap;
use libc::{c_int, c_void, pthread_attr_t, pthread_t, timespec};

use super::next::Next;
use super::told::real;
use super::{thread_list, with_return_address};
use crate::perturb::{self, Shift};
use crate::report::model::Pc;
use crate::sys::spin::{Spin, SpinGuard};
use crate::thread::{Thread, ThreadId, current, last_step, registry};

/// Not one that unwinds, for the reason that [`real`](super::told::real) gives.
pub(super) type Start = extern "C" fn(*mut c_void) -> *mut c_void;

static CREATE: Next = Next::new(c"pthread_create");
static JOIN: Next = Next::new(c"pthread_join");
static DETACH: Next = Next::new(c"pthread_detach");
static SET_NAME: Next = Next::new(c"pthread_setname_np");

/// The system's names of the threads that can still be joined or detached.
static THREADS: Spin<Option<HashMap<pthread_t, ThreadId>>> = Spin::new(None);

/// The names, which nobody else can look at or change so long. No thread begins or is joined meanwhile.
pub(crate) struct Names(SpinGuard<'static, Option<HashMap<pthread_t, ThreadId>>>);

impl Names {
    /// Waits for them.
    pub(crate) fn lock() -> Names {
        Names(THREADS.lock())
    }

    /// No other thread can be joined: in a forked child.
    pub(crate) fn forget(&mut self) {
        self.0.take();
    }
}

struct NewThread {
    start: Start,
    argument: *mut c_void,
    state: Option<Box<Thread>>,
    shift: Option<Shift>,
}

pub(super) extern "C" fn create(
    to: *mut pthread_t,
    attributes: *const pthread_attr_t,
    start: Start,
    argument: *mut c_void,
    pc: usize,
) -> c_int {
    let mut id = None;
    let mut shift = None;
    let state = current::enter().map(|mut thread| {
        shift = Shift::of_next(thread.id());
        let site = thread.site(Pc(pc));
        let child = registry::spawn(&mut thread, None, site);
        id = Some(child.id());
        child
    });
    let new = Box::into_raw(Box::new(NewThread { start, argument, state, shift }));
    let result = {
        // Held over the creation: the child waits for it, and so does not outrun its entry.
        let mut threads = THREADS.lock();
        // At rest, so that no handler is put off: the new thread would inherit that signals are blocked meanwhile.
        let looking_away = current::enter();
        if let Some(thread) = &looking_away {
            thread.rest();
        }
        // SAFETY: the address is that of the C library's `pthread_create`.
        let real: extern "C" fn(
            *mut pthread_t,
            *const pthread_attr_t,
            extern "C" fn(*mut c_void) -> *mut c_void,
            *mut c_void,
        ) -> c_int = unsafe { std::mem::transmute(CREATE.address()) };
        let result = real(to, attributes, run, new.cast());
        if result == 0
            && let Some(id) = id
        {
            // SAFETY: a successful creation has written the name.
            threads.get_or_insert_default().insert(unsafe { *to }, id);
        }
        result
    };
    if result != 0 {
        // SAFETY: no thread was made that could use it.
        let new = unsafe { Box::from_raw(new) };
        if let Some(state) = new.state {
            let id = state.id();
            registry::finish(state);
            // It has done nothing: nobody has to wait for it, and its slot is free for the next.
            if let Some(mut creator) = current::enter() {
                registry::join(&mut creator, id);
            }
        }
        return result;
    }
    if let Some(id) = id
        && is_detached(attributes)
    {
        registry::detach(id);
    }
    perturb::after_spawn(shift, Pc(pc));
    result
}

fn is_detached(attributes: *const pthread_attr_t) -> bool {
    let mut state = libc::PTHREAD_CREATE_JOINABLE;
    // SAFETY: attributes that are not null are valid, as the creation has just found.
    !attributes.is_null()
        && unsafe { pthread_attr_getdetachstate(attributes, &mut state) } == 0
        && state == libc::PTHREAD_CREATE_DETACHED
}

unsafe extern "C" {
    fn pthread_attr_getdetachstate(attributes: *const pthread_attr_t, state: *mut c_int) -> c_int;
}

extern "C" fn run(new: *mut c_void) -> *mut c_void {
    drop(THREADS.lock());
    // SAFETY: `create` made it for this thread alone.
    let NewThread { start, argument, state, shift } = *unsafe { Box::from_raw(new.cast::<NewThread>()) };
    if let Some(shift) = shift {
        shift.before_begin();
    }
    if let Some(state) = state {
        current::begin(state);
    }
    thread_list::begin(argument as usize);
    last_step::watch();
    start(argument)
}

fn forget_name(thread: pthread_t) -> Option<ThreadId> {
    THREADS.lock().as_mut()?.remove(&thread)
}

/// Runs `join`, which waits for the end of `thread` and returns zero when it has ended.
fn joining(thread: pthread_t, join: impl FnOnce() -> c_int) -> c_int {
    // Looked up before: once the join has returned, the name may be another thread's.
    let id = forget_name(thread);
    let looking_away = current::enter();
    if let Some(thread) = &looking_away {
        thread.rest();
    }
    let status = join();
    drop(looking_away);
    if let Some(id) = id {
        if status != 0 {
            THREADS.lock().get_or_insert_default().insert(thread, id);
        } else if let Some(mut joiner) = current::enter() {
            registry::join(&mut joiner, id);
        }
    }
    status
}

/// `pthread_join`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_join(thread: pthread_t, result: *mut *mut c_void) -> c_int {
    // SAFETY: the type is right and the arguments are the caller's.
    joining(thread, || unsafe { real!(JOIN: fn(pthread_t, *mut *mut c_void) -> c_int)(thread, result) })
}

/// `pthread_tryjoin_np`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_tryjoin_np(thread: pthread_t, result: *mut *mut c_void) -> c_int {
    static NEXT: Next = Next::new(c"pthread_tryjoin_np");
    // SAFETY: the type is right and the arguments are the caller's.
    joining(thread, || unsafe { real!(NEXT: fn(pthread_t, *mut *mut c_void) -> c_int)(thread, result) })
}

/// `pthread_timedjoin_np`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_timedjoin_np(
    thread: pthread_t,
    result: *mut *mut c_void,
    until: *const timespec,
) -> c_int {
    static NEXT: Next = Next::new(c"pthread_timedjoin_np");
    // SAFETY: the type is right.
    let join = unsafe { real!(NEXT: fn(pthread_t, *mut *mut c_void, *const timespec) -> c_int) };
    // SAFETY: the arguments are the caller's.
    joining(thread, || unsafe { join(thread, result, until) })
}

/// `pthread_detach`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_detach(thread: pthread_t) -> c_int {
    if let Some(id) = forget_name(thread) {
        registry::detach(id);
    }
    // SAFETY: the address is that of the C library's `pthread_detach`.
    let real: extern "C" fn(pthread_t) -> c_int = unsafe { std::mem::transmute(DETACH.address()) };
    let _looking_away = current::enter();
    real(thread)
}

/// `pthread_setname_np`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_setname_np(thread: pthread_t, name: *const c_char) -> c_int {
    // A thread knows itself; another's join may have taken its entry away already.
    // SAFETY: the call has no preconditions.
    let id = if thread == unsafe { libc::pthread_self() } {
        current::enter().map(|thread| thread.id())
    } else {
        THREADS.lock().as_ref().and_then(|threads| threads.get(&thread).copied())
    };
    if let Some(id) = id {
        // SAFETY: the caller passes a C string.
        registry::set_name(id, &unsafe { CStr::from_ptr(name) }.to_string_lossy());
    }
    // SAFETY: the address is that of the C library's `pthread_setname_np`.
    let real: extern "C" fn(pthread_t, *const c_char) -> c_int = unsafe { std::mem::transmute(SET_NAME.address()) };
    real(thread, name)
}

with_return_address! {
    pthread_create => create, "r8";
}
