//! What the interposed functions of the C library tell the engine about an object at an address.
//!
//! They leave `errno` alone, work before `main` and on threads that the engine has not met, and do nothing while the
//! engine itself is at work or the thread has ended.

use crate::perturb;
use crate::report::model::Pc;
use crate::sync::addressed;
use crate::sys::errno;
use crate::thread::{Thread, current};

/// Runs `action` on the running thread's state, if it has one that is free.
pub fn tell(action: impl FnOnce(&mut Thread)) {
    errno::keep(|| {
        if let Some(mut thread) = current::enter() {
            action(&mut thread);
        }
    });
}

/// The thread is about to synchronise. For functions that are not told where they were called from.
pub fn disturb() {
    perturb::before_synchronisation(Pc(0));
}

/// The thread gives `object` to whoever takes it next. To be called before it really does.
pub fn releases<T>(object: *const T) {
    disturb();
    tell(|thread| thread.release_at(object as usize));
}

/// The thread has taken `object`.
pub fn acquires<T>(object: *const T) {
    tell(|thread| thread.acquire_at(object as usize));
}

/// The object of `size` bytes begins or ends: what was released there is forgotten.
pub fn forgets<T>(object: *const T, size: usize) {
    let address = object as usize;
    tell(|_| addressed::forget(address..address + size));
}

/// A function of the C library by its [`Next`](super::next::Next). Whoever writes it vouches for the type.
///
/// It counts as one that does not unwind. A thread that is cancelled in it, or exits, then unwinds past the engine's
/// frames, which have nothing to drop; those of a function that may unwind would stop it, as the engine is built to
/// abort on panics.
macro_rules! real {
    ($next:ident: fn($($argument:ty),*) -> $result:ty) => {
        std::mem::transmute::<usize, unsafe extern "C" fn($($argument),*) -> $result>($next.address())
    };
}
pub(crate) use real;
