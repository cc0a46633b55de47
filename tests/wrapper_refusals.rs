//! What `#[race::instrument]` refuses, and in which words.

#[test]
fn refusals_say_what_to_do() {
    trybuild::TestCases::new().compile_fail("tests/refusals/*.rs");
}
