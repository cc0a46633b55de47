//! Arguments of the test attribute that are none.

#[race::test(runs = 0)]
fn never() {}

#[race::test(runs = "ten")]
fn in_words() {}

#[race::test(run = 10)]
fn misspelt() {}

#[race::test(options = "exitcode=1")]
fn of_main() {}

fn main() {}
