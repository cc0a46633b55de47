//! Costs against the number of distinct call paths.

use std::hint::black_box;

use super::{beside_another, nanoseconds};

/// Below each call two more are made from different places, so each path is another one.
#[inline(never)]
fn branch(depth: u32, place: &mut [u64]) {
    if depth == 0 {
        place[0] += 1;
        return;
    }
    let (left, right) = place.split_at_mut(place.len() / 2);
    branch(depth - 1, black_box(left));
    black_box(());
    branch(depth - 1, black_box(right));
}

/// The number of paths is a power of two; each end has a word of its own. All ends are visited a million times together.
pub fn write_at_the_ends(paths: usize) -> f64 {
    const VISITS: usize = 1 << 20;
    let depth = paths.ilog2();
    beside_another(|| {
        let mut places = vec![0_u64; 1 << depth];
        nanoseconds(VISITS, || {
            for _ in 0..VISITS >> depth {
                branch(depth, black_box(&mut places));
            }
        })
    })
}
