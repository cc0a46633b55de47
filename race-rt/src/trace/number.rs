//! Numbers and texts as bytes, and back.
//!
//! Guarantee: what is taken is what was put; nothing is read behind the end.

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// They end too early.
    Cut,
    /// They say what cannot be.
    Senseless,
}

/// Appends a number, its lowest seven bits first.
pub fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Appends how far it is from `before` to `now`.
pub fn put_difference(bytes: &mut Vec<u8>, before: usize, now: usize) {
    let difference = now.wrapping_sub(before) as i64;
    put(bytes, ((difference << 1) ^ (difference >> 63)) as u64);
}

/// Appends a text's length and bytes.
pub fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    put(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

/// Takes what [`put`] has put.
///
/// # Errors
/// The bytes end before, or the number has too many bits.
pub fn take(bytes: &mut &[u8]) -> Result<u64, Wrong> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Wrong::Cut)?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return Err(Wrong::Senseless);
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Wrong::Senseless)
}

/// Takes what [`put_difference`] has put, and says where that leads.
///
/// # Errors
/// As [`take`].
pub fn take_difference(bytes: &mut &[u8], before: usize) -> Result<usize, Wrong> {
    let folded = take(bytes)?;
    let difference = (folded >> 1) as i64 ^ -((folded & 1) as i64);
    Ok(before.wrapping_add(difference as usize))
}

/// Takes what [`put_text`] has put, when it is not longer than `longest`.
///
/// # Errors
/// As [`take`]; the text is longer.
pub fn take_text<'a>(bytes: &mut &'a [u8], longest: usize) -> Result<&'a [u8], Wrong> {
    let length = take(bytes)?;
    if length > longest as u64 {
        return Err(Wrong::Senseless);
    }
    let (text, rest) = bytes.split_at_checked(length as usize).ok_or(Wrong::Cut)?;
    *bytes = rest;
    Ok(text)
}
