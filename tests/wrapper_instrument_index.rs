//! Elements whose index is itself a place that is announced: both are.

#![cfg(feature = "race")]

mod wrapper_case;

use std::hint::black_box;

use wrapper_case::one_then_other;

static mut ELEMENTS: [u64; 4] = [0; 4];
static mut INDEX: usize = 1;
const ONE: usize = 1;

#[race::instrument]
fn write_element() {
    // SAFETY: no other access at the same time.
    unsafe {
        let elements = &raw mut ELEMENTS;
        (*elements)[1] = 1;
    }
}

#[race::instrument]
fn write_index() {
    // SAFETY: no other access at the same time.
    unsafe { INDEX = 2 };
}

/// What one thread does after the other has called a function.
macro_rules! after {
    ($($name:ident: $first:ident, |$elements:ident, $index:ident| $access:expr;)*) => {
        cases! {
            $(
                fn $name() {
                    #[race::instrument]
                    fn access() {
                        let ($elements, $index) = (&raw mut ELEMENTS, &raw mut INDEX);
                        // SAFETY: no other access at the same time, and the index is in range.
                        unsafe { $access }
                    }
                    one_then_other($first, access);
                }
            )*
        }
    };
}

after! {
    race_constant: write_element, |elements, _index| (*elements)[ONE] = 2;
    race_constant_read: write_element, |elements, _index| { black_box((*elements)[ONE]); };
    race_computed: write_element, |elements, _index| (*elements)[2 / 2] = 2;
    race_behind_a_pointer: write_element, |elements, index| (*elements)[*index] = 2;
    race_behind_a_pointer_read: write_element, |elements, index| { black_box((*elements)[*index]); };
    race_behind_a_pointer_added: write_element, |elements, index| (*elements)[*index] += 2;
    race_compared: write_element, |elements, _index| if (*elements)[ONE] == 2 { black_box(()) };
    race_matched: write_element, |elements, index| match (*elements)[*index] { 2 => black_box(()), 3 => {}, _ => {} };
    race_index: write_index, |elements, index| (*elements)[*index] = 2;
    clean_other_element: write_element, |elements, index| (*elements)[*index + 1] = 2;
    clean_other_element_read: write_element, |elements, _index| { black_box((*elements)[ONE + 1]); };
    clean_index_read_only: write_index, |elements, _index| (*elements)[ONE] = 2;
}
