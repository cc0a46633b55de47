//! The fast path that `cargo race --inline` has the compiler put into programs, and what it must agree with.
//!
//! `functions.rs` is a crate of its own: `cargo race` makes bitcode of it, with the user's compiler. The part of it that knows
//! the engine's data is `layout.rs`, which is compiled here too, to be compared with them.

pub mod layout;

use crate::clock::Epoch;
use crate::shadow::{Mask, Present, Word, map};

#[test]
fn words_lie_where_the_engine_has_them() {
    for address in [0, 8, 0x40_0000, 0x03ff_ffff_fff8, 0x5500_0000_0000, 0x5555_5555_4000, 0x7fff_ffff_fff8] {
        // SAFETY: the word is not looked at.
        let word: *const _ = unsafe { map::word_of(address) };
        assert_eq!(layout::word_address(address), word as usize, "{address:x}");
    }
}

/// With each word that differs by one or two bits from the one that makes an access pointless.
#[test]
fn words_are_compared_as_the_engine_does() {
    let steps = [0, 1, 0x1234_5678_9abc, Epoch::MASK].map(|bits| Present::new(Epoch::from_bits(bits)));
    let flagged = [0, 7].into_iter().flat_map(|bits| [bits, bits | 1 << 35, bits | 1 << 52]).map(Present::from_bits);
    let places = [1, 2, 4, 8].into_iter().flat_map(|size| (0..8).step_by(size).map(move |address| (address, size)));
    for (present, (address, size)) in
        steps.into_iter().chain(flagged).flat_map(|present| places.clone().map(move |place| (present, place)))
    {
        let mask = Mask::new(address, size);
        for kind in 0..8 {
            let like = present.epoch().bits() | kind << 53 | u64::from(mask.0) << 56;
            for bits in (0..64).flat_map(|one| (0..64).map(move |other| like ^ (1 << one) ^ (1 << other))) {
                let word = Word::from_bits(bits);
                let told = [false, true].map(|writes| layout::repeats(bits, present.bits(), address, size, writes));
                let expected = [false, true].map(|writes| word.repeats_plainly(present, mask, writes));
                assert_eq!(told, expected, "{bits:x} {present:x?} {address} {size}");
            }
        }
    }
}
