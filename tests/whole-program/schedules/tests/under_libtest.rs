//! Programs as tests: a test's body runs in a thread of libtest's, which is what creates the others.

use schedules::{Twin, detached, wrong_cell};

#[test]
fn race_detached_in_a_test() {
    detached(Twin::Racy);
}

#[test]
fn clean_detached_in_a_test() {
    detached(Twin::Clean);
}

#[test]
fn race_wrong_cell_in_a_test() {
    wrong_cell(Twin::Racy);
}

#[test]
fn clean_wrong_cell_in_a_test() {
    wrong_cell(Twin::Clean);
}
