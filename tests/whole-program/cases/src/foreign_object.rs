//! Objects of the C library, as C code has them.

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_void};

/// Room for any object of the C library; all zero is a mutex, a condition, a lock that nobody holds.
#[repr(C, align(64))]
pub struct Object(UnsafeCell<[u8; 64]>);

// SAFETY: only the C library's functions work on it, which are made for several threads.
unsafe impl Sync for Object {}

unsafe extern "C-unwind" {
    fn mtx_init(lock: *mut c_void, kind: c_int) -> c_int;
}

impl Object {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(UnsafeCell::new([0; 64]))
    }

    /// What `operation` returns for this object.
    pub fn call(&self, operation: unsafe extern "C-unwind" fn(*mut c_void) -> c_int) -> c_int {
        // SAFETY: the object is of the operation's type, and lives.
        unsafe { operation(self.0.get().cast()) }
    }

    /// Runs `operation`, which succeeds.
    pub fn does(&self, operation: unsafe extern "C-unwind" fn(*mut c_void) -> c_int) {
        assert_eq!(self.call(operation), 0);
    }

    /// Makes it a mutex of C11, of the plain kind.
    pub fn begin_c11_mutex(&self) {
        const PLAIN: c_int = 0;
        // SAFETY: the object is large enough.
        assert_eq!(unsafe { mtx_init(self.address(), PLAIN) }, 0);
    }

    /// Where it is.
    pub fn address(&self) -> *mut c_void {
        self.0.get().cast()
    }
}
