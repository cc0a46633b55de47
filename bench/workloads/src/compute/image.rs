//! A blurred image.

use std::hint::black_box;

use race::thread;

use crate::threads::numbers;

const WIDTH: usize = 1024;
const HEIGHT: usize = 1024;
/// What a pixel gets of its neighbours at distance 0, 1, 2 and so on.
const WEIGHTS: [u32; 5] = [70, 56, 28, 8, 1];
/// Of all nine.
const TOTAL: u32 = 256;

/// Along the rows, then along the columns; in each pass two threads read the same pixels and write a half each.
pub fn blur_in_two_threads() {
    let mut pixels: Vec<u8> = numbers(WIDTH * HEIGHT).map(|number| number as u8).collect();
    for _ in 0..2 {
        let rows = pass(&pixels, |pixels, row, column, distance| {
            let (left, right) = (column.saturating_sub(distance), (column + distance).min(WIDTH - 1));
            u32::from(pixels[row * WIDTH + left]) + u32::from(pixels[row * WIDTH + right])
        });
        pixels = pass(&rows, |pixels, row, column, distance| {
            let (above, below) = (row.saturating_sub(distance), (row + distance).min(HEIGHT - 1));
            u32::from(pixels[above * WIDTH + column]) + u32::from(pixels[below * WIDTH + column])
        });
    }
    black_box(pixels);
}

fn pass(from: &[u8], pair: impl Fn(&[u8], usize, usize, usize) -> u32 + Copy + Send + Sync) -> Vec<u8> {
    let mut to = vec![0; from.len()];
    thread::scope(|scope| {
        for (half, part) in to.chunks_mut(WIDTH * HEIGHT / 2).enumerate() {
            scope.spawn(move || {
                for (number, pixel) in part.iter_mut().enumerate() {
                    let (row, column) = (half * HEIGHT / 2 + number / WIDTH, number % WIDTH);
                    let mut sum = u32::from(from[row * WIDTH + column]) * WEIGHTS[0];
                    for (distance, weight) in WEIGHTS.iter().enumerate().skip(1) {
                        sum += weight * pair(from, row, column, distance);
                    }
                    *pixel = (sum / TOTAL) as u8;
                }
            });
        }
    });
    to
}
