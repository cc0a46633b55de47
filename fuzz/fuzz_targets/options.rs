//! libFuzzer's way into `race_fuzz::options`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| race_fuzz::options::run(bytes));
