//! Every form of access that `#[race::instrument]` announces, against a write of the same place, which races, and of
//! another, which does not; and what must not be announced.
#![cfg(race_engine)]

mod wrapper_case;

use std::cell::UnsafeCell;
use std::mem;
use std::ptr::{self, NonNull};

use race::sync::Mutex;
use wrapper_case::one_then_other;

/// What the cases access.
#[repr(C)]
struct Shared {
    number: u64,
    state: State,
    triple: Triple,
    list: [u64; 4],
    name: Name,
    spare: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Idle,
    Busy(u64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Triple {
    one: u64,
    two: u64,
    three: u64,
}

#[derive(Default)]
struct Name(u64);

impl Drop for Name {
    fn drop(&mut self) {}
}

struct Plain(UnsafeCell<Shared>);

// SAFETY: it is not safe; that is what the cases are about. The accesses are ordered in time by `one_then_other`.
unsafe impl Sync for Plain {}

static SHARED: Plain = Plain(UnsafeCell::new(Shared {
    number: 1,
    state: State::Busy(1),
    triple: Triple { one: 1, two: 2, three: 3 },
    list: [1, 2, 3, 4],
    name: Name(1),
    spare: 0,
}));

fn shared() -> *mut Shared {
    SHARED.0.get()
}

/// Synchronises with all that did the same.
fn lock() -> u64 {
    static LOCK: Mutex<u64> = Mutex::new(1);
    *LOCK.lock().unwrap()
}

/// Uses it.
fn consume<T>(value: T) {
    drop(std::hint::black_box(value));
}

/// Declares cases of two threads, each of which executes one statement with a pointer to what is shared.
macro_rules! statements {
    ($($name:ident: |$pointer:ident| $one:expr, $other:expr;)*) => {
        cases! {
            $(
                fn $name() {
                    #[race::instrument]
                    #[allow(unused_unsafe, dropping_copy_types, clippy::all)]
                    fn one($pointer: *mut Shared) {
                        // SAFETY: no other access at the same time.
                        unsafe { $one; }
                    }
                    #[race::instrument]
                    #[allow(unused_unsafe, dropping_copy_types, clippy::all)]
                    fn other($pointer: *mut Shared) {
                        // SAFETY: no other access at the same time.
                        unsafe { $other; }
                    }
                    one_then_other(|| one(shared()), || other(shared()));
                }
            )*
        }
    };
}

statements! {
    race_match: |p| (*p).number = 2, match (*p).number { 2 => consume(2), _ => {} };
    clean_match: |p| (*p).spare = 2, match (*p).number { 2 => consume(2), _ => {} };
    clean_match_that_borrows: |p| (*p).number = 2, match (*p).number { ref number => consume(&raw const *number) };
    race_match_of_a_state: |p| (*p).state = State::Idle, match (*p).state { State::Idle => {}, State::Busy(n) => consume(n) };
    clean_match_of_a_part: |p| (*p).triple.two = 5, match (*p).triple { Triple { one: 1, .. } => {}, _ => consume(1) };
    race_if_let: |p| (*p).state = State::Busy(2), if let State::Busy(n) = (*p).state { consume(n) };
    clean_if_let_that_borrows: |p| (*p).state = State::Busy(2), if let State::Busy(ref n) = (*p).state { consume(&raw const *n) };
    race_else_if_let: |p| (*p).state = State::Busy(2), if p.is_null() {} else if let State::Busy(n) = (*p).state { consume(n) };
    race_one_condition_of_several:
        |p| (*p).number = 2, if !p.is_null() && let 2 = (*p).number && let Some(p) = p.as_mut() { consume(&raw mut *p) };
    race_match_of_a_computed_place: |p| *p.cast() = 2u64, match *p.cast::<u64>() { 2 => consume(2), _ => {} };

    race_rest_of_a_structure: |p| (*p).triple.three = 5, consume(Triple { one: 7, ..(*p).triple });
    clean_given_field_of_a_structure: |p| (*p).triple.one = 5, consume(Triple { one: 7, ..(*p).triple });
    race_rest_of_a_computed_structure:
        |p| (*p).triple.three = 5, consume(Triple { one: lock(), ..*(&raw const (*p).triple).cast::<Triple>() });
    race_assignment_to_several: |p| (*p).number = 2, ((*p).spare, (*p).number) = (1, 2);
    clean_assignment_to_several: |p| (*p).number = 2, ((*p).spare, (*p).list[0]) = (1, 2);
    race_assignment_to_parts: |p| (*p).list[1] = 2, [_, (*p).list[1], ..] = [1, 2, 3, 4];

    race_swap: |p| (*p).number = 2, mem::swap(&mut (*p).number, &mut (*p).spare);
    race_swap_of_the_other: |p| (*p).spare = 2, mem::swap(&mut (*p).number, &mut (*p).spare);
    clean_swap: |p| (*p).list[0] = 2, mem::swap(&mut (*p).number, &mut (*p).spare);
    race_replace: |p| consume((*p).number), consume(mem::replace(&mut *p.cast::<u64>(), 3));
    race_replace_with_a_call: |p| consume((*p).number), consume(std::mem::replace(&mut (*p).number, u64::from(3u8)));
    race_take: |p| consume((*p).number), consume(mem::take(&mut (*p).number));
    race_exchange_of_a_reference: |p| consume((*p).number), { let number = &mut (*p).number; mem::take(number); };

    race_method_copy_from: |p| (*p).number = 2, (&raw mut (*p).number).copy_from(&raw const (*p).spare, 1);
    race_method_copy_from_the_source: |p| (*p).spare = 2, (&raw mut (*p).number).copy_from(&raw const (*p).spare, 1);
    clean_method_copy_from: |p| (*p).list[3] = 2, { let to = &raw mut (*p).number; to.copy_from((&raw const (*p).list).cast(), 3) };
    race_method_copy_from_many: |p| (*p).list[2] = 2, { let to = p.cast::<u64>(); to.copy_from((&raw const (*p).list).cast(), 3) };
    race_method_copy_to: |p| consume((*p).list[1]), { let from = p.cast::<u64>(); from.copy_to((*p).list.as_mut_ptr().add(1), 1) };
    race_method_copy_to_nonoverlapping:
        |p| consume((*p).list[1]), p.cast::<u64>().copy_to_nonoverlapping((*p).list.as_mut_ptr().add(1), 1);
    race_method_swap: |p| consume((*p).spare), { let number = p.cast::<u64>(); number.swap(&raw mut (*p).spare) };
    race_method_replace: |p| consume((*p).number), consume(p.cast::<u64>().replace(4));
    race_method_write_bytes: |p| (*p).list[3] = 4, { let list = (*p).list.as_mut_ptr(); list.write_bytes(0, 4) };
    clean_method_write_bytes: |p| (*p).list[3] = 4, { let list = (*p).list.as_mut_ptr(); list.write_bytes(0, 3) };
    race_method_drop_in_place: |p| consume((*p).name.0), { let name = &raw mut (*p).name; name.drop_in_place() };
    race_function_drop_in_place: |p| consume((*p).name.0), ptr::drop_in_place(&raw mut (*p).name);
    clean_drop_of_what_needs_none: |p| consume((*p).number), (&raw mut (*p).number).drop_in_place();
    race_method_of_non_null: |p| (*p).number = 2, { let number = NonNull::new_unchecked(p).cast::<u64>(); consume(number.read()) };
    race_field_of_non_null: |p| (*p).spare = 2, consume(NonNull::new_unchecked(p).as_ref().spare);
    race_field_of_non_null_written: |p| consume((*p).spare), NonNull::new_unchecked(p).as_mut().spare += 1;
    clean_field_of_non_null: |p| (*p).spare = 2, consume(NonNull::new_unchecked(p).as_ref().number);

    race_get_unchecked: |p| (*p).list[2] = 2, { let list = &(*p).list; consume(*list.get_unchecked(2)) };
    clean_get_unchecked: |p| (*p).list[2] = 2, { let list = &(*p).list; consume(*list.get_unchecked(1)) };
    race_get_unchecked_mut: |p| consume((*p).list[2]), { let list = &mut (*p).list; *list.get_unchecked_mut(2) = 7 };

    race_comparison_with_a_call: |p| (*p).number = 2, consume((*p).number == u64::from(2u8));
    race_comparison_after_a_call: |p| (*p).number = 2, consume(u64::from(2u8) == (*p).number);
    clean_comparison_of_structures_that_ends_early:
        |p| (*p).triple.three = 2, consume((*p).triple == Triple { one: 2, two: 0, three: 0 });
    clean_comparison_of_slices_that_ends_early:
        |p| (*p).list[2] = 2, { let list: &[u64] = &(*p).list; consume(*list == [7, 7, 7, 7][..]) };
    // A call on the left comes first, and may synchronise; one on the right comes second.
    clean_comparison_after_the_lock: |p| { (*p).number = 2; lock() }, consume(lock() == (*p).number);
    race_comparison_before_the_lock: |p| { (*p).number = 2; lock() }, consume((*p).number == lock());

    race_printed: |p| (*p).number = 2, consume(format!("{}", (*p).number));
    race_printed_by_name: |p| (*p).number = 2, consume(format!("{number}", number = (*p).number));
    race_asserted: |p| (*p).number = 2, assert!((*p).number == 2);
    race_asserted_equal: |p| (*p).number = 2, assert_eq!((*p).number, 2, "not {}", 2);
    race_collected: |p| (*p).number = 2, consume(vec![(*p).spare, (*p).number]);
    race_repeated: |p| (*p).number = 2, consume(vec![(*p).number; 3]);
    clean_printed: |p| (*p).number = 2, consume(format!("{} {:p}", (*p).spare, &raw const (*p).number));
    clean_printed_with_the_lock: |p| { (*p).number = 2; lock() }, consume(format!("{} {}", (*p).number, lock()));

    race_in_a_closure: |p| (*p).number = 2, { let read = || (*p).number; consume(read()) };
    race_in_a_closure_by_reference: |p| (*p).number = 2, { let shared = &mut *p; let mut add = || shared.number += 1; add() };
    clean_in_a_closure: |p| (*p).number = 2, { let shared = &mut *p; let mut add = || shared.spare += 1; add() };
    clean_skipped: |p| (*p).number = 2, { #[race::skip] { consume((*p).number) }; };
    clean_skipped_statement: |p| (*p).number = 2, { #[race::skip] let number = (*p).number; consume(number) };
    race_beside_what_is_skipped: |p| (*p).number = 2, consume((*p).number + #[race::skip] (*p).spare);
}

#[race::instrument]
mod whole {
    use super::Shared;

    pub async fn write(shared: *mut Shared) {
        std::future::ready(()).await;
        // SAFETY: no other access at the same time.
        unsafe { (*shared).number = std::future::ready(2).await };
    }

    impl Shared {
        pub fn add(&mut self) {
            fn inner(number: &mut u64) {
                *number += 1;
            }
            inner(&mut self.number);
        }

        #[race::skip]
        pub fn add_unseen(&mut self) {
            self.number += 1;
        }
    }

    pub trait Bump {
        fn shared(&mut self) -> &mut Shared;

        fn bump(&mut self) {
            self.shared().number += 1;
        }
    }

    impl Bump for Shared {
        fn shared(&mut self) -> &mut Shared {
            self
        }
    }
}

use whole::Bump;

/// Runs a future that is never pending.
fn run(future: impl Future<Output = ()>) {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_ready());
}

cases! {
    fn race_asynchronous_functions() {
        one_then_other(|| run(whole::write(shared())), || run(whole::write(shared())));
    }

    fn race_functions_inside_a_module() {
        // SAFETY: no other access at the same time.
        one_then_other(|| run(whole::write(shared())), || unsafe { (*shared()).add() });
    }

    fn race_functions_of_a_trait() {
        // SAFETY: no other access at the same time.
        one_then_other(|| unsafe { (*shared()).bump() }, || unsafe { (*shared()).add() });
    }

    fn clean_skipped_function() {
        // SAFETY: no other access at the same time.
        one_then_other(|| run(whole::write(shared())), || unsafe { (*shared()).add_unseen() });
    }
}
