//! Values of the crate's map: what lies behind them is plain memory.

use std::sync::Arc;

use race::sync::Map;

use crate::case::{Place, cases, in_order};

static X: Place<u64> = Place::new(0);
static NUMBERS: Map<u8, u8> = Map::new();
static SHARED: Map<String, Arc<Vec<u64>>> = Map::new();

cases! { clean_store_then_load race_store_of_another_key race_len clean_content_of_a_value clean_busy_map }

fn clean_store_then_load() {
    in_order(
        || {
            X.write(1);
            NUMBERS.store(1, 5);
        },
        || {
            assert_eq!(NUMBERS.load(&1), Some(5));
            X.write(2);
        },
    );
}

fn race_store_of_another_key() {
    NUMBERS.store(2, 6);
    in_order(
        || {
            X.write(1);
            NUMBERS.store(1, 5);
        },
        || {
            assert_eq!(NUMBERS.load(&2), Some(6));
            X.write(2);
        },
    );
}

fn race_len() {
    in_order(
        || {
            X.write(1);
            NUMBERS.store(1, 5);
        },
        || {
            assert_eq!(NUMBERS.len(), 1);
            X.write(2);
        },
    );
}

fn clean_content_of_a_value() {
    in_order(
        || SHARED.store("one".into(), Arc::new(vec![1, 2, 3])),
        || assert_eq!(SHARED.load("one").map(|numbers| numbers.iter().sum()), Some(6)),
    );
}

/// Keys and values with destructors, stored, replaced, shown and deleted by four threads.
fn clean_busy_map() {
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            scope.spawn(move || {
                for round in 0..100 {
                    let key = format!("{}", (thread + round) % 7);
                    match round % 4 {
                        0 => SHARED.store(key, Arc::new(vec![round; 4])),
                        1 => drop(SHARED.load(&key).map(|numbers| assert_eq!(numbers.len(), 4))),
                        2 => drop(SHARED.load_or_store(key, Arc::new(vec![0; 4]))),
                        _ => SHARED.delete(&key),
                    }
                    SHARED.range(|_, numbers| numbers.len() == 4);
                }
            });
        }
    });
}
