//! Semaphores of the C library, interposed: a post happens before the wait that its permit feeds.

use libc::{c_int, c_uint, clockid_t, sem_t, timespec};

use super::next::Next;
use super::told::{disturb, real, tell};
use crate::sync::permits;

type Semaphore = *mut sem_t;

macro_rules! waits {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(semaphore: Semaphore $(, $argument: $kind)*) -> c_int {
            static NEXT: Next = super::next::named!($name);
            let address = semaphore as usize;
            disturb();
            tell(|_| permits::begin_wait(address));
            // SAFETY: the type is right and the arguments are the caller's.
            let result = unsafe { real!(NEXT: fn(Semaphore $(, $kind)*) -> c_int)(semaphore $(, $argument)*) };
            tell(|thread| match result {
                0 => thread.take_permit(address),
                _ => permits::give_up_wait(address),
            });
            result
        }
    )*};
}

waits! {
    sem_wait();
    sem_trywait();
    sem_timedwait(until: *const timespec);
    sem_clockwait(clock: clockid_t, until: *const timespec);
}

/// `sem_post`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sem_post(semaphore: Semaphore) -> c_int {
    static NEXT: Next = Next::new(c"sem_post");
    disturb();
    tell(|thread| thread.post_permit(semaphore as usize));
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Semaphore) -> c_int)(semaphore) }
}

/// `sem_init`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sem_init(semaphore: Semaphore, shared: c_int, value: c_uint) -> c_int {
    static NEXT: Next = Next::new(c"sem_init");
    tell(|_| match shared {
        0 => permits::begin(semaphore as usize, u64::from(value)),
        // Other processes may post and wait too.
        _ => permits::forget(semaphore as usize),
    });
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Semaphore, c_int, c_uint) -> c_int)(semaphore, shared, value) }
}

/// `sem_destroy`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sem_destroy(semaphore: Semaphore) -> c_int {
    static NEXT: Next = Next::new(c"sem_destroy");
    tell(|_| permits::forget(semaphore as usize));
    // SAFETY: the type is right and the arguments are the caller's.
    unsafe { real!(NEXT: fn(Semaphore) -> c_int)(semaphore) }
}
