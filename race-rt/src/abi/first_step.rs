//! Plain loads and stores of up to eight bytes: the first step of each, which most accesses need no more than.
//!
//! Naively `access::read` and `access::write`: does the newest entry of the granule, or the second one, say as much already? That
//! is asked here instruction by instruction, so that a call costs one jump there and one back. In Rust the function that asks
//! cannot know where it was called from, and a function before it that tells costs a jump more, which is what programs that
//! access much wait for. All else ([`access::beyond_newest`], [`access::beyond_second`]) is handed the return address, and the
//! words.
//!
//! The pass calls these only for addresses that are multiples of the size, so that all bytes lie in one granule. Of a program that
//! does otherwise, some bytes may be passed over which lie in a second one.

use std::mem::offset_of;

use super::access::{
    __tsan_unaligned_read2, __tsan_unaligned_read4, __tsan_unaligned_read8, __tsan_unaligned_write2,
    __tsan_unaligned_write4, __tsan_unaligned_write8,
};
use crate::access;
use crate::shadow::map::{BLOCK, BLOCKS_START, DISTANCE, FLIP, GRANULE, ROW, ROWS_START};
use crate::shadow::{Mask, Present, Word};

/// What the questions need, in memory: a number of eight bytes in an instruction takes the processor longer to fetch.
#[repr(C, align(64))]
struct Numbers {
    flip: usize,
    distance: usize,
    rows: usize,
    blocks: usize,
}

static NUMBERS: Numbers = Numbers { flip: FLIP, distance: DISTANCE, rows: ROWS_START, blocks: BLOCKS_START };

/// [`Word::compared`] for each place in a granule where an access may begin.
#[repr(C, align(64))]
struct BitsByPlace([u64; GRANULE]);

const fn compared(size: usize, writes: bool) -> BitsByPlace {
    let mut bits = [0; GRANULE];
    let mut at = 0;
    while at < GRANULE {
        bits[at] = Word::compared(Mask::new(at, size), writes);
        at += 1;
    }
    BitsByPlace(bits)
}

macro_rules! accesses {
    ($($size:tt $writes:literal $unaligned:tt: $($name:ident)+;)*) => {
        $($(access! { $size $writes $unaligned $name })+)*
    };
}

macro_rules! access {
    // All of a granule: its first byte is at the address, and what counts is the same for all.
    (8 $writes:tt $unaligned:tt $name:ident) => { access! { @ 8 [] "[rip + {compared}]" $writes $unaligned $name } };
    ($size:tt $writes:tt $unaligned:tt $name:ident) => { access! { @ $size [
        // [rsi + r9 * 8]: which bits of that count.
        "and rax, -{granule}",
        "mov r9d, edi",
        "and r9d, {granule} - 1",
        "lea rsi, [rip + {compared}]",
    ] "[rsi + r9 * 8]" $writes $unaligned $name } };
    (@ $size:literal [$($place:literal,)*] $bits:literal $writes:literal [$($unaligned:ident)?] $name:ident) => {
        /// # Safety
        /// As the pass calls it.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            static COMPARED: BitsByPlace = compared($size, $writes);
            core::arch::naked_asm!(
                // rcx: the present step. rdx: in what the granule's word differs from it.
                "mov rcx, qword ptr fs:[__race_hot@TPOFF]",
                "mov rax, qword ptr [rip + {numbers} + {flip}]",
                "xor rax, rdi",
                $($place,)*
                "mov rdx, qword ptr [rip + {numbers} + {distance}]",
                "mov rdx, qword ptr [rax + rdx]",
                "mov rcx, qword ptr [rcx]",
                "xor rdx, rcx",
                concat!("test qword ptr ", $bits, ", rdx"),
                "jne 2f",
                "ret",
                "2:",
                "bt rcx, {solo}",
                "jc 3f",
                // What may lie in two granules.
                $(concat!("test edi, ", $size, " - 1\njne {", stringify!($unaligned), "}"),)?
                "bt rdx, {listed}",
                "jc 4f",
                // To the function beyond with the word that was seen and the one that is wanted.
                "xor rdx, rcx",
                concat!("and rcx, qword ptr ", $bits),
                "mov rsi, qword ptr [rsp]",
                "jmp {beyond_newest}",
                // The same question to the second word, in the block of the granule's row.
                "4:",
                "mov rax, rdi",
                "shr rax, {row_bits}",
                "mov r8, qword ptr [rip + {numbers} + {rows}]",
                "mov eax, dword ptr [r8 + rax * 4]",
                "imul rax, rax, {block}",
                "mov r8d, edi",
                "and r8d, {row} - {granule}",
                "add rax, qword ptr [rip + {numbers} + {blocks}]",
                "mov r8, qword ptr [rax + r8]",
                "mov rax, r8",
                "xor rax, rcx",
                concat!("test qword ptr ", $bits, ", rax"),
                "je 3f",
                // Likewise, and with the second word.
                "xor rdx, rcx",
                concat!("and rcx, qword ptr ", $bits),
                "mov rsi, qword ptr [rsp]",
                "jmp {beyond_second}",
                "3:",
                "ret",
                ".p2align 6",
                numbers = sym NUMBERS,
                flip = const offset_of!(Numbers, flip),
                distance = const offset_of!(Numbers, distance),
                rows = const offset_of!(Numbers, rows),
                blocks = const offset_of!(Numbers, blocks),
                compared = sym COMPARED,
                granule = const GRANULE,
                row = const ROW,
                row_bits = const ROW.trailing_zeros(),
                block = const BLOCK,
                solo = const Present::SOLO.trailing_zeros(),
                listed = const Word::LISTED.trailing_zeros(),
                beyond_newest = sym access::beyond_newest::<$writes>,
                beyond_second = sym access::beyond_second::<$writes>,
                $($unaligned = sym $unaligned,)?
            )
        }
    };
}

// A load and a store of the same bytes with nothing in between: whatever races with the load races with the store. In brackets who
// takes those of a pointer that is not aligned, which no compiler makes of Rust, but C's do.
accesses! {
    1 false []: __tsan_read1;
    2 false [__tsan_unaligned_read2]: __tsan_read2;
    4 false [__tsan_unaligned_read4]: __tsan_read4;
    8 false [__tsan_unaligned_read8]: __tsan_read8 __tsan_vptr_read;
    1 true []: __tsan_write1 __tsan_read_write1;
    2 true [__tsan_unaligned_write2]: __tsan_write2 __tsan_read_write2;
    4 true [__tsan_unaligned_write4]: __tsan_write4 __tsan_read_write4;
    8 true [__tsan_unaligned_write8]: __tsan_write8 __tsan_read_write8;
}

// See `crate::inlined`.
super::also! {
    __race_read1 is __tsan_read1;
    __race_read2 is __tsan_read2;
    __race_read4 is __tsan_read4;
    __race_read8 is __tsan_read8;
    __race_write1 is __tsan_write1;
    __race_write2 is __tsan_write2;
    __race_write4 is __tsan_write4;
    __race_write8 is __tsan_write8;
}
