//! rayon.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::programs;

programs! { rayon_sort rayon_join rayon_map_reduce rayon_scope rayon_collect rayon_own_pool rayon_broadcast }

/// Numbers in no order; the same each time.
fn numbers(count: usize) -> Vec<u64> {
    let mut state = 1_u64;
    let next = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 33
    };
    (0..count).map(next).collect()
}

fn rayon_sort() {
    let mut stable = numbers(40_000);
    let mut unstable = stable.clone();
    stable.par_sort();
    unstable.par_sort_unstable();
    assert!(stable.is_sorted());
    assert_eq!(stable, unstable);
}

fn rayon_join() {
    fn fibonacci(number: u64) -> u64 {
        if number < 2 {
            return number;
        }
        let (one, two) = rayon::join(|| fibonacci(number - 1), || fibonacci(number - 2));
        one + two
    }
    assert_eq!(fibonacci(16), 987);
}

fn rayon_map_reduce() {
    let numbers = numbers(50_000);
    let sum = numbers.par_iter().map(|number| number % 1000).reduce(|| 0, |one, other| one + other);
    assert_eq!(sum, numbers.iter().map(|number| number % 1000).sum());
}

fn rayon_scope() {
    let mut parts = vec![Vec::new(); 32];
    rayon::scope(|scope| {
        for (number, part) in parts.iter_mut().enumerate() {
            scope.spawn(move |scope| {
                part.push(number);
                scope.spawn(move |_| part.push(number));
            });
        }
    });
    assert!(parts.iter().enumerate().all(|(number, part)| *part == [number, number]));
}

fn rayon_collect() {
    let texts: Vec<String> = numbers(5000).into_par_iter().map(|number| number.to_string()).collect();
    let longest = texts.par_chunks(100).map(|chunk| chunk.iter().map(String::len).max().unwrap()).max();
    assert_eq!(longest, texts.iter().map(String::len).max());
}

fn rayon_own_pool() {
    for _ in 0..5 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let mut numbers = numbers(3000);
        pool.install(|| numbers.par_iter_mut().for_each(|number| *number += 1));
        assert!(numbers.iter().all(|number| *number > 0));
    }
}

fn rayon_broadcast() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let count = AtomicUsize::new(0);
    let indices = pool.broadcast(|context| {
        count.fetch_add(1, Ordering::Relaxed);
        context.index()
    });
    assert_eq!((indices, count.into_inner()), (vec![0, 1, 2, 3], 4));
}
