//! Atomic operations of 8 to 64 bits, and what those of all sizes have in common: the pass replaces each by a call, and the
//! operation itself is done here. gcc's pass has other names for compare-and-exchange, which say no more than that it failed.
//!
//! The operations are done with `std`'s atomics, at the strongest ordering where the machine's cost is the same, and the
//! program's ordering decides only about edges.

use std::sync::atomic::Ordering;
use std::sync::atomic::Ordering::{Release, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use super::{panic_count, thread_list, with_return_address};
use crate::clock::Epoch;
use crate::perturb;
use crate::report::model::Pc;
use crate::shadow::map::is_covered;
use crate::sync::atomics::{AtomicPlace, CallSite};
use crate::thread::Thread;
use crate::thread::current::{self, Inside};

/// The orderings by their numbers in C11; a consume is an acquire.
fn ordering(number: u32) -> Ordering {
    match number {
        0 => Ordering::Relaxed,
        1 | 2 => Ordering::Acquire,
        3 => Ordering::Release,
        4 => Ordering::AcqRel,
        _ => Ordering::SeqCst,
    }
}

/// The running thread, unless nothing needs recording.
#[inline(always)]
pub(super) fn watched(address: usize) -> Option<Inside> {
    current::enter().filter(|thread| !thread.is_solo() && is_covered(address) && !thread.is_ignoring_atomics())
}

#[inline(always)]
pub(super) fn place(address: usize, size: usize, pc: usize) -> AtomicPlace {
    AtomicPlace { address, size, from: CallSite::Call(Pc(pc)) }
}

/// Before an operation that may order something.
#[inline]
fn disturb(order: u32, pc: usize) {
    if perturb::is_full() && ordering(order) != Ordering::Relaxed {
        perturb::before_synchronisation(Pc(pc));
    }
}

/// What `operate` does for the running thread with a variable of its own, of the size of `Value`, in the present step;
/// `None` when there is more to do.
#[inline(always)]
fn straight<Value, R>(
    address: usize,
    pc: usize,
    operate: impl FnOnce(&mut Thread, Epoch, AtomicPlace<Pc>) -> Option<R>,
) -> Option<R> {
    if perturb::is_full() {
        return None;
    }
    let brief = current::enter_briefly()?;
    let place = AtomicPlace { address, size: size_of::<Value>(), from: Pc(pc) };
    let done = operate(brief.thread, brief.epoch, place);
    brief.leave(done.is_some());
    done
}

#[inline(always)]
pub(super) fn load<T>(address: usize, order: u32, pc: usize, operation: impl Fn(usize) -> T) -> T {
    if !perturb::is_full()
        && let Some(thread) = current::at_rest()
        && let Some(value) = thread.atomic_load_at_once(address, size_of::<T>(), || operation(address))
    {
        return value;
    }
    load_otherwise(address, order, pc, operation)
}

#[inline(never)]
fn load_otherwise<T>(address: usize, order: u32, pc: usize, operation: impl Fn(usize) -> T) -> T {
    disturb(order, pc);
    let loaded = straight::<T, _>(address, pc, |thread, present, place| {
        thread.own_load_in_new_step(present, place, || ordering(order), || operation(address))
    });
    if let Some(value) = loaded {
        return value;
    }
    let (size, order, operation) = (size_of::<T>(), ordering(order), || operation(address));
    let repeated = current::at_rest().and_then(|thread| thread.atomic_load_repeated(address, size, order, operation));
    match repeated {
        Some(value) => value,
        None => load_watched(address, order, pc, operation),
    }
}

#[inline(never)]
fn load_watched<T>(address: usize, order: Ordering, pc: usize, operation: impl Fn() -> T) -> T {
    let Some(mut thread) = watched(address) else {
        return operation();
    };
    thread.atomic_load_from(address, size_of::<T>(), order, |_| CallSite::Call(Pc(pc)), operation)
}

/// Whether it is one that releases, by its number in C11.
#[inline(always)]
fn releases(order: u32) -> bool {
    order > 2
}

#[inline(always)]
pub(super) fn store<T: Copy>(address: usize, value: T, order: u32, pc: usize, operation: impl Fn(usize, T, u32)) {
    let stored = straight::<T, _>(address, pc, |thread, present, place| {
        thread.own_store(present, place, releases(order), || operation(address, value, order)).ok()
    });
    if stored.is_none() {
        store_watched(address, value, order, pc, operation);
    }
}

#[inline(never)]
fn store_watched<T: Copy>(address: usize, value: T, order: u32, pc: usize, operation: impl Fn(usize, T, u32)) {
    disturb(order, pc);
    let Some(mut thread) = watched(address) else {
        return operation(address, value, order);
    };
    let place = place(address, size_of::<T>(), pc);
    thread.store_to_any(place, ordering(order), || operation(address, value, order));
}

/// A read-modify-write of a variable of the running thread's own; `None` when it is none, or there is more to do than to
/// operate.
#[inline(always)]
fn exchange_straight<T>(
    address: usize,
    pc: usize,
    releases: bool,
    order: impl Fn(bool) -> Ordering,
    exchange: impl FnOnce() -> Result<T, T>,
) -> Option<T> {
    let old = straight::<T, _>(address, pc, |thread, present, place| {
        thread.own_exchange(present, place, releases, order, exchange).ok()
    });
    old.map(|(Ok(old) | Err(old))| old)
}

#[inline(always)]
pub(super) fn update<T: Copy>(address: usize, value: T, order: u32, pc: usize, operation: impl Fn(usize, T) -> T) -> T {
    let straight = || Ok(operation(address, value));
    if let Some(old) = exchange_straight(address, pc, releases(order), |_| ordering(order), straight) {
        return old;
    }
    update_watched(address, value, order, pc, operation)
}

#[inline(never)]
fn update_watched<T: Copy>(address: usize, value: T, order: u32, pc: usize, operation: impl Fn(usize, T) -> T) -> T {
    disturb(order, pc);
    let Some(mut thread) = watched(address) else {
        return operation(address, value);
    };
    let (place, order) = (place(address, size_of::<T>(), pc), ordering(order));
    let (Ok(old) | Err(old)) = thread.exchange_any(place, order, order, || Ok(operation(address, value)));
    old
}

/// The orderings of a compare-and-exchange.
#[derive(Clone, Copy)]
pub(super) struct Orders {
    pub success: u32,
    pub failure: u32,
}

impl Orders {
    fn of(self, stored: bool) -> Ordering {
        ordering(if stored { self.success } else { self.failure })
    }
}

#[inline(always)]
pub(super) fn exchange<T: Copy>(
    address: usize,
    values: [T; 2],
    orders: Orders,
    pc: usize,
    operation: impl Fn(usize, [T; 2]) -> Result<T, T>,
) -> T {
    let (order, straight) = (|stored| orders.of(stored), || operation(address, values));
    if let Some(old) = exchange_straight(address, pc, releases(orders.success), order, straight) {
        return old;
    }
    exchange_watched(address, values, orders, pc, operation)
}

#[inline(never)]
fn exchange_watched<T: Copy>(
    address: usize,
    values: [T; 2],
    orders: Orders,
    pc: usize,
    operation: impl Fn(usize, [T; 2]) -> Result<T, T>,
) -> T {
    disturb(orders.success, pc);
    let result = match watched(address) {
        None => operation(address, values),
        Some(mut thread) => {
            let place = place(address, size_of::<T>(), pc);
            thread.exchange_any(place, orders.of(true), orders.of(false), || operation(address, values))
        }
    };
    let (Ok(old) | Err(old)) = result;
    old
}

/// A compare-and-exchange as C has it, by one that returns the old value: the expected value stands in memory, where the
/// old one is put if it was another.
///
/// # Safety
/// `expected` is the program's to read and write.
#[inline]
pub(super) unsafe fn told_by_place<T: Copy + PartialEq>(expected: *mut T, exchange: impl FnOnce(T) -> T) -> bool {
    // SAFETY: the caller's promise.
    let wanted = unsafe { expected.read() };
    let old = exchange(wanted);
    if old == wanted {
        return true;
    }
    // SAFETY: as above.
    unsafe { expected.write(old) };
    false
}

macro_rules! atomics {
    ($($module:ident, $integer:ident, $atomic:ident:
        $load:ident $store:ident $swap:ident $add:ident $sub:ident $and:ident $or:ident $xor:ident $nand:ident $cas:ident
        $try:ident;
    )*) => {$(
        mod $module {
            use super::*;

            fn at(address: usize) -> &'static $atomic {
                // SAFETY: the program operates atomically on that variable, so it is there, aligned and valid.
                unsafe { $atomic::from_ptr(address as *mut $integer) }
            }

            pub(super) extern "C" fn load(address: usize, order: u32, pc: usize) -> $integer {
                super::load(address, order, pc, |address| at(address).load(SeqCst))
            }

            pub(super) extern "C" fn store(address: usize, value: $integer, order: u32, pc: usize) {
                super::store(address, value, order, pc, |address, value, order| {
                    // A store at the strongest ordering costs as much as a read-modify-write.
                    let strongest = if ordering(order) == SeqCst { SeqCst } else { Release };
                    at(address).store(value, strongest);
                });
            }

            pub(super) extern "C" fn swap(address: usize, value: $integer, order: u32, pc: usize) -> $integer {
                update(address, value, order, pc, |address, value| at(address).swap(value, SeqCst))
            }

            pub(super) extern "C" fn add(address: usize, value: $integer, order: u32, pc: usize) -> $integer {
                update(address, value, order, pc, |address, value| at(address).fetch_add(value, SeqCst))
            }

            pub(super) extern "C" fn sub(address: usize, value: $integer, order: u32, pc: usize) -> $integer {
                if value == 1 && ordering(order) == Ordering::Release {
                    perturb::before_reference_drop(Pc(pc));
                }
                update(address, value, order, pc, |address, value| at(address).fetch_sub(value, SeqCst))
            }

            pub(super) extern "C" fn and(address: usize, value: $integer, order: u32, pc: usize) -> $integer {
                update(address, value, order, pc, |address, value| at(address).fetch_and(value, SeqCst))
            }

            pub(super) extern "C" fn or(address: usize, value: $integer, order: u32, pc: usize) -> $integer {
                update(address, value, order, pc, |address, value| at(address).fetch_or(value, SeqCst))
            }

            pub(super) extern "C" fn xor(address: usize, value: $integer, order: u32, pc: usize) -> $integer {
                update(address, value, order, pc, |address, value| at(address).fetch_xor(value, SeqCst))
            }

            pub(super) extern "C" fn nand(address: usize, value: $integer, order: u32, pc: usize) -> $integer {
                update(address, value, order, pc, |address, value| at(address).fetch_nand(value, SeqCst))
            }

            pub(super) extern "C" fn cas(
                address: usize,
                expected: $integer,
                new: $integer,
                success: u32,
                failure: u32,
                pc: usize,
            ) -> $integer {
                let orders = Orders { success, failure };
                exchange(address, [expected, new], orders, pc, |address, [expected, new]| {
                    at(address).compare_exchange(expected, new, SeqCst, SeqCst)
                })
            }

            pub(super) unsafe extern "C" fn try_exchange(
                address: usize,
                expected: *mut $integer,
                new: $integer,
                success: u32,
                failure: u32,
                pc: usize,
            ) -> bool {
                // SAFETY: the caller's promise.
                unsafe { told_by_place(expected, |expected| cas(address, expected, new, success, failure, pc)) }
            }
        }
        use $module::{
            load as $load, store as $store, swap as $swap, add as $add, sub as $sub, and as $and, or as $or, xor as $xor,
            nand as $nand, cas as $cas, try_exchange as $try,
        };
    )*};
}

atomics! {
    bits8, u8, AtomicU8: load8 store8 swap8 add8 sub8 and8 or8 xor8 nand8 cas8 try8;
    bits16, u16, AtomicU16: load16 store16 swap16 add16 sub16 and16 or16 xor16 nand16 cas16 try16;
    bits32, u32, AtomicU32: load32 store32 swap32 add32 sub32 and32 or32 xor32 nand32 cas32 try32;
    bits64, u64, AtomicU64: load64 store64 swap64 add64 sub64 and64 or64 xor64 nand64 cas64 try64;
}

/// `load64`, unless it is std's count of panics that is asked.
extern "C" fn load_word(address: usize, order: u32, pc: usize) -> u64 {
    if panic_count::is_at(address) {
        // SAFETY: the program loads that variable atomically, so it is there, aligned and valid.
        return unsafe { AtomicU64::from_ptr(address as *mut u64) }.load(SeqCst);
    }
    load64(address, order, pc)
}

/// `swap32`, unless it is std's list of threads that is locked or unlocked.
extern "C" fn swap_word(address: usize, value: u32, order: u32, pc: usize) -> u32 {
    if thread_list::is_lock(address) {
        return thread_list::operate(value, move || swap32(address, value, order, pc));
    }
    swap32(address, value, order, pc)
}

/// `cas32`, unless it is std's list of threads that is locked.
extern "C" fn cas_word(address: usize, expected: u32, new: u32, success: u32, failure: u32, pc: usize) -> u32 {
    if thread_list::is_lock(address) {
        return thread_list::operate(new, move || cas32(address, expected, new, success, failure, pc));
    }
    cas32(address, expected, new, success, failure, pc)
}

with_return_address! {
    __tsan_atomic8_load => load8, "rdx";
    __tsan_atomic8_store => store8, "rcx";
    __tsan_atomic8_exchange => swap8, "rcx";
    __tsan_atomic8_fetch_add => add8, "rcx";
    __tsan_atomic8_fetch_sub => sub8, "rcx";
    __tsan_atomic8_fetch_and => and8, "rcx";
    __tsan_atomic8_fetch_or => or8, "rcx";
    __tsan_atomic8_fetch_xor => xor8, "rcx";
    __tsan_atomic8_fetch_nand => nand8, "rcx";
    __tsan_atomic8_compare_exchange_val => cas8, "r9";
    __tsan_atomic8_compare_exchange_strong => try8, "r9";
    __tsan_atomic8_compare_exchange_weak => try8, "r9";
    __tsan_atomic16_load => load16, "rdx";
    __tsan_atomic16_store => store16, "rcx";
    __tsan_atomic16_exchange => swap16, "rcx";
    __tsan_atomic16_fetch_add => add16, "rcx";
    __tsan_atomic16_fetch_sub => sub16, "rcx";
    __tsan_atomic16_fetch_and => and16, "rcx";
    __tsan_atomic16_fetch_or => or16, "rcx";
    __tsan_atomic16_fetch_xor => xor16, "rcx";
    __tsan_atomic16_fetch_nand => nand16, "rcx";
    __tsan_atomic16_compare_exchange_val => cas16, "r9";
    __tsan_atomic16_compare_exchange_strong => try16, "r9";
    __tsan_atomic16_compare_exchange_weak => try16, "r9";
    __tsan_atomic32_load => load32, "rdx";
    __tsan_atomic32_store => store32, "rcx";
    __tsan_atomic32_exchange => swap_word, "rcx";
    __tsan_atomic32_fetch_add => add32, "rcx";
    __tsan_atomic32_fetch_sub => sub32, "rcx";
    __tsan_atomic32_fetch_and => and32, "rcx";
    __tsan_atomic32_fetch_or => or32, "rcx";
    __tsan_atomic32_fetch_xor => xor32, "rcx";
    __tsan_atomic32_fetch_nand => nand32, "rcx";
    __tsan_atomic32_compare_exchange_val => cas_word, "r9";
    __tsan_atomic32_compare_exchange_strong => try32, "r9";
    __tsan_atomic32_compare_exchange_weak => try32, "r9";
    __tsan_atomic64_load => load_word, "rdx";
    __tsan_atomic64_store => store64, "rcx";
    __tsan_atomic64_exchange => swap64, "rcx";
    __tsan_atomic64_fetch_add => add64, "rcx";
    __tsan_atomic64_fetch_sub => sub64, "rcx";
    __tsan_atomic64_fetch_and => and64, "rcx";
    __tsan_atomic64_fetch_or => or64, "rcx";
    __tsan_atomic64_fetch_xor => xor64, "rcx";
    __tsan_atomic64_fetch_nand => nand64, "rcx";
    __tsan_atomic64_compare_exchange_val => cas64, "r9";
    __tsan_atomic64_compare_exchange_strong => try64, "r9";
    __tsan_atomic64_compare_exchange_weak => try64, "r9";
}

/// A fence between threads.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_atomic_thread_fence(order: u32) {
    perturb::before_synchronisation(Pc(0));
    if let Some(mut thread) = current::enter()
        && !thread.is_solo()
        && !thread.is_ignoring_atomics()
    {
        thread.atomic_fence(ordering(order));
    }
    std::sync::atomic::fence(SeqCst);
}

/// A fence between a thread and its own signal handlers: the call itself keeps the compiler from moving accesses over it.
#[unsafe(no_mangle)]
pub extern "C" fn __tsan_atomic_signal_fence(_order: u32) {}
