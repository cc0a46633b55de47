//! The C library's functions on bytes and strings, interposed: an access to what they read and write, where instrumented
//! code calls them by name.
//!
//! Only there: a C library uses them too, under locks of its own making. A call is one of the instrumented function that
//! was entered last if the stack pointer is where that function has it; whoever was called in between has taken a return
//! address more.
//!
//! Guarantees: no access for calls of code that is not instrumented, unless it jumps to the function as the last thing it
//! does. Can miss: calls of functions that take room on the stack as they run, and calls that are jumps.

use super::next::Next;
use super::told::real;
use crate::access::{self, AccessKind};
use crate::report::model::Pc;
use crate::thread::current;

/// Whether the caller, whose stack pointer is `pointer` between calls, is the instrumented function entered last.
#[inline(always)]
fn is_watched(pointer: usize) -> bool {
    // SAFETY: the hot part is the running thread's own or a placeholder.
    unsafe { (*current::hot()).calls.is_innermost(pointer) }
}

/// Bytes of the string, its end included, but no more than `most`.
///
/// # Safety
/// The string was given to a function that has read so much of it.
unsafe fn length(string: usize, most: usize) -> usize {
    let mut at = 0;
    // SAFETY: passed on from the caller.
    while at < most && unsafe { *((string + at) as *const u8) } != 0 {
        at += 1;
    }
    at.saturating_add(1).min(most)
}

/// Bytes that a comparison of two strings looks at.
///
/// # Safety
/// As for [`length`].
unsafe fn common_length(one: usize, other: usize, most: usize, same: impl Fn(u8, u8) -> bool) -> usize {
    for at in 0..most {
        // SAFETY: passed on from the caller.
        let (one, other) = unsafe { (*((one + at) as *const u8), *((other + at) as *const u8)) };
        if !same(one, other) || one == 0 {
            return at + 1;
        }
    }
    most
}

fn same_letter(one: u8, other: u8) -> bool {
    one.eq_ignore_ascii_case(&other)
}

/// What was read up to the place that was found, or `otherwise`.
fn up_to(found: usize, start: usize, otherwise: usize) -> usize {
    if found == 0 { otherwise } else { found - start + 1 }
}

/// Defines `$name`, and what it accesses: `read` or `write`, from where and how many bytes. `result` is what it returned,
/// and `before` an expression that must be computed first.
macro_rules! functions {
    ($(
        $name:ident as $own:ident($($argument:ident),*) in $pc:literal $pointer:literal, $result:ident
            $(before $before:ident = $expression:expr)?
            => [$($kind:ident $start:expr, $size:expr);*];
    )*) => {$(
        #[allow(clippy::too_many_arguments)]
        extern "C" fn $own($($argument: usize,)* pc: usize, pointer: usize) -> usize {
            static NEXT: Next = super::next::named!($name);
            let watched = is_watched(pointer);
            $(
                // SAFETY: the caller wants these bytes read.
                #[allow(unused_unsafe)]
                let $before = if watched { unsafe { $expression } } else { 0 };
            )?
            // SAFETY: all arguments are pointers or numbers of at most that size, and the caller's.
            let $result = unsafe { real!(NEXT: fn($(functions!(@usize $argument)),*) -> usize)($($argument),*) };
            if watched {
                $(
                    // SAFETY: the function has just read these bytes.
                    #[allow(unused_unsafe)]
                    let (start, size) = unsafe { ($start, $size) };
                    access::range(start, size, AccessKind::$kind, Pc(pc));
                )*
            }
            $result
        }

        #[doc = concat!("`", stringify!($name), "`, interposed.")]
        ///
        /// # Safety
        /// As for the C library's.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                concat!("mov ", $pc, ", [rsp]"),
                concat!("lea ", $pointer, ", [rsp + 8]"),
                "jmp {}",
                sym $own
            )
        }
    )*};
    (@usize $argument:ident) => { usize };
}

const ALL: usize = usize::MAX;

functions! {
    memcpy as copy(to, from, size) in "rcx" "r8", result => [Read from, size; Write to, size];
    memmove as move_(to, from, size) in "rcx" "r8", result => [Read from, size; Write to, size];
    mempcpy as copy_on(to, from, size) in "rcx" "r8", result => [Read from, size; Write to, size];
    __memcpy_chk as checked_copy(to, from, size, room) in "r8" "r9", result => [Read from, size; Write to, size];
    __memmove_chk as checked_move(to, from, size, room) in "r8" "r9", result => [Read from, size; Write to, size];
    __mempcpy_chk as checked_copy_on(to, from, size, room) in "r8" "r9", result => [Read from, size; Write to, size];
    memset as set(to, byte, size) in "rcx" "r8", result => [Write to, size];
    __memset_chk as checked_set(to, byte, size, room) in "r8" "r9", result => [Write to, size];
    bzero as clear(to, size) in "rdx" "rcx", result => [Write to, size];
    explicit_bzero as clear_certainly(to, size) in "rdx" "rcx", result => [Write to, size];
    memcmp as compare(one, other, size) in "rcx" "r8", result => [Read one, size; Read other, size];
    bcmp as compare_equal(one, other, size) in "rcx" "r8", result => [Read one, size; Read other, size];
    memchr as find(from, byte, size) in "rcx" "r8", result => [Read from, up_to(result, from, size)];
    memrchr as find_last(from, byte, size) in "rcx" "r8", result
        => [Read if result == 0 { from } else { result }, if result == 0 { size } else { from + size - result }];
    strlen as string_length(from) in "rsi" "rdx", result => [Read from, result + 1];
    strnlen as bounded_length(from, most) in "rdx" "rcx", result => [Read from, (result + 1).min(most)];
    strcmp as compare_strings(one, other) in "rdx" "rcx", result
        before size = common_length(one, other, ALL, |one, other| one == other)
        => [Read one, size; Read other, size];
    strncmp as compare_starts(one, other, most) in "rcx" "r8", result
        before size = common_length(one, other, most, |one, other| one == other)
        => [Read one, size; Read other, size];
    strcasecmp as compare_letters(one, other) in "rdx" "rcx", result
        before size = common_length(one, other, ALL, same_letter)
        => [Read one, size; Read other, size];
    strncasecmp as compare_first_letters(one, other, most) in "rcx" "r8", result
        before size = common_length(one, other, most, same_letter)
        => [Read one, size; Read other, size];
    strchr as find_in_string(from, byte) in "rdx" "rcx", result => [Read from, up_to(result, from, length(from, ALL))];
    strchrnul as find_or_end(from, byte) in "rdx" "rcx", result => [Read from, result - from + 1];
    strrchr as find_last_in_string(from, byte) in "rdx" "rcx", result => [Read from, length(from, ALL)];
    strcpy as copy_string(to, from) in "rdx" "rcx", result
        before size = length(from, ALL) => [Read from, size; Write to, size];
    stpcpy as copy_string_on(to, from) in "rdx" "rcx", result
        before size = length(from, ALL) => [Read from, size; Write to, size];
    strncpy as copy_start(to, from, most) in "rcx" "r8", result
        before size = length(from, most) => [Read from, size; Write to, most];
    __strcpy_chk as checked_copy_string(to, from, room) in "rcx" "r8", result
        before size = length(from, ALL) => [Read from, size; Write to, size];
    __stpcpy_chk as checked_copy_string_on(to, from, room) in "rcx" "r8", result
        before size = length(from, ALL) => [Read from, size; Write to, size];
    __strncpy_chk as checked_copy_start(to, from, most, room) in "r8" "r9", result
        before size = length(from, most) => [Read from, size; Write to, most];
    strcat as append(to, from) in "rdx" "rcx", result
        before size = length(from, ALL)
        => [Read from, size; Read to, length(to, ALL) - size; Write to + length(to, ALL) - size, size];
    __strcat_chk as checked_append(to, from, room) in "rcx" "r8", result
        before size = length(from, ALL)
        => [Read from, size; Read to, length(to, ALL) - size; Write to + length(to, ALL) - size, size];
    strncat as append_start(to, from, most) in "rcx" "r8", result
        before size = length(to, ALL) - 1
        => [Read from, length(from, most); Read to, size + 1; Write to + size, length(to + size, ALL)];
    __strncat_chk as checked_append_start(to, from, most, room) in "r8" "r9", result
        before size = length(to, ALL) - 1
        => [Read from, length(from, most); Read to, size + 1; Write to + size, length(to + size, ALL)];
    strdup as duplicate(from) in "rsi" "rdx", result => [Read from, length(from, ALL)];
    strndup as duplicate_start(from, most) in "rdx" "rcx", result => [Read from, length(from, most)];
}
