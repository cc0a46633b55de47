//! How much of the process is in memory.

use std::fs;

/// Prints it as that of the moment `name` `number`.
pub fn print(name: &str, number: usize) {
    let pages = fs::read_to_string("/proc/self/statm").ok().and_then(|text| {
        let pages: Option<usize> = text.split(' ').nth(1)?.parse().ok();
        pages
    });
    println!("{name} {number}: {} KiB", pages.expect("Linux tells") * 4);
}
