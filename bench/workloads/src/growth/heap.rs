//! Costs against the size of the heap.

use std::hint::black_box;

use super::{beside_another, nanoseconds};

pub fn touch(megabytes: usize) -> f64 {
    let words = (megabytes << 20) / size_of::<u64>();
    beside_another(|| {
        let mut heap: Vec<u64> = Vec::with_capacity(words);
        let nanoseconds = nanoseconds(words, || {
            for (place, number) in heap.spare_capacity_mut().iter_mut().zip(0_u64..) {
                place.write(black_box(number));
            }
        });
        black_box(&heap);
        nanoseconds
    })
}
