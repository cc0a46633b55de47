//! libFuzzer's way into `race_fuzz::trace`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| race_fuzz::trace::run(bytes));
