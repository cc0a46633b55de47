//! Mutexes and spin locks of the C library, interposed, with C11's names for them.
//!
//! Rust's own locks need none of this: it is for C code and for what calls the C library directly. An unlock happens
//! before every later lock; a failed attempt orders nothing. A robust mutex whose
//! owner died counts as locked, after all that ended threads did: nobody says which of them was the owner.

use libc::{c_int, clockid_t, pthread_mutex_t, pthread_mutexattr_t, timespec};

use super::next::Next;
use super::told::{acquires, disturb, forgets, real, releases, tell};
use crate::thread::registry;

type Mutex = *mut pthread_mutex_t;
/// The C type is volatile: of four bytes.
type SpinLock = *mut c_int;

/// Tells of the lock if `result` says that the caller has it now.
fn taken<T>(lock: *const T, result: c_int) -> c_int {
    match result {
        0 => acquires(lock),
        libc::EOWNERDEAD => tell(|thread| {
            thread.acquire_at(lock as usize);
            registry::learn_ends(thread);
        }),
        _ => {}
    }
    result
}

/// Functions that return a status and try to take their first argument.
macro_rules! takes {
    ($($name:ident($lock:ident: $type:ty $(, $argument:ident: $kind:ty)*);)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($lock: $type $(, $argument: $kind)*) -> c_int {
            static NEXT: Next = super::next::named!($name);
            disturb();
            // SAFETY: the type is right and the arguments are the caller's.
            let result = unsafe { real!(NEXT: fn($type $(, $kind)*) -> c_int)($lock $(, $argument)*) };
            taken($lock, result)
        }
    )*};
}

/// Functions that return a status and give their argument back.
macro_rules! gives_back {
    ($($name:ident($type:ty);)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(lock: $type) -> c_int {
            static NEXT: Next = super::next::named!($name);
            releases(lock);
            // SAFETY: the type is right and the arguments are the caller's.
            unsafe { real!(NEXT: fn($type) -> c_int)(lock) }
        }
    )*};
}

takes! {
    pthread_mutex_lock(lock: Mutex);
    pthread_mutex_trylock(lock: Mutex);
    pthread_mutex_timedlock(lock: Mutex, until: *const timespec);
    pthread_mutex_clocklock(lock: Mutex, clock: clockid_t, until: *const timespec);
    pthread_spin_lock(lock: SpinLock);
    pthread_spin_trylock(lock: SpinLock);
    mtx_lock(lock: Mutex);
    mtx_trylock(lock: Mutex);
    mtx_timedlock(lock: Mutex, until: *const timespec);
}

gives_back! {
    pthread_mutex_unlock(Mutex);
    pthread_spin_unlock(SpinLock);
    mtx_unlock(Mutex);
}

/// `pthread_mutex_init`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_mutex_init(lock: Mutex, attributes: *const pthread_mutexattr_t) -> c_int {
    static NEXT: Next = Next::new(c"pthread_mutex_init");
    forgets(lock, size_of::<pthread_mutex_t>());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Mutex, *const pthread_mutexattr_t) -> c_int)(lock, attributes) }
}

/// `pthread_mutex_destroy`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_mutex_destroy(lock: Mutex) -> c_int {
    static NEXT: Next = Next::new(c"pthread_mutex_destroy");
    // SAFETY: the type is right and the arguments are the caller's.
    let result = unsafe { real!(NEXT: fn(Mutex) -> c_int)(lock) };
    if result == 0 {
        forgets(lock, size_of::<pthread_mutex_t>());
    }
    result
}

/// `pthread_spin_init`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_spin_init(lock: SpinLock, shared: c_int) -> c_int {
    static NEXT: Next = Next::new(c"pthread_spin_init");
    forgets(lock, size_of::<c_int>());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(SpinLock, c_int) -> c_int)(lock, shared) }
}

/// `mtx_init`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mtx_init(lock: Mutex, kind: c_int) -> c_int {
    static NEXT: Next = Next::new(c"mtx_init");
    forgets(lock, size_of::<pthread_mutex_t>());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Mutex, c_int) -> c_int)(lock, kind) }
}
