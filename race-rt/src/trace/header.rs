//! The first sixteen bytes of a recording.
//!
//! ```text
//! 0..8    "race-rec"
//! 8       version of the format
//! 9       1: numbers have their lowest part first
//! 10      0: the wrapper tier's, 1: the whole-program tier's
//! 11      1 while it is being written, then 0
//! 12..16  the number of the process, lowest byte first
//! ```

use std::fmt;

/// Bytes of a header.
pub const SIZE: usize = 16;
/// Where it says whether the recording is being written.
pub const UNDERWAY_AT: usize = 11;

const MAGIC: [u8; 8] = *b"race-rec";
/// The version that this engine writes and reads.
pub const VERSION: u8 = 1;
const LOWEST_FIRST: u8 = 1;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether accesses were seen by instrumentation.
    pub whole_program: bool,
    /// Whether nobody has ended the recording.
    pub underway: bool,
    /// Who records.
    pub process: u32,
}

/// Why a file is no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRecording {
    /// It does not begin as one.
    Foreign,
    /// It is one of another version.
    OtherVersion(u8),
}

impl fmt::Display for NoRecording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => write!(formatter, "it is no recording, which RACE_OPTIONS=record=FILE makes"),
            Self::OtherVersion(version) => {
                write!(formatter, "it is a recording of version {version}, and version {VERSION} is what can be read")
            }
        }
    }
}

impl std::error::Error for NoRecording {}

impl Header {
    /// Its bytes.
    pub fn bytes(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&[VERSION, LOWEST_FIRST, self.whole_program.into(), self.underway.into()]);
        bytes[12..].copy_from_slice(&self.process.to_le_bytes());
        bytes
    }

    /// What the bytes of a file begin with, and the bytes after it.
    ///
    /// # Errors
    /// They are not a recording's, or of another version.
    pub fn read(file: &[u8]) -> Result<(Header, &[u8]), NoRecording> {
        let (bytes, rest) = file.split_first_chunk::<SIZE>().ok_or(NoRecording::Foreign)?;
        let [version, order, tier, underway] = [bytes[8], bytes[9], bytes[10], bytes[11]];
        if bytes[..8] != MAGIC {
            return Err(NoRecording::Foreign);
        }
        if version != VERSION {
            return Err(NoRecording::OtherVersion(version));
        }
        if order != LOWEST_FIRST || tier > 1 || underway > 1 {
            return Err(NoRecording::Foreign);
        }
        let process = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
        Ok((Header { whole_program: tier == 1, underway: underway == 1, process }, rest))
    }
}
