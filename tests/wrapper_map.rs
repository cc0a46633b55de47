//! What the operations of a map order, and what they do not.
#![cfg(race_engine)]

mod wrapper_case;

use race::cell::UnsafeCell;
use race::sync::Map;
use race::thread;
use wrapper_case::{Place, Steps, one_then_other};

static X: Place = Place::new();
static STEPS: Steps = Steps::new();

/// Numbers by numbers: nothing in it has a destructor.
static MAP: Map<u8, u8> = Map::new();

/// Writes, does the one, and then, in another thread, does the other and writes.
fn write_around(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    one_then_other(
        || {
            X.write(1);
            one();
        },
        || {
            other();
            X.write(2);
        },
    );
}

cases! {
    fn clean_store_then_load() {
        write_around(|| MAP.store(1, 5), || assert_eq!(MAP.load(&1), Some(5)));
    }

    fn race_store_of_another_key() {
        MAP.store(2, 6);
        write_around(|| MAP.store(1, 5), || assert_eq!(MAP.load(&2), Some(6)));
    }

    fn race_store_of_a_value_that_was_replaced() {
        write_around(
            || MAP.store(1, 5),
            || {
                MAP.store(1, 6);
                assert_eq!(MAP.load(&1), Some(6));
            },
        );
    }

    fn race_store_then_store() {
        write_around(|| MAP.store(1, 5), || MAP.store(1, 6));
    }

    fn race_load_then_store() {
        MAP.store(1, 5);
        write_around(|| assert_eq!(MAP.load(&1), Some(5)), || MAP.store(1, 6));
    }

    fn race_load_then_load() {
        MAP.store(1, 5);
        write_around(|| assert_eq!(MAP.load(&1), Some(5)), || assert_eq!(MAP.load(&1), Some(5)));
    }

    fn clean_delete_then_load() {
        MAP.store(1, 5);
        write_around(|| MAP.delete(&1), || assert_eq!(MAP.load(&1), None));
    }

    fn clean_delete_then_load_and_delete() {
        MAP.store(1, 5);
        write_around(|| assert_eq!(MAP.load_and_delete(&1), Some(5)), || assert_eq!(MAP.load_and_delete(&1), None));
    }

    fn clean_clear_then_load() {
        MAP.store(1, 5);
        write_around(|| MAP.clear(), || assert_eq!(MAP.load(&1), None));
    }

    fn race_delete_of_another_key() {
        MAP.store(1, 5);
        write_around(|| MAP.delete(&1), || assert_eq!(MAP.load(&2), None));
    }

    fn race_delete_of_a_key_that_is_there_again() {
        MAP.store(1, 5);
        write_around(
            || MAP.delete(&1),
            || {
                MAP.store(1, 6);
                assert_eq!(MAP.load(&1), Some(6));
            },
        );
    }

    fn race_delete_of_nothing() {
        write_around(|| MAP.delete(&1), || assert_eq!(MAP.load(&1), None));
    }

    fn race_store_then_delete() {
        write_around(|| MAP.store(1, 5), || MAP.delete(&1));
    }

    fn clean_store_then_load_and_delete() {
        write_around(|| MAP.store(1, 5), || assert_eq!(MAP.load_and_delete(&1), Some(5)));
    }

    fn clean_store_then_swap() {
        write_around(|| MAP.store(1, 5), || assert_eq!(MAP.swap(1, 6), Some(5)));
    }

    fn clean_swap_then_load() {
        write_around(|| assert_eq!(MAP.swap(1, 6), None), || assert_eq!(MAP.load(&1), Some(6)));
    }

    fn clean_load_or_store_that_loads() {
        write_around(
            || assert_eq!(MAP.load_or_store(1, 5), (5, false)),
            || assert_eq!(MAP.load_or_store(1, 6), (5, true)),
        );
    }

    fn race_load_or_store_that_loads_then_store() {
        MAP.store(1, 5);
        write_around(|| assert_eq!(MAP.load_or_store(1, 6), (5, true)), || MAP.store(1, 7));
    }

    fn clean_compare_and_swap_that_fails() {
        write_around(|| MAP.store(1, 5), || assert!(!MAP.compare_and_swap(&1, &9, 6)));
    }

    fn race_after_compare_and_swap_that_fails() {
        MAP.store(1, 5);
        write_around(|| assert!(!MAP.compare_and_swap(&1, &9, 6)), || assert_eq!(MAP.load(&1), Some(5)));
    }

    fn clean_compare_and_swap() {
        MAP.store(1, 5);
        write_around(|| assert!(MAP.compare_and_swap(&1, &5, 6)), || assert_eq!(MAP.load(&1), Some(6)));
    }

    fn clean_compare_and_delete() {
        MAP.store(1, 5);
        write_around(|| assert!(MAP.compare_and_delete(&1, &5)), || assert_eq!(MAP.load(&1), None));
    }

    fn clean_range() {
        write_around(
            || MAP.store(1, 5),
            || {
                let mut sum = 0;
                MAP.range(|&key, &value| {
                    sum += key + value;
                    true
                });
                assert_eq!(sum, 6);
            },
        );
    }

    /// Which key comes first is chance, so each has a place of its own: the one that was not shown is racy.
    fn race_range_that_stopped() {
        static PLACES: [Place; 2] = [Place::new(), Place::new()];
        one_then_other(
            || {
                thread::scope(|scope| {
                    for key in 0..2 {
                        scope.spawn(move || {
                            STEPS.take();
                            STEPS.wait_for(2);
                            PLACES[usize::from(key)].write(1);
                            MAP.store(key, 5);
                        });
                    }
                });
            },
            || {
                MAP.range(|_, _| false);
                PLACES[0].write(2);
                PLACES[1].write(2);
            },
        );
    }

    fn race_len() {
        write_around(|| MAP.store(1, 5), || assert!(MAP.len() == 1 && !MAP.is_empty()));
    }

    /// What is in the map is not protected by it.
    fn race_shared_content() {
        static PLACES: Map<&str, &Place> = Map::new();
        PLACES.store("x", &X);
        let write = || PLACES.load("x").unwrap().write(1);
        one_then_other(write, write);
    }

    /// The loads and comparisons of a value come before its destructor, whoever runs it.
    fn clean_destructors() {
        static OWNED: Map<u8, Owned> = Map::new();
        OWNED.store(1, Owned::new());
        OWNED.store(2, Owned::new());
        OWNED.store(3, Owned::new());
        OWNED.store(4, Owned::new());
        one_then_other(
            || {
                (1..=3).for_each(|key| drop(OWNED.load(&key)));
                let other = Owned(Box::new(UnsafeCell::new(2)));
                assert!(!OWNED.compare_and_delete(&4, &other));
            },
            || {
                OWNED.store(1, Owned::new());
                OWNED.delete(&2);
                drop(OWNED.load_and_delete(&3));
                OWNED.clear();
            },
        );
    }

    /// Everything at once: whoever clones, compares or destroys a value comes after those who came before.
    fn clean_busy() {
        static OWNED: Map<u8, Owned> = Map::new();
        thread::scope(|scope| {
            for offset in 0..4 {
                scope.spawn(move || {
                    for round in 0..200_u8 {
                        let key = round % 3;
                        match (round / 3 + offset) % 9 {
                            0 | 1 => OWNED.store(key, Owned::new()),
                            2 => drop(OWNED.load(&key)),
                            3 => drop(OWNED.load_or_store(key, Owned::new())),
                            4 => drop(OWNED.swap(key, Owned::new())),
                            5 => assert!(OWNED.compare_and_swap(&key, &Owned::new(), Owned::new()) || OWNED.len() < 4),
                            6 => assert!(OWNED.compare_and_delete(&key, &Owned::new()) || OWNED.len() < 4),
                            7 => drop(OWNED.load_and_delete(&key)),
                            _ => OWNED.range(|_, owned| owned.number() == 1),
                        }
                    }
                });
            }
        });
    }

    /// More deletions than are remembered one by one: what is deleted is ordered still.
    fn clean_many_deletions() {
        static NUMBERS: Map<u32, ()> = Map::new();
        const MANY: u32 = 70_000;
        thread::scope(|scope| {
            scope.spawn(|| {
                NUMBERS.store(0, ());
                X.write(1);
                NUMBERS.delete(&0);
                for number in 1..MANY {
                    NUMBERS.store(number, ());
                    NUMBERS.delete(&number);
                }
                STEPS.take();
            });
            STEPS.wait_for(1);
            assert_eq!(NUMBERS.load(&0), None);
            X.write(2);
        });
    }
}

/// A number on the heap that clones and comparisons read and the destructor writes.
struct Owned(Box<UnsafeCell<u64>>);

// SAFETY: shared access only reads.
unsafe impl Sync for Owned {}

impl Owned {
    fn new() -> Owned {
        Owned(Box::new(UnsafeCell::new(1)))
    }

    fn number(&self) -> u64 {
        // SAFETY: only the destructor writes.
        self.0.with(|number| unsafe { *number })
    }
}

impl Clone for Owned {
    fn clone(&self) -> Owned {
        Owned(Box::new(UnsafeCell::new(self.number())))
    }
}

impl PartialEq for Owned {
    fn eq(&self, other: &Owned) -> bool {
        self.number() == other.number()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: exclusive.
        self.0.with_mut(|number| unsafe { *number = 0 });
    }
}
