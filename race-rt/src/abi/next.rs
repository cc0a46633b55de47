//! The C library's own functions behind the interposed ones.

use std::ffi::CStr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A function that is looked up at its first call.
#[derive(Debug)]
pub struct Next {
    name: &'static CStr,
    address: AtomicUsize,
}

impl Next {
    /// The next definition of `name` after the program's own.
    pub const fn new(name: &'static CStr) -> Next {
        Next { name, address: AtomicUsize::new(0) }
    }

    /// The function's address.
    ///
    /// Ends the process when the C library has no such function: it cannot be glibc then.
    #[inline]
    pub fn address(&self) -> usize {
        match self.address.load(Ordering::Relaxed) {
            0 => self.find(),
            address => address,
        }
    }

    #[cold]
    fn find(&self) -> usize {
        // SAFETY: the name is a C string.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) } as usize;
        if found == 0 {
            crate::report::exit::refuse(&format_args!(
                "the C library has no {:?}; link the program with glibc, not statically",
                self.name
            ));
        }
        self.address.store(found, Ordering::Relaxed);
        found
    }
}

/// The next definition of the function with this name.
macro_rules! named {
    ($name:ident) => {
        // The name is a literal with a zero at its end and none within.
        $crate::abi::next::Next::new(
            match std::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name has no zero in it"),
            },
        )
    };
}
pub(crate) use named;
