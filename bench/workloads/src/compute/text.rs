//! Work on text: JSON and regular expressions.

use std::fmt::Write;
use std::hint::black_box;

use regex::Regex;
use serde_json::Value;

use crate::threads::{in_threads, numbers};

pub fn parse_and_print_json() {
    let mut text = String::from("[");
    for number in numbers(20_000) {
        let comma = if text.len() > 1 { "," } else { "" };
        write!(text, r#"{comma}{{"id":{number},"name":"item {number}","tags":["a","b"],"ratio":{}.5}}"#, number % 97)
            .expect("a string takes all text");
    }
    text.push(']');
    for _ in 0..2 {
        let value: Value = serde_json::from_str(&text).expect("what was just written");
        black_box(serde_json::to_string(&value).expect("a value can be printed"));
    }
}

/// Both threads look with the same expression through the same text.
pub fn match_in_two_threads() {
    let mut text = String::new();
    for number in numbers(60_000) {
        let end = if number % 8 == 0 { "@example.org\n" } else { " " };
        write!(text, "word{}{end}", number % 1000).expect("a string takes all text");
    }
    let address = Regex::new(r"[a-z]+[0-9]+@[a-z]+\.(org|com)\b").expect("the expression is well-formed");
    in_threads(2, || {
        for _ in 0..10 {
            black_box(address.find_iter(&text).map(|found| found.len()).sum::<usize>());
        }
    });
}
