//! How much memory this process may still take: for work whose size somebody else decides.
//!
//! Can miss: a limit of a control group, which the kernel's figures for the machine do not show.

use std::path::Path;

use super::file;
use super::memory::PAGE;

/// A bound on the memory that is resident.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    most: usize,
}

impl Room {
    /// Three quarters of what the system has to give, beside what the process has now.
    pub fn of_system() -> Room {
        Room::of(available().map_or(usize::MAX, |available| available / 4 * 3))
    }

    /// So many bytes beside what the process has now.
    pub fn of(bytes: usize) -> Room {
        Room { most: resident().unwrap_or(0).saturating_add(bytes) }
    }

    /// Whether it is used up.
    pub fn is_used_up(self) -> bool {
        resident().is_some_and(|resident| resident > self.most)
    }
}

/// More than the kernel's texts have.
const LONGEST_TEXT: usize = 1 << 16;

/// A number that stands in one of the kernel's texts; `None` when it is not there.
fn number_in(path: &str, find: impl Fn(&str) -> Option<&str>) -> Option<usize> {
    let text = String::from_utf8(file::read_at_most(Path::new(path), LONGEST_TEXT).ok()?).ok()?;
    find(&text)?.parse().ok()
}

/// Bytes of memory behind this process.
fn resident() -> Option<usize> {
    number_in("/proc/self/statm", |text| text.split_ascii_whitespace().nth(1)).map(|pages| pages * PAGE)
}

/// Bytes of memory that processes can get without others losing theirs.
fn available() -> Option<usize> {
    let kibibytes = number_in("/proc/meminfo", |text| {
        text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?.split_ascii_whitespace().next()
    });
    kibibytes.map(|kibibytes| kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_uses_room_up() {
        let room = Room::of(4 << 20);
        assert!(!room.is_used_up() && !Room::of_system().is_used_up());
        let taken = vec![1_u8; 64 << 20];
        assert!(room.is_used_up(), "{}", std::hint::black_box(taken).len());
    }
}
