//! Work on bytes: digests and compression.

use std::hint::black_box;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

use crate::threads::numbers;

/// Bytes to words, words to a schedule, the schedule into a state, in plain loops.
pub fn mix() {
    let bytes: Vec<u8> = numbers(1 << 20).map(|number| number as u8).collect();
    let mut state = [1_u32, 2, 3, 5, 7, 11, 13, 17];
    for _ in 0..16 {
        for block in bytes.chunks_exact(64) {
            let mut schedule = [0_u32; 64];
            for (word, bytes) in schedule.iter_mut().zip(block.chunks_exact(4)) {
                *word = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            for index in 16..64 {
                let mixed = schedule[index - 15].rotate_right(7) ^ schedule[index - 2].rotate_right(17);
                schedule[index] = schedule[index - 16].wrapping_add(mixed).wrapping_add(schedule[index - 7]);
            }
            for word in black_box(&schedule) {
                let [a, b, c, d, e, f, g, h] = state;
                let choice = h.wrapping_add(e.rotate_right(11) ^ (e & f) ^ (!e & g)).wrapping_add(*word);
                state = [choice.wrapping_add((a & b) ^ (a & c) ^ (b & c)), a, b, c, d.wrapping_add(choice), e, f, g];
            }
        }
    }
    black_box(state);
}

pub fn digest() {
    let bytes: Vec<u8> = numbers(1 << 20).map(|number| number as u8).collect();
    let mut hasher = Sha256::new();
    for _ in 0..100 {
        hasher.update(&bytes);
    }
    black_box(hasher.finalize());
}

/// Words of a small vocabulary, so that there is something to compress.
pub fn deflate_and_inflate() {
    let vocabulary = ["thread ", "lock ", "shared ", "memory ", "order ", "release ", "acquire ", "fence\n"];
    let text: String = numbers(250_000).map(|number| vocabulary[number as usize % vocabulary.len()]).collect();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).expect("a vector takes all bytes");
    let packed = encoder.finish().expect("a vector takes all bytes");
    let mut unpacked = String::with_capacity(text.len());
    DeflateDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).expect("what was just packed");
    assert_eq!(unpacked, text);
}
