//! Which bytes an access covers: copies and fills of ranges, unaligned accesses, neighbours, large values.

use crate::case::{Place, cases, in_order, side_by_side};

cases! {
    race_copy_target race_copy_source race_copy_copy clean_copy_side_by_side race_fill clean_fill_side_by_side
    race_last_byte_of_fill race_unaligned clean_unaligned_neighbours clean_bytes_of_one_word race_one_byte
    race_large_value clean_large_values_side_by_side race_compound_assignment race_static_mut race_wide_number
    clean_question_for_variant race_read_of_variant
    race_wider_2 race_wider_4 race_wider_8 race_beside_1 race_beside_2 race_beside_4 race_stored_1 race_stored_2
    race_stored_4 race_stored_8 clean_all_sizes_side_by_side race_misaligned_4 race_misaligned_8
    clean_misaligned_side_by_side
}

// As C's compilers call them for a pointer that is not what its type promises.
unsafe extern "C" {
    fn __tsan_write4(address: *mut u8);
    fn __tsan_write8(address: *mut u8);
}

const SIZE: usize = 4096;

#[repr(align(4096))]
#[derive(Clone, Copy)]
struct Page([u8; SIZE]);

static PAGE: Place<Page> = Place::new(Page([0; SIZE]));

fn byte(offset: usize) -> *mut u8 {
    assert!(offset < SIZE);
    // SAFETY: the offset is inside.
    unsafe { (&raw mut (*PAGE.address()).0).cast::<u8>().add(offset) }
}

fn read_byte(offset: usize) {
    // SAFETY: the place lives.
    std::hint::black_box(unsafe { *byte(offset) });
}

fn write_byte(offset: usize) {
    // SAFETY: the place lives.
    unsafe { *byte(offset) = std::hint::black_box(1) }
}

/// Copies `size` bytes from elsewhere to `offset`.
fn copy_to(offset: usize, size: usize) {
    let source = std::hint::black_box([1; SIZE]);
    // SAFETY: both ranges are inside, and are not the same.
    unsafe { std::ptr::copy_nonoverlapping(source.as_ptr(), byte(offset), std::hint::black_box(size)) }
}

/// Copies `size` bytes from `offset` to elsewhere.
fn copy_from(offset: usize, size: usize) {
    let mut target = std::hint::black_box([1; SIZE]);
    // SAFETY: as in `copy_to`.
    unsafe { std::ptr::copy(byte(offset), target.as_mut_ptr(), std::hint::black_box(size)) }
    std::hint::black_box(&target);
}

fn fill(offset: usize, size: usize) {
    // SAFETY: the range is inside.
    unsafe { std::ptr::write_bytes(byte(offset), std::hint::black_box(1), std::hint::black_box(size)) }
}

fn race_copy_target() {
    in_order(|| copy_to(100, 3000), || read_byte(2345));
}

fn race_copy_source() {
    in_order(|| write_byte(3099), || copy_from(100, 3000));
}

fn race_copy_copy() {
    in_order(|| copy_to(0, 2049), || copy_from(2048, 2048));
}

fn clean_copy_side_by_side() {
    side_by_side(
        || {
            copy_to(0, 1003);
            copy_from(0, 1003);
        },
        || {
            copy_to(1003, 999);
            copy_from(1003, 999);
        },
    );
}

fn race_fill() {
    in_order(|| fill(16, 2000), || write_byte(1000));
}

fn race_last_byte_of_fill() {
    in_order(|| fill(3, 1000), || write_byte(1002));
}

fn clean_fill_side_by_side() {
    side_by_side(|| fill(1, 1002), || fill(1003, 2000));
}

fn write_unaligned(offset: usize) {
    // SAFETY: all eight bytes are inside; no alignment is asked for.
    unsafe { byte(offset).cast::<u64>().write_unaligned(std::hint::black_box(u64::MAX)) }
}

fn race_unaligned() {
    in_order(|| write_unaligned(61), || read_byte(68));
}

fn clean_unaligned_neighbours() {
    side_by_side(
        || write_unaligned(61),
        || {
            write_byte(60);
            write_byte(69);
        },
    );
}

fn clean_bytes_of_one_word() {
    side_by_side(
        || [0, 2, 4, 6].map(write_byte).into_iter().for_each(drop),
        || [1, 3, 5, 7].map(write_byte).into_iter().for_each(drop),
    );
}

fn race_one_byte() {
    in_order(
        || [0, 1, 2, 3].map(write_byte).into_iter().for_each(drop),
        || [7, 6, 5, 3].map(read_byte).into_iter().for_each(drop),
    );
}

/// Sixteen words that are moved at once.
#[derive(Clone, Copy)]
struct Large([u64; 16]);

static LARGE: [Place<Large>; 2] = [const { Place::new(Large([0; 16])) }; 2];

fn race_large_value() {
    let write_one = || {
        // SAFETY: the place lives.
        unsafe { (*LARGE[0].address()).0[9] = std::hint::black_box(1) }
    };
    in_order(|| LARGE[0].write(Large([1; 16])), write_one);
}

fn clean_large_values_side_by_side() {
    side_by_side(|| LARGE[0].write(Large([1; 16])), || LARGE[1].write(LARGE[1].read()));
}

static NUMBER: Place<u64> = Place::new(0);

fn race_compound_assignment() {
    // SAFETY: wrong, which is the point.
    let add = || unsafe { *NUMBER.address() += std::hint::black_box(1) };
    in_order(add, add);
}

fn race_static_mut() {
    static mut COUNT: u64 = 0;
    // SAFETY: wrong, which is the point.
    let add = || unsafe { COUNT += std::hint::black_box(1) };
    in_order(add, add);
}

/// A value of 16 bytes may be accessed in two halves; the other side touches the upper one.
fn race_wide_number() {
    static WIDE: Place<u128> = Place::new(0);
    // SAFETY: the place lives, and has two words.
    let write_upper = || unsafe { *WIDE.address().cast::<u64>().add(1) = std::hint::black_box(1) };
    in_order(|| WIDE.write(1), write_upper);
}

/// Whose variant and number unoptimised code takes for one pair, and loads together.
enum Stock {
    Full(Place<u64>),
    #[expect(dead_code, reason = "the question is whether it is this one")]
    Empty,
}

static STOCK: Stock = Stock::Full(Place::new(0));

fn write_into_stock() {
    if let Stock::Full(number) = &STOCK {
        number.write(1);
    }
}

/// Which variant it is, is no access to what the variant holds.
fn clean_question_for_variant() {
    in_order(|| assert!(!matches!(STOCK, Stock::Empty)), write_into_stock);
}

fn race_read_of_variant() {
    let read = || match &STOCK {
        Stock::Full(number) => assert_eq!(number.read(), 0),
        Stock::Empty => unreachable!(),
    };
    in_order(read, write_into_stock);
}

fn read<T: Copy>(offset: usize) {
    // SAFETY: the place lives, and its bytes are any number.
    std::hint::black_box(unsafe { *byte(offset).cast::<T>() });
}

fn write<T: From<u8>>(offset: usize) {
    // SAFETY: the place lives.
    unsafe { *byte(offset).cast::<T>() = std::hint::black_box(T::from(1)) }
}

/// The first byte alone, then all: that is more than the step has read before.
fn race_after_first_byte<T: Copy>() {
    let read_both = || {
        read_byte(64);
        read::<T>(64);
    };
    in_order(read_both, || write_byte(64 + size_of::<T>() - 1));
}

fn race_wider_2() {
    race_after_first_byte::<u16>();
}

fn race_wider_4() {
    race_after_first_byte::<u32>();
}

fn race_wider_8() {
    race_after_first_byte::<u64>();
}

/// What lies at the beginning of a word, then what lies at its end.
fn race_in_same_word<T: Copy + From<u8>>() {
    let last = 72 - size_of::<T>();
    let write_both = || {
        write::<T>(64);
        write::<T>(last);
    };
    in_order(write_both, || read::<T>(last));
}

fn race_beside_1() {
    race_in_same_word::<u8>();
}

fn race_beside_2() {
    race_in_same_word::<u16>();
}

fn race_beside_4() {
    race_in_same_word::<u32>();
}

/// Read, then written: what another one reads races with that.
fn race_of_later_store<T: Copy + From<u8>>() {
    let read_and_write = || {
        read::<T>(64);
        write::<T>(64);
    };
    in_order(read_and_write, || read::<T>(64));
}

fn race_stored_1() {
    race_of_later_store::<u8>();
}

fn race_stored_2() {
    race_of_later_store::<u16>();
}

fn race_stored_4() {
    race_of_later_store::<u32>();
}

fn race_stored_8() {
    race_of_later_store::<u64>();
}

fn clean_all_sizes_side_by_side() {
    let touch = |from: usize| {
        for _ in 0..100 {
            for offset in from..from + 4 {
                read::<u8>(offset);
                write::<u8>(offset);
            }
            for offset in [from, from + 2] {
                read::<u16>(offset);
                write::<u16>(offset);
            }
            read::<u32>(from);
            write::<u32>(from);
        }
    };
    in_order(|| touch(64), || touch(68));
    side_by_side(|| touch(64), || touch(68));
}

/// Of four bytes two lie in the next word.
fn write_misaligned_4(word: usize) {
    // SAFETY: the bytes are inside.
    unsafe { __tsan_write4(byte(word * 8 + 6)) }
}

/// Of eight bytes five lie in the next word.
fn write_misaligned_8(word: usize) {
    // SAFETY: the bytes are inside.
    unsafe { __tsan_write8(byte(word * 8 + 5)) }
}

fn race_misaligned_4() {
    in_order(|| write_misaligned_4(20), || read_byte(21 * 8 + 1));
}

fn race_misaligned_8() {
    in_order(|| read_byte(21 * 8 + 4), || write_misaligned_8(20));
}

fn clean_misaligned_side_by_side() {
    side_by_side(
        || {
            write_misaligned_8(20);
            write_misaligned_4(30);
        },
        || {
            write_byte(20 * 8 + 4);
            write_misaligned_8(21);
            write_byte(30 * 8 + 5);
            read_byte(31 * 8 + 2);
        },
    );
}
