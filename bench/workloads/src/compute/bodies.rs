//! Bodies that attract each other, by rayon.

use std::hint::black_box;

use rayon::prelude::*;

use crate::threads::numbers;

#[derive(Clone, Copy)]
struct Body {
    place: [f64; 3],
    speed: [f64; 3],
    mass: f64,
}

/// In each step all bodies are read for each one.
pub fn attract() {
    let coordinates: Vec<f64> = numbers(4 * 1_200).map(|number| (number % 10_000) as f64).collect();
    let body =
        |four: &[f64]| Body { place: [four[0], four[1], four[2]], speed: [0.0; 3], mass: 1.0 + four[3] / 10_000.0 };
    let mut bodies: Vec<Body> = coordinates.chunks_exact(4).map(body).collect();
    for _ in 0..8 {
        let pulls: Vec<[f64; 3]> = bodies.par_iter().map(|body| pull(body, &bodies)).collect();
        bodies.par_iter_mut().zip(pulls).for_each(|(body, pull)| {
            for (axis, pull) in pull.into_iter().enumerate() {
                body.speed[axis] += pull;
                body.place[axis] += body.speed[axis];
            }
        });
    }
    black_box(bodies);
}

fn pull(body: &Body, others: &[Body]) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for other in others {
        let way: [f64; 3] = std::array::from_fn(|axis| other.place[axis] - body.place[axis]);
        let square = way.iter().map(|part| part * part).sum::<f64>() + 1.0;
        let strength = other.mass / (square * square.sqrt());
        for (sum, part) in sum.iter_mut().zip(way) {
            *sum += strength * part;
        }
    }
    sum
}
