//! The functions of `std::ptr` that access memory, each telling so.

use super::target::{self, Target};
use super::{access, access_many};
use crate::engine::Touch;

/// One function of `std::ptr` and what it does to the targets of its pointers, in its own order.
macro_rules! pointer_functions {
    ($(
        fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)?
            { $($pointer:ident $how:ident $($count:ident)?),* }
    )*) => {
        $(
            #[doc = concat!("[`std::ptr::", stringify!($name), "`].")]
            ///
            /// # Safety
            /// As there.
            #[inline(always)]
            #[track_caller]
            pub unsafe fn $name<T>($($argument: $type),*) $(-> $result)? {
                $(pointer_functions!(@ $pointer $how $($count)?);)*
                // SAFETY: the caller's promise.
                unsafe { std::ptr::$name($($argument),*) }
            }
        )*
    };
    (@ $pointer:ident $how:ident) => {
        access($pointer.target(), Touch::$how)
    };
    (@ $pointer:ident $how:ident $count:ident) => {
        access_many($pointer.target(), $count, Touch::$how)
    };
}

pointer_functions! {
    fn read(source: *const T) -> T { source Read }
    fn read_unaligned(source: *const T) -> T { source Read }
    fn read_volatile(source: *const T) -> T { source VolatileRead }
    fn write(target: *mut T, value: T) { target Write }
    fn write_unaligned(target: *mut T, value: T) { target Write }
    fn write_volatile(target: *mut T, value: T) { target VolatileWrite }
    fn write_bytes(target: *mut T, byte: u8, count: usize) { target Write count }
    fn replace(target: *mut T, value: T) -> T { target Write }
    fn swap(one: *mut T, other: *mut T) { one Write, other Write }
    fn swap_nonoverlapping(one: *mut T, other: *mut T, count: usize) { one Write count, other Write count }
    fn copy(source: *const T, target: *mut T, count: usize) { source Read count, target Write count }
    fn copy_nonoverlapping(source: *const T, target: *mut T, count: usize) {
        source Read count, target Write count
    }
}

/// [`std::ptr::drop_in_place`].
///
/// # Safety
/// As there.
#[inline(always)]
#[track_caller]
pub unsafe fn drop_in_place<T: ?Sized>(target: *mut T) {
    // SAFETY: the caller's promise.
    unsafe {
        target::dropped(target);
        std::ptr::drop_in_place(target);
    }
}
