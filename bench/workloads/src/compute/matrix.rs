//! A dense matrix product.

use std::hint::black_box;

use race::thread;

const SIDE: usize = 500;

/// Each thread makes half of the product of the same two matrices.
pub fn multiply_in_two_threads() {
    let left: Vec<f64> = (0..SIDE * SIDE).map(|index| index as f64).collect();
    let right: Vec<f64> = left.iter().rev().copied().collect();
    let mut product = vec![0.0; SIDE * SIDE];
    thread::scope(|scope| {
        for (half, rows) in product.chunks_mut(SIDE * SIDE / 2).enumerate() {
            let (left, right) = (&left, &right);
            scope.spawn(move || multiply(left, right, half * SIDE / 2, rows));
        }
    });
    black_box(product);
}

fn multiply(left: &[f64], right: &[f64], first_row: usize, rows: &mut [f64]) {
    for (number, row) in rows.chunks_mut(SIDE).enumerate() {
        for (column, place) in row.iter_mut().enumerate() {
            let mut sum = 0.0;
            for index in 0..SIDE {
                sum += left[(first_row + number) * SIDE + index] * right[index * SIDE + column];
            }
            *place = sum;
        }
    }
}
