//! A module in a file of its own.

#[race::instrument]
mod in_a_file;

fn main() {}
