//! Bytes that the kernel passes from one descriptor to another, interposed: what was written to the one happens before the
//! read from the other.

use libc::{c_int, c_uint, loff_t, off_t, size_t, ssize_t};

use super::next::Next;
use super::told::{disturb, real, tell};

fn passing(from: c_int, to: c_int, call: impl FnOnce() -> ssize_t) -> ssize_t {
    disturb();
    tell(|thread| {
        if !thread.is_solo() {
            thread.begin_passing(from, to);
        }
    });
    let result = call();
    tell(|thread| thread.end_passing(result >= 0 && !thread.is_solo()));
    result
}

/// `sendfile`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendfile(to: c_int, from: c_int, offset: *mut off_t, size: size_t) -> ssize_t {
    static NEXT: Next = Next::new(c"sendfile");
    // SAFETY: the type is right and the arguments are the caller's.
    passing(from, to, || unsafe {
        real!(NEXT: fn(c_int, c_int, *mut off_t, size_t) -> ssize_t)(to, from, offset, size)
    })
}

/// `sendfile64`, interposed: the same as `sendfile` here.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendfile64(to: c_int, from: c_int, offset: *mut off_t, size: size_t) -> ssize_t {
    // SAFETY: passed on from the caller.
    unsafe { sendfile(to, from, offset, size) }
}

type Pass = unsafe extern "C" fn(c_int, *mut loff_t, c_int, *mut loff_t, size_t, c_uint) -> ssize_t;

/// Functions with the arguments of `splice`.
macro_rules! splices {
    ($($name:ident)*) => {$(
        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            from: c_int,
            from_offset: *mut loff_t,
            to: c_int,
            to_offset: *mut loff_t,
            size: size_t,
            flags: c_uint,
        ) -> ssize_t {
            static NEXT: Next = super::next::named!($name);
            // SAFETY: the address is that of the C library's function of this name, which has this type.
            let pass = unsafe { std::mem::transmute::<usize, Pass>(NEXT.address()) };
            // SAFETY: the arguments are the caller's.
            passing(from, to, || unsafe { pass(from, from_offset, to, to_offset, size, flags) })
        }
    )*};
}

splices! { splice copy_file_range }

/// `tee`, interposed.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tee(from: c_int, to: c_int, size: size_t, flags: c_uint) -> ssize_t {
    static NEXT: Next = Next::new(c"tee");
    // SAFETY: the type is right and the arguments are the caller's.
    passing(from, to, || unsafe { real!(NEXT: fn(c_int, c_int, size_t, c_uint) -> ssize_t)(from, to, size, flags) })
}
