//! ThreadSanitizer's calls by which a program with stacks of its own says between which of them it switches.

use std::ffi::{CStr, c_char, c_uint};

use super::told::tell;
use super::with_return_address;
use crate::report::model::Pc;
use crate::sys::errno;
use crate::thread::{Thread, current, fiber, registry};

/// The switch orders nothing.
const UNORDERED: c_uint = 1 << 0;

extern "C" fn create(_flags: c_uint, pc: usize) -> *mut Thread {
    let mut created = std::ptr::null_mut();
    tell(|thread| {
        let site = thread.site(Pc(pc));
        created = fiber::create(thread, site);
    });
    created
}

with_return_address! {
    __tsan_create_fiber => create, "rsi";
}

/// `__tsan_get_current_fiber`: null in a thread that has ended.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_get_current_fiber() -> *mut Thread {
    let mut running = std::ptr::null_mut();
    tell(|thread| running = thread);
    running
}

/// `__tsan_switch_to_fiber`, to be called right before the switch itself.
///
/// # Safety
/// The fiber came from these functions, and nobody runs on it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __tsan_switch_to_fiber(fiber: *mut Thread, flags: c_uint) {
    if !fiber.is_null() {
        // SAFETY: the caller's promise.
        errno::keep(|| unsafe { fiber::switch(fiber, flags & UNORDERED == 0) });
    }
}

/// `__tsan_destroy_fiber`. The running fiber cannot be destroyed.
///
/// # Safety
/// The fiber came from `__tsan_create_fiber` and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __tsan_destroy_fiber(fiber: *mut Thread) {
    if !fiber.is_null() && !std::ptr::eq(current::hot().cast(), fiber) {
        // SAFETY: the caller's promise.
        tell(|thread| unsafe { fiber::destroy(thread, fiber) });
    }
}

/// `__tsan_set_fiber_name`.
///
/// # Safety
/// The fiber came from these functions; the name is a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __tsan_set_fiber_name(fiber: *const Thread, name: *const c_char) {
    if fiber.is_null() || name.is_null() {
        return;
    }
    // SAFETY: the caller's promise; the number does not change.
    let (id, name) = unsafe { ((*fiber).id(), CStr::from_ptr(name)) };
    tell(|_| registry::set_name(id, &name.to_string_lossy()));
}
