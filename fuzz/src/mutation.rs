//! Inputs made of others: what is tried where no fuzzer runs.
//!
//! The changes are those that fuzzers begin with: bits turned, bytes set to what is seldom meant, pieces cut out, doubled,
//! moved, or taken from another input, and words of the input's own language put in. Guarantee: the same seed makes the
//! same inputs. Can miss: nothing here knows what an input reaches; that is libFuzzer's part.

/// The longest input that is made.
const LONGEST: usize = 4096;
/// Bytes at which something begins or ends.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b' ', b'\n', b':'];

/// Draws numbers, by xorshift.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins with this seed.
    pub fn new(seed: u64) -> Random {
        // Zero would stay zero.
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % bound as u64) as usize
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }

    /// A piece of something of this length.
    fn piece(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        let longest = (length - from).min(1 << self.below(9));
        (from, from + self.below(longest + 1))
    }
}

/// One of the inputs, changed in a few places. `words` are pieces that the input's readers look for.
pub fn mutated(random: &mut Random, inputs: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = random.pick(inputs).cloned().unwrap_or_default();
    for _ in 0..1 + random.below(6) {
        change(random, &mut bytes, inputs, words);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, inputs: &[Vec<u8>], words: &[&[u8]]) {
    let (from, to) = random.piece(bytes.len());
    let at = random.below(bytes.len() + 1);
    match random.below(8) {
        0 => bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << random.below(8)),
        1 => bytes.get_mut(at).into_iter().for_each(|byte| *byte = EDGES[random.below(EDGES.len())]),
        2 => bytes.get_mut(at).into_iter().for_each(|byte| *byte = random.below(256) as u8),
        3 => drop(bytes.drain(from..to)),
        4 => {
            let piece = bytes[from..to].to_vec();
            bytes.splice(at..at, piece);
        }
        5 => {
            let byte = random.below(256) as u8;
            bytes.insert(at, byte);
        }
        6 => {
            let word = random.pick(words).copied().unwrap_or_default();
            bytes.splice(at..at, word.iter().copied());
        }
        _ => {
            let other = random.pick(inputs).map(Vec::as_slice).unwrap_or_default();
            let (other_from, other_to) = random.piece(other.len());
            bytes.splice(from..to, other[other_from..other_to].iter().copied());
        }
    }
}
