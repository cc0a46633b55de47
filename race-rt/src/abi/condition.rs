//! Condition variables of the C library, interposed, with C11's names for them.
//!
//! A wait gives its mutex back and takes it again. The notification orders nothing. Can miss that a wait which is
//! cancelled has its mutex again.

use libc::{c_int, clockid_t, pthread_cond_t, pthread_mutex_t, timespec};

use super::next::Next;
use super::told::{acquires, real, releases};

type Condition = *mut pthread_cond_t;
type Mutex = *mut pthread_mutex_t;

macro_rules! waits {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(condition: Condition, mutex: Mutex $(, $argument: $kind)*) -> c_int {
            static NEXT: Next = super::next::named!($name);
            releases(mutex);
            // SAFETY: the type is right.
            let wait = unsafe { real!(NEXT: fn(Condition, Mutex $(, $kind)*) -> c_int) };
            // SAFETY: the arguments are the caller's.
            let result = unsafe { wait(condition, mutex $(, $argument)*) };
            // Whatever the result: the caller has the mutex.
            acquires(mutex);
            result
        }
    )*};
}

waits! {
    pthread_cond_wait();
    pthread_cond_timedwait(until: *const timespec);
    pthread_cond_clockwait(clock: clockid_t, until: *const timespec);
    cnd_wait();
    cnd_timedwait(until: *const timespec);
}
