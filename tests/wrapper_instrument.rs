//! Plain memory in functions under `#[race::instrument]`: what is announced is reported, with its line.
#![cfg(race_engine)]

mod wrapper_case;

use std::cell::UnsafeCell;
use std::ptr;

use race::sync::Mutex;
use wrapper_case::{Outcome, in_own_process, one_then_other};

/// Plain memory.
struct Plain<T>(UnsafeCell<T>);

// SAFETY: it is not safe; that is what the cases are about. The accesses are ordered in time by `one_then_other`.
unsafe impl<T> Sync for Plain<T> {}

impl<T> Plain<T> {
    fn get(&self) -> *mut T {
        self.0.get()
    }
}

#[derive(Clone, Copy)]
struct Pair {
    one: u32,
    other: u32,
}

impl Pair {
    #[race::instrument]
    fn add(&mut self) {
        self.one += 1;
    }

    #[race::instrument]
    fn sum(&self) -> u32 {
        self.one + self.other
    }
}

static NUMBER: Plain<u64> = Plain(UnsafeCell::new(0));
static PAIR: Plain<Pair> = Plain(UnsafeCell::new(Pair { one: 0, other: 0 }));
static ARRAY: Plain<[u64; 4]> = Plain(UnsafeCell::new([0; 4]));
static LINK: Plain<*mut u64> = Plain(UnsafeCell::new(ptr::null_mut()));
static mut COUNT: u64 = 0;

#[race::instrument]
fn write_number() {
    // SAFETY: no other access at the same time.
    unsafe { *NUMBER.get() = 1 };
}

#[race::instrument]
fn write_first_of_array() {
    let array = ARRAY.get();
    // SAFETY: no other access at the same time.
    unsafe { (*array)[0] = 1 };
}

/// Declares cases whose second thread is one statement on plain memory.
macro_rules! against_a_write {
    ($($name:ident: $statement:expr;)*) => {
        cases! {
            $(
                fn $name() {
                    #[race::instrument]
                    fn other() {
                        // SAFETY: no other access at the same time.
                        #[allow(unused_unsafe)]
                        unsafe { $statement };
                    }
                    one_then_other(write_number, other);
                }
            )*
        }
    };
}

/// Reads it.
fn consume<T>(_: T) {}

against_a_write! {
    race_write: *NUMBER.get() = 2;
    race_compound: *NUMBER.get() += 2;
    race_read_in_an_argument: consume(*NUMBER.get());
    race_comparison: consume(if *NUMBER.get() == 1 { 1 } else { 0 });
    race_function_copy_of_a_place: { let number = NUMBER.get(); ptr::swap(number, ARRAY.get().cast()) };
    race_method_read: consume(NUMBER.get().read());
    race_method_write: NUMBER.get().write(3);
    race_function_read: consume(ptr::read(NUMBER.get()));
    race_function_write_of_a_call: std::ptr::write(NUMBER.get(), u64::from(3u8));
    race_volatile_against_plain: consume(NUMBER.get().read_volatile());
    race_copy: ptr::copy_nonoverlapping(NUMBER.get(), ARRAY.get().cast(), 1);
    clean_address: consume(&raw const *NUMBER.get());
    clean_other_place: (*ARRAY.get())[1] = 2;
}

cases! {
    fn race_pure_pointer() {
        #[race::instrument]
        fn write(pointer: &mut u64) {
            *pointer = 2;
        }
        // SAFETY: no other access at the same time.
        one_then_other(write_number, || write(unsafe { &mut *NUMBER.get() }));
    }

    fn race_pure_read() {
        #[race::instrument]
        fn read(pointer: *const u64) -> u64 {
            // SAFETY: no other access at the same time.
            unsafe { *pointer }
        }
        one_then_other(write_number, || assert_eq!(read(NUMBER.get()), 1));
    }

    fn race_after_a_call() {
        #[race::instrument]
        fn write(pointer: *mut u64) {
            // SAFETY: no other access at the same time.
            unsafe { *pointer = "7".parse().unwrap() };
        }
        one_then_other(write_number, || write(NUMBER.get()));
    }

    /// The value of the right side comes under the lock, and the write after it.
    fn clean_right_side_synchronises() {
        static LOCK: Mutex<u64> = Mutex::new(0);
        #[race::instrument]
        fn write_and_unlock() {
            let pointer = NUMBER.get();
            // SAFETY: no other access at the same time.
            unsafe { *pointer = 1 };
            drop(LOCK.lock());
        }
        #[race::instrument]
        fn lock_and_write() {
            let pointer = NUMBER.get();
            // SAFETY: no other access at the same time.
            unsafe {
                *pointer = *LOCK.lock().unwrap() + 1;
                *pointer += *LOCK.lock().unwrap();
                *NUMBER.get() = *LOCK.lock().unwrap();
            }
        }
        one_then_other(write_and_unlock, lock_and_write);
    }

    fn race_same_field() {
        #[race::instrument]
        fn write(pair: *mut Pair) {
            // SAFETY: no other access at the same time.
            unsafe { (*pair).one += 1 };
        }
        one_then_other(|| write(PAIR.get()), || write(PAIR.get()));
    }

    fn race_field_of_a_reference() {
        // SAFETY: no other access at the same time.
        one_then_other(|| unsafe { (*PAIR.get()).add() }, || assert_eq!(unsafe { (*PAIR.get()).sum() }, 1));
    }

    fn race_element_of_a_slice() {
        #[race::instrument]
        fn write(slice: &mut [u64], index: usize) {
            slice[index] = 1;
        }
        // SAFETY: no other access at the same time.
        let slice = || unsafe { &mut *(ARRAY.get() as *mut [u64]) };
        one_then_other(|| write(slice(), 2), || write(&mut slice()[1..], 1));
    }

    fn clean_elements_of_a_slice() {
        #[race::instrument]
        fn write(slice: &mut [u64], index: usize) {
            slice[index] = 1;
        }
        // SAFETY: no other access at the same time.
        let slice = || unsafe { &mut *(ARRAY.get() as *mut [u64]) };
        one_then_other(|| write(slice(), 2), || write(slice(), 1));
    }

    fn clean_other_field() {
        #[race::instrument]
        fn write_one() {
            // SAFETY: no other access at the same time.
            unsafe { (*PAIR.get()).one = 1 };
        }
        #[race::instrument]
        fn write_other(pair: *mut Pair) {
            // SAFETY: no other access at the same time.
            unsafe { (*pair).other = 1 };
        }
        one_then_other(write_one, || write_other(PAIR.get()));
    }

    fn race_whole_against_field() {
        #[race::instrument]
        fn write_one() {
            // SAFETY: no other access at the same time.
            unsafe { (*PAIR.get()).other = 1 };
        }
        #[race::instrument]
        fn read_all(pair: *const Pair) -> Pair {
            // SAFETY: no other access at the same time.
            unsafe { *pair }
        }
        one_then_other(write_one, || assert_eq!(read_all(PAIR.get()).other, 1));
    }

    fn race_same_element() {
        #[race::instrument]
        fn read(array: &[u64; 4], index: usize) -> u64 {
            (*array)[index]
        }
        // SAFETY: no other access at the same time.
        one_then_other(write_first_of_array, || assert_eq!(read(unsafe { &*ARRAY.get() }, 0), 1));
    }

    fn clean_next_element() {
        #[race::instrument]
        fn read(array: &[u64; 4], index: usize) -> u64 {
            (*array)[index + 1]
        }
        // SAFETY: no other access at the same time.
        one_then_other(write_first_of_array, || assert_eq!(read(unsafe { &*ARRAY.get() }, 0), 0));
    }

    /// The pointer that leads to a place is read.
    fn race_pointer_on_the_way() {
        #[race::instrument]
        fn set() {
            // SAFETY: no other access at the same time.
            unsafe { *LINK.get() = NUMBER.get() };
        }
        #[race::instrument]
        fn follow(link: *mut *mut u64) -> u64 {
            // SAFETY: no other access at the same time.
            unsafe { **link }
        }
        one_then_other(set, || assert_eq!(follow(LINK.get()), 0));
    }

    fn race_static() {
        #[race::instrument]
        fn add() {
            // SAFETY: no other access at the same time.
            unsafe { COUNT += 1 };
        }
        #[race::instrument]
        fn read() -> u64 {
            // SAFETY: no other access at the same time.
            unsafe { COUNT }
        }
        one_then_other(add, || assert_eq!(read(), 1));
    }

    fn clean_volatile_against_volatile() {
        #[race::instrument]
        fn write() {
            // SAFETY: no other access at the same time.
            unsafe { NUMBER.get().write_volatile(1) };
        }
        one_then_other(write, write);
    }

    fn race_volatile_write_against_plain_read() {
        #[race::instrument]
        fn write() {
            // SAFETY: no other access at the same time.
            unsafe { ptr::write_volatile(NUMBER.get(), 1) };
        }
        #[race::instrument]
        fn read(pointer: *const u64) -> u64 {
            // SAFETY: no other access at the same time.
            unsafe { *pointer }
        }
        one_then_other(write, || assert_eq!(read(NUMBER.get()), 1));
    }

    fn race_atomic_against_plain() {
        // SAFETY: the place is static and as aligned as an atomic.
        let atomic = unsafe { race::sync::atomic::AtomicU64::from_ptr(NUMBER.get()) };
        one_then_other(write_number, || atomic.store(1, race::sync::atomic::Ordering::SeqCst));
    }

    /// A lock of std's is not seen, so what its guard leads to is not announced.
    fn clean_guard_of_another_lock() {
        static LOCK: std::sync::Mutex<u64> = std::sync::Mutex::new(0);
        #[race::instrument]
        fn add() {
            let mut guard = LOCK.lock().unwrap();
            *guard += 1;
            *guard = *guard + 1;
            *LOCK.lock().unwrap_or_else(|_| unreachable!()) = { drop(guard); 5 };
        }
        one_then_other(add, add);
    }

    fn race_copied_range() {
        #[race::instrument]
        fn fill(count: usize) {
            // SAFETY: no other access at the same time.
            unsafe { ptr::copy([5u64; 4].as_ptr(), ARRAY.get().cast::<u64>(), count) };
        }
        #[race::instrument]
        fn read(array: *mut u64) -> u64 {
            // SAFETY: no other access at the same time.
            unsafe { *array.add(3) }
        }
        one_then_other(|| fill(4), || assert_eq!(read(ARRAY.get().cast()), 5));
    }

    fn clean_beyond_the_copied_range() {
        #[race::instrument]
        fn fill(count: usize) {
            // SAFETY: no other access at the same time.
            unsafe { ptr::copy([5u64; 4].as_ptr(), ARRAY.get().cast::<u64>(), count) };
        }
        #[race::instrument]
        fn read(array: *mut u64) -> u64 {
            // SAFETY: no other access at the same time.
            unsafe { *array.add(3) }
        }
        one_then_other(|| fill(3), || assert_eq!(read(ARRAY.get().cast()), 0));
    }
}

#[test]
fn the_report_names_the_line_of_each_access() {
    #[race::instrument]
    fn add(number: *mut u64) {
        // SAFETY: no other access at the same time.
        unsafe {
            let one = 1;
            *number += one;
        }
    }
    let name = "the_report_names_the_line_of_each_access";
    let outcome = in_own_process(name, || one_then_other(|| add(NUMBER.get()), || add(NUMBER.get())));
    let Some(Outcome { text, .. }) = outcome else { return };
    let line = include_str!("wrapper_instrument.rs").lines().position(|line| line.trim() == "*number += one;").unwrap();
    let place = format!("tests/wrapper_instrument.rs:{}:", line + 1);
    assert_eq!(text.matches(&place).count(), 2, "{place} in both stacks:\n{text}");
}
