//! Read-write locks of the C library, interposed.
//!
//! A writer's unlock happens before every later lock, a reader's before later write locks only: readers do not order each
//! other. What readers released is kept at the lock's second byte.

use libc::{c_int, c_void, clockid_t, pthread_rwlock_t, pthread_rwlockattr_t, timespec};

use super::next::Next;
use super::told::{disturb, forgets, real, tell};

type Lock = *mut pthread_rwlock_t;

/// Where glibc has the thread that holds the lock for writing, which its own unlock goes by; zero is none.
const WRITER: usize = 24;

fn writers(lock: Lock) -> usize {
    lock as usize
}

fn readers(lock: Lock) -> usize {
    lock as usize + 1
}

/// Functions that try to take the lock; `$writes` says for what.
macro_rules! takes {
    ($writes:literal: $($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(lock: Lock $(, $argument: $kind)*) -> c_int {
            static NEXT: Next = super::next::named!($name);
            disturb();
            // SAFETY: the type is right and the arguments are the caller's.
            let result = unsafe { real!(NEXT: fn(Lock $(, $kind)*) -> c_int)(lock $(, $argument)*) };
            if result == 0 {
                tell(|thread| {
                    thread.acquire_at(writers(lock));
                    if $writes {
                        thread.acquire_at(readers(lock));
                    }
                });
            }
            result
        }
    )*};
}

takes! { false:
    pthread_rwlock_rdlock();
    pthread_rwlock_tryrdlock();
    pthread_rwlock_timedrdlock(until: *const timespec);
    pthread_rwlock_clockrdlock(clock: clockid_t, until: *const timespec);
}

takes! { true:
    pthread_rwlock_wrlock();
    pthread_rwlock_trywrlock();
    pthread_rwlock_timedwrlock(until: *const timespec);
    pthread_rwlock_clockwrlock(clock: clockid_t, until: *const timespec);
}

/// `pthread_rwlock_unlock`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_rwlock_unlock(lock: Lock) -> c_int {
    static NEXT: Next = Next::new(c"pthread_rwlock_unlock");
    disturb();
    // SAFETY: the caller holds this lock, so that nobody changes the field.
    let writes = unsafe { lock.cast::<c_void>().byte_add(WRITER).cast::<c_int>().read() } != 0;
    tell(|thread| thread.release_at(if writes { writers(lock) } else { readers(lock) }));
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Lock) -> c_int)(lock) }
}

/// `pthread_rwlock_init`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_rwlock_init(lock: Lock, attributes: *const pthread_rwlockattr_t) -> c_int {
    static NEXT: Next = Next::new(c"pthread_rwlock_init");
    forgets(lock, size_of::<pthread_rwlock_t>());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Lock, *const pthread_rwlockattr_t) -> c_int)(lock, attributes) }
}

/// `pthread_rwlock_destroy`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pthread_rwlock_destroy(lock: Lock) -> c_int {
    static NEXT: Next = Next::new(c"pthread_rwlock_destroy");
    forgets(lock, size_of::<pthread_rwlock_t>());
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Lock) -> c_int)(lock) }
}
