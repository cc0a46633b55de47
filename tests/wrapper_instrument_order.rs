//! Functions under `#[race::instrument]` evaluate in the order they would without it: right sides, places, drops, temporaries
//! and overloaded operators. The same tests run with and without the feature.

#![deny(warnings)]
#![allow(
    clippy::explicit_auto_deref,
    clippy::borrow_deref_ref,
    clippy::needless_borrow,
    clippy::box_collection,
    clippy::boxed_local,
    clippy::ptr_arg
)] // what is tested is written out

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ops::{AddAssign, Deref};
use std::ptr;

thread_local!(static TRACE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) });

fn trace<T>(what: &'static str, value: T) -> T {
    TRACE.with_borrow_mut(|trace| trace.push(what));
    value
}

fn traced() -> Vec<&'static str> {
    TRACE.take()
}

#[test]
fn the_right_side_comes_first() {
    #[race::instrument]
    fn assign(cell: &UnsafeCell<u32>) {
        // SAFETY: nobody else has the cell.
        unsafe {
            *trace("place", cell).get() = trace("value", 1);
            *trace("place", cell).get() += trace("value", 1);
            let pointer = cell.get();
            *pointer = trace("value", *pointer + 1);
            *pointer *= trace("value", 2);
        }
    }
    let cell = UnsafeCell::new(0);
    assign(&cell);
    assert_eq!(cell.into_inner(), 6);
    assert_eq!(traced(), ["value", "place", "value", "place", "value", "value"]);
}

#[test]
fn an_overloaded_operator_looks_at_its_place_first() {
    struct Sum(u32);
    impl AddAssign<u32> for Sum {
        fn add_assign(&mut self, other: u32) {
            trace("add", ());
            self.0 += other;
        }
    }
    #[race::instrument]
    fn add(sum: &mut Sum) {
        fn at(sum: &mut Sum) -> &mut Sum {
            trace("place", sum)
        }
        *at(sum) += trace("value", 1);
        *sum += trace("value", 2);
        *sum += 3;
    }
    let mut sum = Sum(0);
    add(&mut sum);
    assert_eq!(sum.0, 6);
    assert_eq!(traced(), ["place", "value", "add", "value", "add", "add"]);
}

#[test]
fn the_old_value_is_dropped_at_the_assignment() {
    struct Loud(&'static str);
    impl Drop for Loud {
        fn drop(&mut self) {
            trace(self.0, ());
        }
    }
    #[race::instrument]
    fn replace(place: &mut Loud) {
        *place = Loud("second");
        trace("between", ());
        *place = trace("made", Loud("third"));
        trace("end", ());
    }
    let mut loud = Loud("first");
    replace(&mut loud);
    assert_eq!(traced(), ["first", "between", "made", "second", "end"]);
    drop(loud);
    assert_eq!(traced(), ["third"]);
}

#[test]
fn temporaries_live_as_long_as_before() {
    struct Guard<'a>(&'a Cell<u32>, &'static str);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            trace(self.1, ());
        }
    }
    impl<'a> Guard<'a> {
        fn pointer(&self) -> *mut u32 {
            self.0.as_ptr()
        }
    }
    #[race::instrument]
    fn use_guards(cell: &Cell<u32>) -> u32 {
        fn both(one: u32, other: u32) -> u32 {
            one + other
        }
        // SAFETY: the cell is this thread's.
        unsafe {
            let sum = both(*Guard(cell, "guard").pointer(), trace("argument", 1));
            *Guard(cell, "target").pointer() = trace("value", sum);
            trace("end", sum)
        }
    }
    let cell = Cell::new(4);
    assert_eq!(use_guards(&cell), 5);
    assert_eq!(cell.get(), 5);
    assert_eq!(traced(), ["argument", "guard", "value", "target", "end"]);
}

#[test]
fn a_dereference_that_is_overloaded_is_done_as_often() {
    struct Counted(u32, Cell<u32>);
    impl Deref for Counted {
        type Target = u32;
        fn deref(&self) -> &u32 {
            self.1.set(self.1.get() + 1);
            &self.0
        }
    }
    #[race::instrument]
    fn read(counted: &Counted) -> u32 {
        let owned = Counted(3, Cell::new(0));
        let first = *owned;
        assert_eq!(owned.1.get(), 1);
        first + **counted
    }
    let counted = Counted(4, Cell::new(0));
    assert_eq!(read(&counted), 7);
}

#[test]
fn functions_and_methods_of_pointers_work() {
    #[race::instrument]
    unsafe fn all(pointer: *mut u64, buffer: &mut [u8; 8]) -> u64 {
        // SAFETY: the caller's promise.
        unsafe {
            pointer.write(1);
            pointer.add(0).write(trace("value", 2));
            let mut sum = pointer.read() + pointer.cast_const().read_volatile();
            std::ptr::write(pointer, trace("other value", sum));
            sum += ptr::read(pointer) + core::ptr::read_unaligned(pointer as *const _);
            ptr::write_volatile(pointer, sum);
            sum += ptr::replace(pointer, 3);
            ptr::copy_nonoverlapping(pointer as *const u8, buffer.as_mut_ptr(), 8);
            ptr::write_bytes(buffer.as_mut_ptr().add(1), 7, 1);
            let reference = &mut *pointer;
            let copy = ptr::read(reference);
            *reference += copy;
            sum + *reference
        }
    }
    let (mut value, mut buffer) = (0, [0; 8]);
    // SAFETY: the value is alive and borrowed by nobody.
    let sum = unsafe { all(&mut value, &mut buffer) };
    assert_eq!((sum, value, buffer[..3].to_vec()), (12 + 12 + 6, 6, vec![3, 7, 0]));
    assert_eq!(traced(), ["value", "other value"]);
}

#[test]
fn methods_of_the_same_names_are_left_to_their_types() {
    struct Log(Vec<u8>);
    impl Log {
        fn read(&self) -> usize {
            self.0.len()
        }
        fn write(&mut self, byte: u8) {
            self.0.push(byte);
        }
    }
    #[race::instrument]
    unsafe fn all(log: &mut Log, lock: &std::sync::RwLock<u8>, made: fn() -> Log) -> usize {
        // SAFETY: nothing unsafe is done.
        #[allow(unused_unsafe)]
        unsafe {
            log.write(1);
            made().write(2);
            log.read() + made().read() + usize::from(*lock.read().unwrap())
        }
    }
    let mut log = Log(Vec::new());
    // SAFETY: nothing unsafe is done.
    assert_eq!(unsafe { all(&mut log, &3.into(), || Log(vec![1])) }, 1 + 1 + 3);
}

#[test]
fn statics_and_constants_in_capitals_work() {
    static mut COUNT: u32 = 1;
    static mut TABLE: [u32; 3] = [1, 2, 3];
    const LIMIT: u32 = 10;
    const NAMES: [&str; 2] = ["a", "bc"];
    #[race::instrument]
    fn all(index: usize) -> (u32, usize) {
        // SAFETY: one test, one thread.
        unsafe {
            COUNT = LIMIT;
            COUNT += TABLE[index] + LIMIT;
            TABLE[index] = COUNT;
            TABLE[0] = trace("value", TABLE[index] + 1);
            (if COUNT > LIMIT { TABLE[0] } else { 0 }, NAMES[1].len())
        }
    }
    assert_eq!(all(1), (23, 2));
    assert_eq!(traced(), ["value"]);
}
