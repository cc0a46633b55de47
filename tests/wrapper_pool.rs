//! What a pool orders, and what it does not.
#![cfg(race_engine)]

mod wrapper_case;

use race::sync::Pool;
use wrapper_case::{Place, one_then_other};

static X: Place = Place::new();
static Y: Place = Place::new();

/// Lends the two places out.
static POOL: Pool<&'static Place> = Pool::new(|| &X);

cases! {
    fn clean_put_then_get() {
        one_then_other(
            || {
                let place = POOL.get();
                place.write(1);
                POOL.put(place);
            },
            || POOL.get().write(2),
        );
    }

    fn race_use_after_put() {
        one_then_other(
            || {
                let place = POOL.get();
                POOL.put(place);
                place.write(1);
            },
            || POOL.get().write(2),
        );
    }

    fn clean_guards() {
        one_then_other(|| POOL.take().write(1), || POOL.take().write(2));
    }

    fn race_guard_left_behind() {
        one_then_other(
            || {
                let place = *POOL.take();
                place.write(1);
            },
            || POOL.take().write(2),
        );
    }

    /// Objects do not order each other.
    fn race_put_of_another_object() {
        one_then_other(
            || {
                X.write(1);
                POOL.put(&Y);
            },
            || {
                POOL.put(&X);
                assert!(std::ptr::eq(POOL.get(), &X));
                X.write(2);
            },
        );
    }

    fn clean_put_of_another_object_that_is_got() {
        one_then_other(
            || {
                X.write(1);
                POOL.put(&Y);
            },
            || {
                POOL.put(&X);
                assert!(std::ptr::eq(POOL.get(), &X));
                assert!(std::ptr::eq(POOL.get(), &Y));
                X.write(2);
            },
        );
    }

    fn race_get_then_get() {
        one_then_other(
            || {
                X.write(1);
                POOL.get();
            },
            || {
                POOL.get();
                X.write(2);
            },
        );
    }

    fn clean_clear() {
        one_then_other(
            || {
                X.write(1);
                POOL.put(&Y);
            },
            || {
                POOL.clear();
                X.write(2);
            },
        );
    }
}
