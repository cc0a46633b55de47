//! libFuzzer's way into `race_fuzz::analyze`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| race_fuzz::analyze::run(bytes));
