//! The C library's functions on bytes and strings, called by name.

use std::arch::global_asm;
use std::ffi::{c_char, c_int, c_void};

use crate::case::{Place, cases, in_order, side_by_side};

cases! {
    race_compared_slice race_copied_by_name race_filled_by_name race_checked_copy race_string_length race_string_comparison
    race_string_copy race_string_appended race_found_byte
    clean_behind_a_string clean_behind_a_difference clean_behind_a_found_byte clean_strings clean_copies_of_foreign_code
}

unsafe extern "C" {
    fn memcpy(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void;
    fn memset(to: *mut c_void, byte: c_int, size: usize) -> *mut c_void;
    fn __memcpy_chk(to: *mut c_void, from: *const c_void, size: usize, room: usize) -> *mut c_void;
    fn memchr(from: *const c_void, byte: c_int, size: usize) -> *mut c_void;
    fn strlen(string: *const c_char) -> usize;
    fn strcmp(one: *const c_char, other: *const c_char) -> c_int;
    fn strncmp(one: *const c_char, other: *const c_char, size: usize) -> c_int;
    fn strcpy(to: *mut c_char, from: *const c_char) -> *mut c_char;
    fn strcat(to: *mut c_char, from: *const c_char) -> *mut c_char;
    fn copy_in_foreign_code(to: *mut c_void, from: *const c_void, size: usize) -> *mut c_void;
}

// As a C library that is not instrumented does it.
global_asm!(
    ".globl copy_in_foreign_code",
    "copy_in_foreign_code:",
    "sub rsp, 8",
    "call memcpy@PLT",
    "add rsp, 8",
    "ret",
);

type Bytes = Place<[u8; 32]>;

/// The same bytes twice: a string of seven bytes with its end, and more behind it.
static ONE: Bytes = Place::new(*b"letters\0behind the string, too  ");
static OTHER: Bytes = Place::new(*b"letters\0behind the string, too  ");
static ROOM: Bytes = Place::new([0; 32]);

fn at(bytes: &Bytes, index: usize) -> *mut u8 {
    bytes.address().cast::<u8>().wrapping_add(index)
}

fn write(bytes: &Bytes, index: usize) {
    // SAFETY: the place has so many bytes; races are what the cases are about.
    unsafe { at(bytes, index).write(std::hint::black_box(b'l')) }
}

fn read(bytes: &Bytes, index: usize) {
    // SAFETY: as in `write`.
    std::hint::black_box(unsafe { at(bytes, index).read() });
}

fn start<T>(bytes: &Bytes) -> *mut T {
    std::hint::black_box(bytes.address().cast())
}

/// So many bytes that the compiler does not know how many.
fn size() -> usize {
    std::hint::black_box(32)
}

/// A function that accesses 32 bytes, or a string of eight.
fn call<R>(function: impl FnOnce() -> R) {
    std::hint::black_box(function());
}

fn race_compared_slice() {
    // SAFETY: the places live and have so many bytes.
    let slice = |bytes| unsafe { std::slice::from_raw_parts(start::<u8>(bytes), size()) };
    in_order(|| write(&ONE, 0), || call(|| slice(&ONE) == slice(&OTHER)));
}

fn race_copied_by_name() {
    // SAFETY: the places have so many bytes.
    in_order(|| write(&ONE, 31), || call(|| unsafe { memcpy(start(&ROOM), start(&ONE), size()) }));
}

fn race_filled_by_name() {
    // SAFETY: the place has so many bytes.
    in_order(|| call(|| unsafe { memset(start(&ROOM), 1, size()) }), || read(&ROOM, 31));
}

fn race_checked_copy() {
    // SAFETY: the places have so many bytes.
    in_order(|| call(|| unsafe { __memcpy_chk(start(&ROOM), start(&ONE), size(), 32) }), || read(&ROOM, 31));
}

fn race_string_length() {
    // SAFETY: the string has an end.
    in_order(|| call(|| unsafe { strlen(start(&ONE)) }), || write(&ONE, 6));
}

fn race_string_comparison() {
    // SAFETY: the strings have an end.
    in_order(|| call(|| unsafe { strcmp(start(&ONE), start(&OTHER)) }), || write(&OTHER, 6));
}

fn race_string_copy() {
    // SAFETY: the string has an end, and there is room for it.
    in_order(|| call(|| unsafe { strcpy(start(&ROOM), start(&ONE)) }), || read(&ROOM, 7));
}

fn race_string_appended() {
    // SAFETY: the strings have an end, and there is room for both.
    unsafe { strcpy(start(&ROOM), start(&ONE)) };
    // SAFETY: as above.
    in_order(|| call(|| unsafe { strcat(start(&ROOM), start(&ONE)) }), || read(&ROOM, 14));
}

fn race_found_byte() {
    // SAFETY: the place has so many bytes.
    in_order(|| call(|| unsafe { memchr(start(&ONE), i32::from(b's'), size()) }), || write(&ONE, 5));
}

fn clean_behind_a_string() {
    let use_string = || {
        // SAFETY: the string has an end, and there is room for it.
        call(|| unsafe { (strlen(start(&ONE)), strcpy(start(&ROOM), start(&ONE))) });
    };
    in_order(use_string, || {
        write(&ONE, 8);
        write(&ROOM, 8);
    });
}

fn clean_behind_a_difference() {
    write(&OTHER, 3);
    // SAFETY: the strings have an end.
    let compare = || unsafe { (strcmp(start(&ONE), start(&OTHER)), strncmp(start(&ONE), start(&OTHER), size())) };
    in_order(|| call(compare), || write(&ONE, 4));
}

fn clean_behind_a_found_byte() {
    // SAFETY: the place has so many bytes.
    in_order(|| call(|| unsafe { memchr(start(&ONE), i32::from(b't'), size()) }), || write(&ONE, 3));
}

/// What the functions return is what the C library's return.
fn clean_strings() {
    // SAFETY: the places have so many bytes, and the strings an end.
    unsafe {
        assert_eq!(strlen(start(&ONE)), 7);
        assert_eq!(strcmp(start(&ONE), start(&OTHER)), 0);
        assert_eq!(memchr(start(&ONE), i32::from(b's'), size()).cast(), at(&ONE, 6));
        assert_eq!(strcpy(start(&ROOM), start(&ONE)).cast(), at(&ROOM, 0));
        assert_eq!(strcat(start(&ROOM), start(&ONE)).cast(), at(&ROOM, 0));
        assert_eq!(ROOM.read()[..15], *b"lettersletters\0");
        assert_eq!(memset(start(&ROOM), 7, size()).cast(), at(&ROOM, 0));
        assert_eq!(ROOM.read(), [7; 32]);
        assert_eq!(__memcpy_chk(start(&ROOM), start(&ONE), size(), 32).cast(), at(&ROOM, 0));
    }
    assert_eq!(ROOM.read(), ONE.read());
}

/// Foreign code may have locks of its own.
fn clean_copies_of_foreign_code() {
    let copy = || {
        // SAFETY: the places have so many bytes.
        call(|| unsafe { copy_in_foreign_code(start(&ROOM), start(&ONE), size()) });
    };
    side_by_side(copy, copy);
}
