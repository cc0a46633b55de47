//! libFuzzer's way into `race_fuzz::abi`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| race_fuzz::abi::run(bytes));
