//! libFuzzer's way into `race_fuzz::instrument`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| race_fuzz::instrument::run(bytes));
