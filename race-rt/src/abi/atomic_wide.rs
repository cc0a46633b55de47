//! Atomic operations of 128 bits: everything by compare-and-exchange, which every machine that has such atomics has.

use super::atomic::{Orders, exchange, told_by_place, update};
use super::{atomic, with_return_address};

fn compare_exchange(address: usize, expected: u128, new: u128) -> Result<u128, u128> {
    let (mut low, mut high) = (expected as u64, (expected >> 64) as u64);
    // SAFETY: the program operates atomically on that variable, so it is there and aligned, and the machine has the
    // instruction. Its fixed operand rbx is the compiler's own and is put back.
    unsafe {
        core::arch::asm!(
            "xchg rbx, {new_low}",
            "lock cmpxchg16b [{address}]",
            "mov rbx, {new_low}",
            new_low = inout(reg) new as u64 => _,
            address = in(reg) address,
            in("rcx") (new >> 64) as u64,
            inout("rax") low,
            inout("rdx") high,
        );
    }
    let old = u128::from(low) | (u128::from(high) << 64);
    if old == expected { Ok(old) } else { Err(old) }
}

fn replace(address: usize, new: impl Fn(u128) -> u128) -> u128 {
    let mut old = 0;
    loop {
        match compare_exchange(address, old, new(old)) {
            Ok(old) => return old,
            Err(actual) => old = actual,
        }
    }
}

extern "C" fn load(address: usize, order: u32, pc: usize) -> u128 {
    atomic::load(address, order, pc, |address| compare_exchange(address, 0, 0).unwrap_or_else(|actual| actual))
}

extern "C" fn store(address: usize, value: u128, order: u32, pc: usize) {
    atomic::store(address, value, order, pc, |address, value, _| {
        replace(address, |_| value);
    });
}

extern "C" fn swap(address: usize, value: u128, order: u32, pc: usize) -> u128 {
    update(address, value, order, pc, |address, value| replace(address, |_| value))
}

extern "C" fn add(address: usize, value: u128, order: u32, pc: usize) -> u128 {
    update(address, value, order, pc, |address, value| replace(address, |old| old.wrapping_add(value)))
}

extern "C" fn sub(address: usize, value: u128, order: u32, pc: usize) -> u128 {
    update(address, value, order, pc, |address, value| replace(address, |old| old.wrapping_sub(value)))
}

extern "C" fn and(address: usize, value: u128, order: u32, pc: usize) -> u128 {
    update(address, value, order, pc, |address, value| replace(address, |old| old & value))
}

extern "C" fn or(address: usize, value: u128, order: u32, pc: usize) -> u128 {
    update(address, value, order, pc, |address, value| replace(address, |old| old | value))
}

extern "C" fn xor(address: usize, value: u128, order: u32, pc: usize) -> u128 {
    update(address, value, order, pc, |address, value| replace(address, |old| old ^ value))
}

extern "C" fn nand(address: usize, value: u128, order: u32, pc: usize) -> u128 {
    update(address, value, order, pc, |address, value| replace(address, |old| !(old & value)))
}

extern "C" fn cas(address: usize, expected: u128, new: u128, success: u32, failure: u32, pc: usize) -> u128 {
    let orders = Orders { success, failure };
    exchange(address, [expected, new], orders, pc, |address, [expected, new]| compare_exchange(address, expected, new))
}

unsafe extern "C" fn try_exchange(
    address: usize,
    expected: *mut u128,
    new: u128,
    success: u32,
    failure: u32,
    pc: usize,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe { told_by_place(expected, |expected| cas(address, expected, new, success, failure, pc)) }
}

with_return_address! {
    __tsan_atomic128_load => load, "rdx";
    __tsan_atomic128_store => store, "r8";
    __tsan_atomic128_exchange => swap, "r8";
    __tsan_atomic128_fetch_add => add, "r8";
    __tsan_atomic128_fetch_sub => sub, "r8";
    __tsan_atomic128_fetch_and => and, "r8";
    __tsan_atomic128_fetch_or => or, "r8";
    __tsan_atomic128_fetch_xor => xor, "r8";
    __tsan_atomic128_fetch_nand => nand, "r8";
}

/// `__tsan_atomic128_compare_exchange_val` of the ABI: all registers for arguments are taken, so the failure ordering and
/// the return address go on over the stack.
///
/// # Safety
/// As the pass calls it.
#[unsafe(naked)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __tsan_atomic128_compare_exchange_val() {
    core::arch::naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push [rbp + 8]",
        "push [rbp + 16]",
        "call {}",
        "leave",
        "ret",
        sym cas
    )
}

/// Defines the exported functions of 128 bits that are `try_exchange`, to which the return address goes on over the stack:
/// all registers for arguments are taken.
macro_rules! try_wide {
    ($($name:ident)*) => {$(
        #[doc = concat!("`", stringify!($name), "` of the ABI.")]
        ///
        /// # Safety
        /// As gcc calls it.
        #[unsafe(naked)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                "push rbp",
                "mov rbp, rsp",
                "sub rsp, 8",
                "push [rbp + 8]",
                "call {}",
                "leave",
                "ret",
                sym try_exchange
            )
        }
    )*};
}

// One that may fail for no reason does not.
try_wide! { __tsan_atomic128_compare_exchange_strong __tsan_atomic128_compare_exchange_weak }
