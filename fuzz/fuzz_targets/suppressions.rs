//! libFuzzer's way into `race_fuzz::suppressions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| race_fuzz::suppressions::run(bytes));
