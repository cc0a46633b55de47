//! The functions of `std::mem` that exchange values, each told which of its references are watched.

use super::target::exchanged;

/// [`std::mem::swap`].
#[inline(always)]
pub fn swap<T>(is_one_watched: bool, is_other_watched: bool, one: &mut T, other: &mut T) {
    if is_one_watched {
        exchanged(one);
    }
    if is_other_watched {
        exchanged(other);
    }
    std::mem::swap(one, other);
}

/// [`std::mem::replace`].
#[inline(always)]
pub fn replace<T>(is_watched: bool, target: &mut T, value: T) -> T {
    if is_watched {
        exchanged(target);
    }
    std::mem::replace(target, value)
}
