//! Places that are looked at where they lie: what is read of them depends on their type.

use std::ops::Range;

use super::access_many;
use crate::engine::Touch;

/// The address of a place that is compared, printed or matched.
#[derive(Debug)]
pub struct Seen<U: ?Sized>(pub *const U);

/// What is read of places of other types: nothing that is known. A comparison may end at the first difference.
pub trait OtherSeen {
    /// By what reads numbers and their like at once.
    #[inline(always)]
    fn read_if_scalar(&self) {}

    /// By a pattern that looks at all of it.
    #[inline(always)]
    fn read_if_copied(&self) {}
}

impl<U: ?Sized> OtherSeen for Seen<U> {}

impl<U: Scalar> Seen<U> {
    /// By what reads numbers and their like at once.
    #[inline(always)]
    pub fn read_if_scalar(&self) {
        super::read(self.0);
    }
}

impl<U: Copy> Seen<U> {
    /// By a pattern that looks at all of it.
    #[inline(always)]
    pub fn read_if_copied(&self) {
        super::read(self.0);
    }
}

/// Types whose operators are the machine's.
pub trait Scalar {}

macro_rules! scalars {
    ($($scalar:ty)*) => {
        $(impl Scalar for $scalar {})*
    };
}

scalars!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char);

impl<T: ?Sized> Scalar for *const T {}

impl<T: ?Sized> Scalar for *mut T {}

// What they point to is compared, for which they are read.
impl<T: ?Sized> Scalar for &T {}

/// The addresses of a field.
#[inline(always)]
pub fn extent<U>(field: *const U) -> Range<usize> {
    let start = field as usize;
    start..start + size_of::<U>()
}

/// A read of all of a structure but some fields.
#[inline(always)]
pub fn read_but<U>(structure: *const U, fields: &[Range<usize>]) {
    if cfg!(race_wrapped) {
        read_around(extent(structure), fields);
    }
}

fn read_around(whole: Range<usize>, fields: &[Range<usize>]) {
    let mut at = whole.start;
    while at < whole.end {
        // The field that starts first among those that are not over yet; the others come in their turn.
        let next =
            fields.iter().filter(|field| field.start < field.end && field.end > at).min_by_key(|field| field.start);
        let end = next.map_or(whole.end, |field| field.start.max(at));
        access_many(at as *const u8, end - at, Touch::Read);
        at = next.map_or(whole.end, |field| field.end);
    }
}
